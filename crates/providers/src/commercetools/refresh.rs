//! A refresh (RFC 6749, section 6). The token that was presented stays good, and so does the old access token.

use http::StatusCode;
use ironleaf_auth::{Caller, Grant, Identity, RefreshOutcome, Rejection, TransportError};

use super::wire::{Refusal, Subject};
use super::{CommercetoolsProvider, grant, wire};
use crate::oauth::Form;

const ENDED: RefreshOutcome = RefreshOutcome::Rejected(Rejection::InvalidGrant);

impl CommercetoolsProvider {
    pub(super) async fn renew(&self, caller: &Caller, known: &Grant) -> RefreshOutcome {
        match self.renewed(caller, known).await {
            Ok(renewed) => RefreshOutcome::Rotated(renewed),
            Err(outcome) => outcome,
        }
    }

    /// Puts a new access token into the grant. `false` if its tokens are over.
    ///
    /// # Errors
    ///
    /// If another try may succeed.
    pub(super) async fn renew_access(
        &self,
        caller: &Caller,
        grant: &mut Grant,
    ) -> Result<bool, TransportError> {
        match self.renew(caller, grant).await {
            RefreshOutcome::Rotated(renewed) => {
                *grant = renewed;
                Ok(true)
            }
            RefreshOutcome::Rejected(_) => Ok(false),
            RefreshOutcome::NotSent(detail) | RefreshOutcome::Unspent { detail, .. } => {
                Err(TransportError::NotSent(detail))
            }
            RefreshOutcome::InDoubt { detail, .. } => Err(TransportError::Interrupted(detail)),
        }
    }

    async fn renewed(&self, caller: &Caller, known: &Grant) -> Result<Grant, RefreshOutcome> {
        if !grant::is_issued_by(known, &self.issued_by) {
            tracing::warn!(
                "a session ends: its tokens are of another project or client than the settings name"
            );
            return Err(ENDED);
        }
        // Without a refresh token, the session ends with its access token.
        let (Some(token), Some(identity)) = (known.field(grant::REFRESH_TOKEN), known.identity.as_deref())
        else {
            return Err(ENDED);
        };
        let mut form = Form::default();
        form.set("grant_type", "refresh_token");
        form.set("refresh_token", token.expose());
        let response = self.post_form(caller, &["oauth", "token"], &form).await?;
        let tokens = wire::tokens(&response).map_err(outcome)?;
        let mut renewed = known.clone();
        grant::replace_tokens(&mut renewed, &tokens, self.now(), self.settings.refresh_token_max_age);
        // SECURITY: a session must never turn into that of another person.
        if self.are_of_another(caller, &renewed, identity, wire::subject_of(&tokens).as_ref()).await {
            tracing::error!("a session ends: its refresh was answered with the tokens of somebody else");
            return Err(ENDED);
        }
        Ok(renewed)
    }

    /// Whether new tokens are those of another person. `scope` says whose they are; an answer may leave it out (RFC
    /// 6749, section 5.1), and then the record does that they open. Without either, the session goes on.
    async fn are_of_another(
        &self,
        caller: &Caller,
        renewed: &Grant,
        identity: &Identity,
        subject: Option<&Subject>,
    ) -> bool {
        match subject {
            Some(subject) => !subject.is(identity),
            // A guest has no record.
            None => {
                self.me(caller, renewed).await.is_ok_and(|owner| identity.is_guest || owner.id != identity.id)
            }
        }
    }
}

/// What an answer without tokens says about the refresh token (RFC 6749, section 5.2).
fn outcome(refusal: Refusal) -> RefreshOutcome {
    let Refusal { status, retry_after, .. } = refusal;
    // RFC 6585, section 4: the API did not look at the request.
    if status == StatusCode::TOO_MANY_REQUESTS {
        return RefreshOutcome::Unspent { retry_after, detail: refusal.detail };
    }
    // Our own fault: no session must end for it.
    if status.is_client_error() && refusal.is_our_fault() {
        tracing::error!(detail = %refusal.detail, "the API does not accept this client");
        return RefreshOutcome::Unspent { retry_after, detail: refusal.detail };
    }
    let is_over = match status {
        StatusCode::BAD_REQUEST => refusal.says(&["invalid_grant"]),
        StatusCode::UNAUTHORIZED => refusal.is_in_form(),
        _ => false,
    };
    if is_over {
        tracing::info!(detail = %refusal.detail, "the API has ended a session");
        return ENDED;
    }
    RefreshOutcome::InDoubt { answered: true, detail: refusal.detail }
}
