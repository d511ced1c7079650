use std::time::Duration;

use url::Url;

/// The settings of a [`CoreApiProvider`](super::CoreApiProvider).
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct CoreApiSettings {
    /// The provider's name: `core-api`, unless there are several providers of this kind. It is part of every session's
    /// owner, so a new name turns every person into a different one.
    pub name: String,
    /// The base URL of the endpoints, such as `http://127.0.0.1:3001/v1`.
    pub base_url: Url,
    /// Whether a grant names the API that issued it, so that its tokens are sent to no other after `base_url` was
    /// changed. Without it, every grant is taken as the API's own: for one whose address changes with each start.
    pub marks_grants: bool,
    /// How long before its expiry an access token is renewed. The lifecycle uses a quarter of the token's lifetime if
    /// that is shorter.
    pub leeway: Duration,
    /// The lifetime of a refresh token. The API does not state it.
    pub refresh_token_max_age: Duration,
    /// Whether passwords are sent in the normal form of RFC 8265 (`OpaqueString`). A password is then sent as typed
    /// only if the two differ and the API refuses a sign-in with the normal form. If this is off, passwords are sent as
    /// typed.
    pub normalize_passwords: bool,
    /// Whether the API sends e-mails with a link that signs in and is for nothing else (`POST /auth/sign-in-links`).
    /// Pages for people who are not signed in show it, so no answer about a person can tell it first.
    pub sends_sign_in_links: bool,
    /// Whether people can have passkeys at the API (`POST /auth/passkey-challenges`). Pages for people who are not signed in
    /// show it, likewise.
    pub has_passkeys: bool,
    /// The deadline for the verification of an e-mail address, for all its calls together.
    pub verification_deadline: Duration,
}

impl CoreApiSettings {
    /// The default settings for the API at this base URL.
    pub fn at(base_url: Url) -> Self {
        Self {
            name: "core-api".to_owned(),
            base_url,
            marks_grants: true,
            leeway: Duration::from_mins(1),
            refresh_token_max_age: Duration::from_hours(7 * 24),
            normalize_passwords: true,
            sends_sign_in_links: false,
            has_passkeys: false,
            verification_deadline: Duration::from_secs(3),
        }
    }
}
