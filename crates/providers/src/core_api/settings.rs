use std::time::Duration;

use url::Url;

/// What an operator can set about a [`CoreApiProvider`](super::CoreApiProvider).
#[derive(Debug, Clone)]
pub struct CoreApiSettings {
    /// The provider's name, `core-api` unless there are several of its kind. It is part of every session's owner: another
    /// name makes everybody somebody else.
    pub name: String,
    /// What the endpoints are below, such as `http://127.0.0.1:3001/v1`.
    pub base_url: Url,
    /// How long before its end an access token is renewed; the lifecycle takes a quarter of the token's life if that
    /// is shorter.
    pub leeway: Duration,
    /// How long a refresh token lives; the API does not say.
    pub refresh_token_max_age: Duration,
    /// Whether passwords are sent in the one form of RFC 8265 (`OpaqueString`), and as they were typed only where the API
    /// refuses a sign-in in that form and the two differ. Else they are sent as they were typed.
    pub normalize_passwords: bool,
    /// How long the verification of an e-mail address is waited for, all its calls together.
    pub verification_deadline: Duration,
}

impl CoreApiSettings {
    /// The defaults, for the API below this address.
    pub fn at(base_url: Url) -> Self {
        Self {
            name: "core-api".to_owned(),
            base_url,
            leeway: Duration::from_mins(1),
            refresh_token_max_age: Duration::from_hours(7 * 24),
            normalize_passwords: true,
            verification_deadline: Duration::from_secs(3),
        }
    }
}
