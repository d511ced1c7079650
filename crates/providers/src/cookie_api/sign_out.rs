use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, RefreshOutcome, TransportError};
use serde_json::json;

use super::grant::{ACCESS, REFRESH};
use super::{CookieApiProvider, wire};

/// What a refresh for a sign-out found out.
enum Renewed {
    Grant(Grant),
    /// The session is over at the API, so there is nothing to sign out of.
    Over,
}

impl CookieApiProvider {
    /// Ends the session at the API. It accepts a sign-out only with a live access token, so an expired one is renewed
    /// first. The lifecycle calls this only if the refresh token is certainly not spent, or if a reuse costs no other
    /// session.
    pub(super) async fn leave(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        let Some(path) = &self.settings.logout_path else {
            return Ok(());
        };
        if grant.access_lives(self.now()) {
            return self.post_sign_out(caller, grant, path).await;
        }
        match self.renew(caller, grant).await? {
            Renewed::Over => Ok(()),
            // From here on the refresh token of `grant` is spent. "Not sent" would have the whole sign-out repeated.
            Renewed::Grant(renewed) => {
                self.post_sign_out(caller, &renewed, path).await.map_err(|error| match error {
                    TransportError::NotSent(detail) => TransportError::Interrupted(detail),
                    interrupted @ TransportError::Interrupted(_) => interrupted,
                })
            }
        }
    }

    async fn renew(&self, caller: &Caller, grant: &Grant) -> Result<Renewed, TransportError> {
        match self.rotate(caller, grant).await {
            RefreshOutcome::Rotated(renewed) => Ok(Renewed::Grant(renewed)),
            RefreshOutcome::Rejected(_) => Ok(Renewed::Over),
            RefreshOutcome::NotSent(detail) | RefreshOutcome::Unspent { detail, .. } => {
                Err(TransportError::NotSent(detail))
            }
            RefreshOutcome::InDoubt { detail, .. } => Err(TransportError::Interrupted(detail)),
        }
    }

    pub(super) async fn post_sign_out(
        &self,
        caller: &Caller,
        grant: &Grant,
        path: &str,
    ) -> Result<(), TransportError> {
        let response = self.call(caller, grant, (Method::POST, path), &[ACCESS, REFRESH], &json!({})).await?;
        match response.status() {
            status if status.is_success() => Ok(()),
            // RFC 6585, section 4: the API did not look at this request.
            StatusCode::TOO_MANY_REQUESTS => Err(TransportError::NotSent(wire::describe(&response))),
            _ if self.is_refusal(&response) => Ok(()),
            _ => Err(TransportError::Interrupted(wire::describe(&response))),
        }
    }
}
