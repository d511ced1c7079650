use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, RefreshOutcome, Rejection};
use tokio::time::timeout;

use crate::answer::retry_after;

use super::grant::REFRESH_TOKEN;
use super::{JwtSessionsProvider, grant, person, wire};

/// How long a refresh may take to find out what is new about the person. Until the new tokens are stored, a process
/// that ends loses them, so this is short. What is known stays if the time is not enough.
const DESCRIPTION_LIMIT: Duration = Duration::from_secs(2);

const ENDED: RefreshOutcome = RefreshOutcome::Rejected(Rejection::InvalidGrant);

impl JwtSessionsProvider {
    pub(super) async fn renew(&self, caller: &Caller, known: &Grant) -> RefreshOutcome {
        if known.field(REFRESH_TOKEN).is_none() {
            return ENDED;
        }
        let path = &self.settings.refresh_path;
        let sending = async {
            let request = wire::with_refresh_token(&self.settings, caller, known, Method::POST, path)?;
            self.transport.send(request).await
        };
        let response = match sending.await {
            Ok(response) => response,
            Err(error) => return error.into(),
        };
        match response.status() {
            // Expired, revoked, unknown or reported as reused: the gem says the same in every case.
            StatusCode::UNAUTHORIZED => return ENDED,
            // RFC 6585, section 4: the API did not look at the request.
            StatusCode::TOO_MANY_REQUESTS => {
                let detail = wire::describe(&response);
                return RefreshOutcome::Unspent { retry_after: retry_after(&response), detail };
            }
            _ => {}
        }
        let now = self.now();
        match wire::issued(&self.settings, &response, now) {
            Ok(issued) => {
                let mut renewed = known.clone();
                grant::replace_tokens(&mut renewed, issued, now);
                self.described(caller, renewed).await
            }
            Err(detail) => RefreshOutcome::InDoubt { answered: true, detail },
        }
    }

    /// The renewed grant with what is new about the person. Where the API has a record of the person, it is read again
    /// only for roles: they decide who may be signed in.
    async fn described(&self, caller: &Caller, mut renewed: Grant) -> RefreshOutcome {
        let Some(identity) = renewed.identity.clone() else {
            return RefreshOutcome::Rotated(renewed);
        };
        let email = identity.email.as_deref();
        let asks = self.settings.me_path.is_some();
        let person = if asks && self.settings.roles_field.is_some() {
            match timeout(DESCRIPTION_LIMIT, self.owner(caller, &renewed, email)).await {
                Ok(Ok(person)) => Some(person),
                Ok(Err(detail)) => {
                    tracing::warn!(%detail, "a refresh could not find out what is new about the person");
                    None
                }
                Err(_) => {
                    tracing::warn!("a refresh could not find out in time what is new about the person");
                    None
                }
            }
        } else if asks {
            None
        } else {
            self.owner_by_token(&renewed, email)
        };
        let Some(person) = person.filter(|person| *person != *identity) else {
            return RefreshOutcome::Rotated(renewed);
        };
        // SECURITY: a session must never turn into that of another person.
        if person.id != identity.id {
            tracing::error!("a session ends: the API answered its refresh with tokens of another person");
            return ENDED;
        }
        renewed.identity = Some(Arc::new(person::renewed(&identity, person)));
        RefreshOutcome::Rotated(renewed)
    }
}
