use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, RefreshOutcome, Rejection};
use tokio::time::timeout;

use crate::answer::retry_after;
use crate::jwt;

use super::grant::{ACCESS_TOKEN, REFRESH_TOKEN};
use super::{JwtSessionsProvider, grant, person, wire};

/// How long a refresh may take to find out what is new about the person. Until the new tokens are stored, a process
/// that ends loses them, so this is short. What is known stays if the time is not enough.
const DESCRIPTION_LIMIT: Duration = Duration::from_secs(2);

const ENDED: RefreshOutcome = RefreshOutcome::Rejected(Rejection::InvalidGrant);

impl JwtSessionsProvider {
    pub(super) async fn renew(&self, caller: &Caller, known: &Grant) -> RefreshOutcome {
        // SECURITY: after a change of the settings, the tokens of one API must not reach another.
        if !grant::is_issued_by(known, &self.issued_by) {
            tracing::warn!("a session ends: its tokens are of another API than the settings name");
            return ENDED;
        }
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
                if self.settings.me_path.is_some() && names_another(known, &renewed) {
                    return self.end_of_another(caller, &renewed).await;
                }
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
        let known = Some(&*identity);
        let asks = self.settings.me_path.is_some();
        let person = if asks && self.settings.roles_field.is_some() {
            match timeout(DESCRIPTION_LIMIT, self.owner(caller, &renewed, known)).await {
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
            self.owner_by_token(&renewed, known)
        };
        let Some(person) = person.filter(|person| *person != *identity) else {
            return RefreshOutcome::Rotated(renewed);
        };
        // SECURITY: a session must never turn into that of another person.
        if person.id != identity.id {
            return self.end_of_another(caller, &renewed).await;
        }
        renewed.identity = Some(Arc::new(person::renewed(&identity, person)));
        RefreshOutcome::Rotated(renewed)
    }

    /// The end of a session whose refresh was answered with tokens of another person. Nobody holds these: they end with
    /// the refresh token beside them.
    async fn end_of_another(&self, caller: &Caller, renewed: &Grant) -> RefreshOutcome {
        tracing::error!("a session ends: the API answered its refresh with tokens of another person");
        match timeout(DESCRIPTION_LIMIT, self.end_session(caller, renewed)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "tokens of another person were not ended"),
            Err(_) => tracing::warn!("tokens of another person were not ended in time"),
        }
        ENDED
    }
}

/// Whether the payloads of the two access tokens name two people. Where the API has a record of the person, no setting
/// says which claim does, so the usual ones count. `id` may be that of the token, so it counts where no other is there.
fn names_another(known: &Grant, renewed: &Grant) -> bool {
    let Some((before, now)) = known.field(ACCESS_TOKEN).zip(renewed.field(ACCESS_TOKEN)) else {
        return false;
    };
    let differs = |claim| jwt::differ(before, now, claim);
    let of_people = [differs("sub"), differs("user_id")].into_iter().flatten();
    of_people.reduce(|one, other| one || other).or_else(|| differs("id")) == Some(true)
}
