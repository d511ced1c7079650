use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, RefreshOutcome, Rejection};
use serde_json::json;

use super::grant::{self, REFRESH};
use super::{CookieApiProvider, wire};
use crate::answer::retry_after;

impl CookieApiProvider {
    /// Presents the refresh cookie, once.
    pub(super) async fn rotate(&self, caller: &Caller, known: &Grant) -> RefreshOutcome {
        if known.field(REFRESH).is_none() {
            return RefreshOutcome::Rejected(Rejection::InvalidGrant);
        }
        let endpoint = (Method::POST, self.settings.refresh_path.as_str());
        let response = match self.call(caller, known, endpoint, &[REFRESH], &json!({})).await {
            Ok(response) => response,
            Err(error) => return error.into(),
        };
        // RFC 6585, section 4: the API did not look at this request. No other status says so.
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            let detail = wire::describe(&response);
            return RefreshOutcome::Unspent { retry_after: retry_after(&response), detail };
        }
        if self.is_refusal(&response) {
            let is_reuse = response.status() == StatusCode::FORBIDDEN;
            return RefreshOutcome::Rejected(if is_reuse {
                Rejection::Reused
            } else {
                Rejection::InvalidGrant
            });
        }
        let mut renewed = known.clone();
        let taken = if response.status().is_success() {
            grant::take(&mut renewed, &self.settings, &response, self.now())
        } else {
            Err(wire::describe(&response))
        };
        match taken {
            Ok(()) => RefreshOutcome::Rotated(renewed),
            Err(detail) => RefreshOutcome::InDoubt { answered: true, detail },
        }
    }
}
