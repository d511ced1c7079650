use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, RefreshOutcome, TransportError};
use serde_json::json;

use super::grant::{ACCESS, REFRESH};
use super::{CookieApiProvider, grant, wire};

/// What a refresh for a sign-out found out.
enum Renewed {
    Grant(Grant),
    /// The session is over at the API, so there is nothing to sign out of.
    Over,
}

/// How the API answered a sign-out.
enum Posted {
    Done,
    /// It does not accept the access cookie. That says nothing about the refresh cookie, which lives on.
    Refused(String),
}

impl CookieApiProvider {
    /// Ends the session at the API. It accepts a sign-out only with a live access token, so one that has expired, or that
    /// the API refuses, is renewed once. The lifecycle calls this only if the refresh token is certainly not spent, or if
    /// a reuse costs no other session.
    pub(super) async fn leave(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        let Some(path) = &self.settings.logout_path else {
            return Ok(());
        };
        if !grant::is_issued_by(grant, &self.issued_by) {
            return Ok(());
        }
        let renewed = if grant.access_lives(self.now()) {
            match self.ask_to_sign_out(caller, grant, path).await? {
                Posted::Done => return Ok(()),
                Posted::Refused(_) => self.renew(caller, grant).await.map_err(sent)?,
            }
        } else {
            self.renew(caller, grant).await?
        };
        match renewed {
            Renewed::Over => Ok(()),
            // From here on the refresh token of `grant` is spent. "Not sent" would have the whole sign-out repeated.
            Renewed::Grant(renewed) => self.post_sign_out(caller, &renewed, path).await.map_err(sent),
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

    /// With this grant as it is.
    pub(super) async fn post_sign_out(
        &self,
        caller: &Caller,
        grant: &Grant,
        path: &str,
    ) -> Result<(), TransportError> {
        match self.ask_to_sign_out(caller, grant, path).await? {
            Posted::Done => Ok(()),
            Posted::Refused(detail) => Err(TransportError::Interrupted(detail)),
        }
    }

    async fn ask_to_sign_out(
        &self,
        caller: &Caller,
        grant: &Grant,
        path: &str,
    ) -> Result<Posted, TransportError> {
        let response = self.call(caller, grant, (Method::POST, path), &[ACCESS, REFRESH], &json!({})).await?;
        let detail = wire::describe(&response);
        match response.status() {
            status if status.is_success() => Ok(Posted::Done),
            // RFC 6585, section 4: the API did not look at this request.
            StatusCode::TOO_MANY_REQUESTS => Err(TransportError::NotSent(detail)),
            StatusCode::UNAUTHORIZED if self.is_error(&response, StatusCode::UNAUTHORIZED) => {
                Ok(Posted::Refused(detail))
            }
            // Also 403: it ends nothing.
            _ => Err(TransportError::Interrupted(detail)),
        }
    }
}

/// The failure of a sign-out of which a request was sent before.
fn sent(error: TransportError) -> TransportError {
    match error {
        TransportError::NotSent(detail) | TransportError::Interrupted(detail) => {
            TransportError::Interrupted(detail)
        }
    }
}
