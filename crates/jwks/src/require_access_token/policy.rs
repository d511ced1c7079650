//! What a request must have, and how one that lacks it is answered.

use http::{
    HeaderValue, Response,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};

use super::{access_token::AccessToken, challenge, refusal::AccessRefusal};
use crate::{KeyCache, Rules, TokenError};

/// After this time the keys are asked for again (`KeyCacheSettings::retry_after`).
const RETRY_AFTER_SECS: &str = "5";

#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) keys: KeyCache,
    pub(super) rules: Rules,
    pub(super) scopes: Vec<String>,
    pub(super) realm: String,
}

impl Policy {
    pub(super) async fn admit(&self, token: &str) -> Result<AccessToken, AccessRefusal> {
        let token = AccessToken::new(self.keys.verify(token, &self.rules).await?);
        if self.scopes.iter().all(|scope| token.has_scope(scope)) {
            Ok(token)
        } else {
            Err(AccessRefusal::Scope)
        }
    }

    /// The answer to a request that does not pass.
    pub(super) fn refuse<B: Default>(&self, refusal: AccessRefusal) -> Response<B> {
        tracing::debug!(reason = refusal.label(), "a request without a valid access token is refused");
        let mut response = Response::new(B::default());
        *response.status_mut() = refusal.status();
        let description = refusal.to_string();
        let error = match &refusal {
            AccessRefusal::NoToken => None,
            AccessRefusal::SeveralTokens | AccessRefusal::MalformedRequest => Some("invalid_request"),
            AccessRefusal::Token(TokenError::KeysUnavailable(_)) => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECS));
                response.extensions_mut().insert(refusal);
                return response;
            }
            AccessRefusal::Token(_) => Some("invalid_token"),
            AccessRefusal::Scope => Some("insufficient_scope"),
        };
        let error = error.map(|error| (error, description.as_str()));
        let challenge = challenge::bearer(&self.realm, error, &self.scopes);
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        response.extensions_mut().insert(refusal);
        response
    }
}
