use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, TransportError};
use serde_json::json;

use super::{BetterAuthProvider, grant, wire};

impl BetterAuthProvider {
    /// Ends the session at the auth server. One that has ended already is answered in the same way. A JWT that was
    /// issued before serves until it expires: the API checks its signature alone.
    pub(super) async fn end_session_of(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        if !grant::is_issued_by(grant, &self.issued_by) {
            return Ok(());
        }
        let url = self.endpoint(&["sign-out"]);
        let response = self.ask(caller, Method::POST, &url, &json!({}), Some(grant)).await?;
        match response.status() {
            status if status.is_success() => Ok(()),
            StatusCode::UNAUTHORIZED if wire::code(&response).is_some() => Ok(()),
            // It was turned away before anybody looked at it.
            StatusCode::TOO_MANY_REQUESTS => Err(TransportError::NotSent(wire::describe(&response))),
            _ => Err(TransportError::Interrupted(wire::describe(&response))),
        }
    }
}
