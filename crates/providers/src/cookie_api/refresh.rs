use std::time::Duration;

use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, RefreshOutcome, Rejection};
use serde_json::json;
use tokio::time::timeout;

use super::grant::{self, ACCESS, REFRESH};
use super::{CookieApiProvider, RefreshReuse, wire};
use crate::answer::retry_after;
use crate::jwt;

/// How long a refresh waits until cookies of another person are given back. The session has ended by then.
const GIVE_BACK_LIMIT: Duration = Duration::from_secs(2);

impl CookieApiProvider {
    /// Presents the refresh cookie, once.
    pub(super) async fn rotate(&self, caller: &Caller, known: &Grant) -> RefreshOutcome {
        // SECURITY: after a change of the settings, the cookies of one API must not reach another.
        if !grant::is_issued_by(known, &self.issued_by) {
            tracing::warn!("a session ends: its cookies are of another API than the settings name");
            return RefreshOutcome::Rejected(Rejection::InvalidGrant);
        }
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
            // Where nothing notices a reuse, 403 is about something else.
            let notices = self.settings.reuse_ends != RefreshReuse::Nothing;
            let is_reuse = notices && response.status() == StatusCode::FORBIDDEN;
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
            // SECURITY: a session must never turn into that of another person.
            Ok(()) if is_of_another(known, &renewed) => {
                tracing::error!(
                    "a session ends: the API answered its refresh with cookies of another person"
                );
                self.give_back(caller, &renewed).await;
                RefreshOutcome::Rejected(Rejection::InvalidGrant)
            }
            Ok(()) => RefreshOutcome::Rotated(renewed),
            Err(detail) => RefreshOutcome::InDoubt { answered: true, detail },
        }
    }

    /// Ends what nobody holds, so that nobody else can use it.
    async fn give_back(&self, caller: &Caller, foreign: &Grant) {
        let Some(path) = &self.settings.logout_path else { return };
        match timeout(GIVE_BACK_LIMIT, self.post_sign_out(caller, foreign, path)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "cookies of another person were not revoked"),
            Err(_) => tracing::warn!("cookies of another person were not revoked in time"),
        }
    }
}

/// Whether the access cookies are tokens that name two people (RFC 7519, section 4.1.2).
fn is_of_another(known: &Grant, renewed: &Grant) -> bool {
    let tokens = known.field(ACCESS).zip(renewed.field(ACCESS));
    tokens.and_then(|(before, now)| jwt::differ(before, now, "sub")) == Some(true)
}
