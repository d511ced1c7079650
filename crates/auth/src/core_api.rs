//! The provider for a RawStack-style core API: JSON, a bearer access token, a refresh token that rotates on every use
//! and takes its family along when it is used twice.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use url::Url;

use crate::{
    Accounts, Caller, Clock, Grant, Identity, Provider, Random, RefreshOutcome, RefreshTiming, Request,
    Response, ReuseCost, SecretText, SignIn, SignInError, SignOut, SignedIn, Transport,
};

mod accounts;
mod claims;
mod grant;
mod refresh;
mod sign_in;
mod sign_out;
mod wire;

#[cfg(test)]
mod tests;

/// For how long the API recognises a repeated refresh by its key, where it says that it does.
const IDEMPOTENCY_WINDOW: Duration = Duration::from_mins(10);

/// What an operator can set about a [`CoreApiProvider`].
#[derive(Debug, Clone)]
pub struct CoreApiSettings {
    /// How long before its end an access token is renewed; the lifecycle takes a quarter of the token's life if that
    /// is shorter.
    pub leeway: Duration,
    /// How long a refresh token lives; the API does not say.
    pub refresh_token_max_age: Duration,
    /// How long the verification of an e-mail address is waited for.
    pub verification_deadline: Duration,
}

impl Default for CoreApiSettings {
    fn default() -> Self {
        Self {
            leeway: Duration::from_mins(1),
            refresh_token_max_age: Duration::from_hours(7 * 24),
            verification_deadline: Duration::from_secs(10),
        }
    }
}

/// Speaks the core API's contract, as [`Provider`] and as [`Accounts`].
///
/// It asks for tokens in the answer's body, never for the API's own cookies (no `Auth-Context: browser`).
pub struct CoreApiProvider {
    base_url: Url,
    transport: Arc<dyn Transport>,
    clock: Clock,
    random: Random,
    settings: CoreApiSettings,
}

impl CoreApiProvider {
    /// A provider for the API whose endpoints are below `base_url`, for example `http://127.0.0.1:3001/v1`.
    pub fn new(
        base_url: Url,
        transport: Arc<dyn Transport>,
        clock: Clock,
        random: Random,
        settings: CoreApiSettings,
    ) -> Self {
        Self { base_url, transport, clock, random, settings }
    }

    /// The address of an endpoint. Each segment is one segment, whatever is in it.
    fn endpoint(&self, segments: &[&str]) -> Url {
        let mut url = self.base_url.clone();
        // An address that cannot have a path stays as it is, and the transport refuses it.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    fn now(&self) -> SystemTime {
        (self.clock)()
    }
}

#[async_trait]
impl Provider for CoreApiProvider {
    fn name(&self) -> &'static str {
        "core-api"
    }

    async fn sign_in(&self, caller: &Caller, attempt: SignIn) -> Result<SignedIn, SignInError> {
        self.exchange(caller, attempt).await
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        wire::authorize(caller, grant, request);
    }

    fn observe(&self, grant: &mut Grant, response: &Response) -> bool {
        wire::user(response).is_some_and(|user| grant::adopt_addresses(grant, &user))
    }

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::Before(self.settings.leeway)
    }

    fn reuse_cost(&self) -> ReuseCost {
        ReuseCost::Family
    }

    fn repeatable_for(&self, grant: &Grant) -> Option<Duration> {
        grant.field(grant::IDEMPOTENCY_KEY).map(|_| IDEMPOTENCY_WINDOW)
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        self.rotate(caller, grant).await
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> SignOut {
        SignOut { redirect: None, failure: self.revoke_family(caller, grant).await.err() }
    }

    fn accounts(&self) -> Option<&dyn Accounts> {
        Some(self)
    }
}

/// The form in which the API stores addresses and compares them.
fn normalized(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Who somebody is, as far as an access token tells: nothing about roles.
fn identity_from(claims: claims::Claims) -> Identity {
    Identity { id: claims.sub, email: claims.email, roles: Vec::new(), unverified_email: None }
}

/// A random value that the API recognises a repeated refresh by.
fn idempotency_key(random: &Random) -> SecretText {
    use base64::Engine as _;
    // 128 bits, as much as the random part of the identifiers that the API makes for itself.
    let mut bytes = [0; 16];
    random(&mut bytes);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes).into()
}
