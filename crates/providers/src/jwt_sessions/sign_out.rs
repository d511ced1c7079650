use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, TransportError};

use super::grant::REFRESH_TOKEN;
use super::{JwtSessionsProvider, grant, wire};

impl JwtSessionsProvider {
    /// Ends the session at the API, once. Its access token dies as well, and need not be valid for this.
    pub(super) async fn end_session(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        if grant.field(REFRESH_TOKEN).is_none() || !grant::is_issued_by(grant, &self.issued_by) {
            return Ok(());
        }
        let path = &self.settings.logout_path;
        let request = wire::with_refresh_token(&self.settings, caller, grant, Method::DELETE, path)?;
        let response = self.transport.send(request).await?;
        match response.status() {
            status if status.is_success() => Ok(()),
            // The session was over already.
            StatusCode::UNAUTHORIZED => Ok(()),
            StatusCode::TOO_MANY_REQUESTS => Err(TransportError::NotSent(wire::describe(&response))),
            _ => Err(TransportError::Interrupted(wire::describe(&response))),
        }
    }
}
