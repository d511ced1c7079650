//! A refresh (RFC 6749, section 6; OpenID Connect Core 1.0, section 12).

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use ironleaf_auth::{Grant, Identity, RefreshOutcome, Rejection};
use tokio::time::{Instant, timeout, timeout_at};

use super::id_token::{Checked, sid, unchecked_subject};
use super::metadata::Metadata;
use super::userinfo::Question;
use super::wire::{Form, Refusal, Tokens};
use super::{OidcProvider, grant, wire};

/// How long a refresh may take to find out what is new about the person. Until the new tokens are stored, a process
/// that ends loses them, so this is short. What is known stays if the time is not enough.
const DESCRIPTION_LIMIT: Duration = Duration::from_secs(2);

const ENDED: RefreshOutcome = RefreshOutcome::Rejected(Rejection::InvalidGrant);

impl OidcProvider {
    pub(super) async fn rotate(&self, known: &Grant) -> RefreshOutcome {
        // SECURITY: after a change of the settings, the tokens of one provider must not reach another.
        if !grant::is_issued_by(known, &self.issued_by) {
            tracing::warn!(
                "a session ends: its tokens are of another issuer or client than the settings name"
            );
            return ENDED;
        }
        // Without a refresh token, the session ends with its access token.
        let (Some(token), Some(identity)) = (known.field(grant::REFRESH_TOKEN), known.identity.as_deref())
        else {
            return ENDED;
        };
        let metadata = match self.discovery.any().await {
            Ok(metadata) => metadata,
            Err(error) => return RefreshOutcome::NotSent(error.to_string()),
        };
        let mut form = Form::default();
        form.set("grant_type", "refresh_token");
        form.set("refresh_token", token.expose());
        for resource in &self.settings.resources {
            form.add("resource", resource);
        }
        let response = match self.post(&metadata, &metadata.token_endpoint, form).await {
            Ok(response) => response,
            Err(error) => return error.into(),
        };
        match wire::tokens(&response) {
            Ok(tokens) => self.renewed(&metadata, known, identity, &tokens).await,
            Err(refusal) => outcome(refusal),
        }
    }

    async fn renewed(
        &self,
        metadata: &Metadata,
        known: &Grant,
        identity: &Identity,
        tokens: &Tokens,
    ) -> RefreshOutcome {
        let deadline = Instant::now() + DESCRIPTION_LIMIT;
        let checked = match timeout_at(deadline, self.check_again(known, identity, tokens)).await {
            Ok(Ok(checked)) => checked,
            Ok(Err(ForAnother)) => {
                let mut foreign = Grant::default().with(grant::ISSUED_BY, self.issued_by.as_str());
                grant::replace_tokens(&mut foreign, tokens, self.now(), self.settings.refresh_token_max_age);
                // Nobody holds them. The refresh waits no longer for this than for a description.
                let _ = timeout(DESCRIPTION_LIMIT, self.give_back(&foreign)).await;
                return ENDED;
            }
            // The next step says so.
            Err(_) => None,
        };
        let mut renewed = known.clone();
        grant::replace_tokens(&mut renewed, tokens, self.now(), self.settings.refresh_token_max_age);
        let describing = self.describe(metadata, &renewed, identity, tokens, checked.as_ref());
        let described = timeout_at(deadline, describing).await;
        RefreshOutcome::Rotated(described.unwrap_or_else(|_| {
            tracing::warn!("a refresh could not find out in time what is new about the person");
            renewed
        }))
    }

    /// The renewed grant with what is new about the person.
    async fn describe(
        &self,
        metadata: &Metadata,
        renewed: &Grant,
        identity: &Identity,
        tokens: &Tokens,
        checked: Option<&Checked>,
    ) -> Grant {
        let mut grant = renewed.clone();
        let question = Question {
            subject: &identity.id,
            claims: checked.map(|checked| &checked.claims),
            access_token: &tokens.access_token,
            wants_email: false,
        };
        let found = self.person(metadata, question).await;
        let mut described = identity.clone();
        found.person.describe(&mut described);
        if described != *identity {
            grant.identity = Some(Arc::new(described));
        }
        if let Some((checked, id_token)) = checked.zip(tokens.id_token.as_ref()) {
            if let Some(sid) = sid(&checked.claims) {
                grant.provider_sid = Some(sid);
            }
            grant::keep_id_token(&mut grant, id_token);
        }
        grant
    }

    /// The claims of the new ID token, if there is one. One that is not accepted changes nothing: the tokens beside it
    /// are the answer to this session's own refresh token, and without them the session would be lost.
    ///
    /// # Errors
    ///
    /// SECURITY: section 12.2. A session must never turn into that of another person, issuer or client. A token that
    /// names another person says enough, whether it is genuine or not: the answer is of no use then. The other two
    /// count if the provider itself has signed them.
    async fn check_again(
        &self,
        known: &Grant,
        identity: &Identity,
        tokens: &Tokens,
    ) -> Result<Option<Checked>, ForAnother> {
        let Some(id_token) = &tokens.id_token else { return Ok(None) };
        if unchecked_subject(id_token).is_some_and(|subject| subject != identity.id) {
            tracing::error!(
                "a session ends: the provider answered its refresh with tokens of another person"
            );
            return Err(ForAnother);
        }
        match self.check_renewed(id_token, known, &identity.id).await {
            Ok(checked) => Ok(Some(checked)),
            Err(fault) if fault.is_for_another() => {
                tracing::error!(
                    reason = fault.label(),
                    "a session ends: the provider answered its refresh with tokens of another issuer or client"
                );
                Err(ForAnother)
            }
            Err(fault) => {
                tracing::warn!(reason = fault.label(), detail = %fault, "the ID token of a refresh is ignored");
                Ok(None)
            }
        }
    }
}

/// The answer to a refresh is for somebody else.
struct ForAnother;

/// What an answer without tokens says about the refresh token (RFC 6749, section 5.2).
fn outcome(refusal: Refusal) -> RefreshOutcome {
    let Refusal { status, retry_after, .. } = refusal;
    match (status, refusal.code()) {
        // RFC 6585, section 4: the provider did not look at the request.
        (StatusCode::TOO_MANY_REQUESTS, _) => RefreshOutcome::Unspent { retry_after, detail: refusal.detail },
        (status, "slow_down") if status.is_client_error() => {
            RefreshOutcome::Unspent { retry_after, detail: refusal.detail }
        }
        // Auth0 answers 403. Where the person has to do something at the provider, only a new sign-in helps (Entra ID).
        (
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN,
            "invalid_grant" | "interaction_required" | "login_required" | "consent_required",
        )
        | (StatusCode::UNAUTHORIZED, "invalid_token") => {
            tracing::info!(detail = %refusal.detail, "the provider has ended a session");
            ENDED
        }
        // Our own fault: the client is checked before its token (section 3.2.1). No session must end for it.
        (
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN,
            "invalid_client" | "unauthorized_client" | "unsupported_grant_type",
        ) => {
            tracing::error!(detail = %refusal.detail, "the provider does not accept this client");
            RefreshOutcome::Unspent { retry_after, detail: refusal.detail }
        }
        // `temporarily_unavailable` and 503 are among these: nobody says that the token was not looked at.
        _ => RefreshOutcome::InDoubt { answered: true, detail: refusal.detail },
    }
}
