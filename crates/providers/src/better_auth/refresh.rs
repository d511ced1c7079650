use std::sync::Arc;

use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, Identity, RefreshOutcome, Rejection, Response, SecretText};
use ironleaf_jwks::{Rules, TokenError, Verified};
use serde_json::Value;

use super::{BetterAuthProvider, grant, person, wire};
use crate::answer::secret_header;

const ENDED: RefreshOutcome = RefreshOutcome::Rejected(Rejection::InvalidGrant);

impl BetterAuthProvider {
    /// Asks for a new JWT. The session cookie stays the same, and the answer may prolong it.
    pub(super) async fn renew(&self, caller: &Caller, known: &Grant) -> RefreshOutcome {
        // SECURITY: after a change of the settings, the cookie of one auth server must not reach another.
        if !grant::is_issued_by(known, &self.issued_by) {
            tracing::warn!("a session ends: it is one of another auth server than the settings name");
            return ENDED;
        }
        let Some(identity) = known.identity.as_deref() else { return ENDED };
        let mut url = self.endpoint(&["token"]);
        // The cookie cache of the auth server still knows sessions that have ended.
        url.set_query(Some("disableCookieCache=true"));
        let asked = self.ask(caller, Method::GET, &url, &Value::Null, Some(known)).await;
        let response = match asked {
            Ok(response) => response,
            Err(error) => return error.into(),
        };
        if wire::is_signed_out(&response) {
            return ENDED;
        }
        let Some(token) = token(&response) else { return without_token(&response) };
        let verified = match self.check(&token, &identity.id).await {
            Ok(verified) => verified,
            // SECURITY: a session must never turn into that of another person.
            Err(TokenError::Subject) => {
                tracing::error!(
                    "a session ends: the auth server answered its refresh with another person's token"
                );
                return ENDED;
            }
            Err(error) => {
                let detail = refused(&error);
                return RefreshOutcome::Unspent { retry_after: None, detail };
            }
        };
        let mut renewed = known.clone();
        self.kept.keep(&mut renewed, &response, self.now());
        self.put_token(&mut renewed, token, &verified);
        let mut described = identity.clone();
        person::describe(&mut described, &verified.claims);
        if described != *identity {
            renewed.identity = Some(Arc::new(described));
        }
        RefreshOutcome::Rotated(renewed)
    }

    /// Checks a token that the auth server has just issued to this person.
    pub(super) async fn check(&self, token: &SecretText, subject: &str) -> Result<Verified, TokenError> {
        let rules = Rules { subject: Some(subject.to_owned()), ..self.rules.clone() };
        match self.keys.verify(token.expose(), &rules).await {
            // The fetch that it waited for may have begun before its key was made. The next one has begun after.
            Err(TokenError::UnknownKey) => self.keys.verify(token.expose(), &rules).await,
            checked => checked,
        }
    }

    /// The end of the token is counted from now, so that a difference of the clocks does not matter.
    pub(super) fn put_token(&self, grant: &mut Grant, token: SecretText, verified: &Verified) {
        let stated = verified.expires_at().and_then(|end| {
            let begin = verified.issued_at().unwrap_or_else(|| self.now());
            end.duration_since(begin).ok()
        });
        let lifetime = stated.unwrap_or_default();
        grant.set(grant::JWT, token);
        grant.access_expires_at = self.now().checked_add(lifetime);
        grant.access_lifetime = Some(lifetime);
    }

    /// The grant for this person with its first token.
    pub(super) async fn first_token(
        &self,
        caller: &Caller,
        grant: Grant,
        identity: Identity,
    ) -> Result<Grant, String> {
        match self.renew(caller, &grant.for_identity(identity)).await {
            RefreshOutcome::Rotated(grant) => Ok(grant),
            RefreshOutcome::Rejected(_) => Err("the auth server does not know its newest session".to_owned()),
            RefreshOutcome::NotSent(detail)
            | RefreshOutcome::Unspent { detail, .. }
            | RefreshOutcome::InDoubt { detail, .. } => Err(detail),
        }
    }
}

fn token(response: &Response) -> Option<SecretText> {
    let answer = wire::object(response)?;
    let token = answer.get("token")?.as_str()?;
    // It is sent in a header.
    (!token.is_empty() && secret_header(token).is_some()).then(|| token.into())
}

/// What an answer without a token means. The cookie is never spent by it.
fn without_token(response: &Response) -> RefreshOutcome {
    let mut detail = wire::describe(response);
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS => {
            RefreshOutcome::Unspent { retry_after: wire::retry_after(response), detail }
        }
        StatusCode::FORBIDDEN if wire::code(response).is_some() => {
            tracing::error!(%detail, "the auth server refuses this application");
            RefreshOutcome::Unspent { retry_after: wire::retry_after(response), detail }
        }
        StatusCode::NOT_FOUND => {
            detail.push_str(": check BETTER_AUTH_URL, and that the jwt plugin is on");
            RefreshOutcome::InDoubt { answered: true, detail }
        }
        _ => RefreshOutcome::InDoubt { answered: true, detail },
    }
}

/// Why a token is not used, for the log.
fn refused(error: &TokenError) -> String {
    let advice = match error {
        TokenError::Issuer => ": check BETTER_AUTH_ISSUER",
        TokenError::Audience => ": check BETTER_AUTH_AUDIENCE",
        _ => "",
    };
    tracing::warn!(reason = error.label(), "a token of the auth server is not accepted{advice}");
    format!("a token of the auth server is not accepted: {error}{advice}")
}
