use std::sync::Arc;

use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, RefreshOutcome, Rejection, Response, SecretText, SignInError};
use ironleaf_jwks::{Rules, TokenError, Verified};
use serde_json::Value;

use super::{BetterAuthProvider, grant, person, wire};
use crate::answer::secret_header;

/// Why there is no new token.
pub(super) struct NoToken {
    outcome: RefreshOutcome,
    cause: Cause,
}

/// What a sign-in without a token is due to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// A setting is wrong, here or at the auth server, so asking again does not help.
    Settings,
    /// The auth server asks to wait.
    Limit,
    /// Anything else, which may pass.
    Other,
}

impl NoToken {
    const ENDED: Self =
        Self { outcome: RefreshOutcome::Rejected(Rejection::InvalidGrant), cause: Cause::Other };

    fn passing(outcome: RefreshOutcome) -> Self {
        Self { outcome, cause: Cause::Other }
    }

    /// What it means for a sign-in, whose password was right.
    pub(super) fn of_sign_in(self) -> SignInError {
        match (self.cause, self.outcome) {
            (Cause::Limit, RefreshOutcome::Unspent { retry_after, .. }) => {
                SignInError::TooManyRequests { retry_after }
            }
            (Cause::Settings, outcome) => SignInError::Misconfigured(detail(outcome)),
            (_, outcome) => SignInError::Unavailable(detail(outcome)),
        }
    }
}

/// For the log.
fn detail(outcome: RefreshOutcome) -> String {
    match outcome {
        RefreshOutcome::NotSent(detail)
        | RefreshOutcome::Unspent { detail, .. }
        | RefreshOutcome::InDoubt { detail, .. } => detail,
        RefreshOutcome::Rotated(_) | RefreshOutcome::Rejected(_) => {
            "the auth server does not know its newest session".to_owned()
        }
    }
}

impl BetterAuthProvider {
    pub(super) async fn renew(&self, caller: &Caller, known: &Grant) -> RefreshOutcome {
        match self.new_token(caller, known).await {
            Ok(renewed) => RefreshOutcome::Rotated(renewed),
            Err(NoToken { outcome, .. }) => outcome,
        }
    }

    /// Asks for a new JWT. The session cookie stays the same, and the answer may prolong it.
    pub(super) async fn new_token(&self, caller: &Caller, known: &Grant) -> Result<Grant, NoToken> {
        // SECURITY: after a change of the settings, the cookie of one auth server must not reach another.
        if !grant::is_issued_by(known, &self.issued_by) {
            tracing::warn!("a session ends: it is one of another auth server than the settings name");
            return Err(NoToken::ENDED);
        }
        let Some(identity) = known.identity.as_deref() else { return Err(NoToken::ENDED) };
        let mut url = self.endpoint(&["token"]);
        // The cookie cache of the auth server still knows sessions that have ended.
        url.set_query(Some("disableCookieCache=true"));
        let asked = self.ask(caller, Method::GET, &url, &Value::Null, Some(known)).await;
        let response = match asked {
            Ok(response) => response,
            Err(error) => return Err(NoToken::passing(error.into())),
        };
        if wire::is_signed_out(&response) {
            return Err(NoToken::ENDED);
        }
        let Some(token) = token(&response) else { return Err(without_token(&response)) };
        let verified = match self.check(&token, &identity.id).await {
            Ok(verified) => verified,
            // SECURITY: a session must never turn into that of another person.
            Err(TokenError::Subject) => {
                tracing::error!(
                    "a session ends: the auth server answered its refresh with another person's token"
                );
                return Err(NoToken::ENDED);
            }
            Err(error) => {
                return Err(refused(&error));
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
        Ok(renewed)
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
}

fn token(response: &Response) -> Option<SecretText> {
    let answer = wire::object(response)?;
    let token = answer.get("token")?.as_str()?;
    // It is sent in a header.
    (!token.is_empty() && secret_header(token).is_some()).then(|| token.into())
}

/// What an answer without a token means. The cookie is never spent by it.
fn without_token(response: &Response) -> NoToken {
    let mut detail = wire::describe(response);
    let retry_after = wire::retry_after(response);
    let mut cause = if wire::is_of_settings(response) { Cause::Settings } else { Cause::Other };
    let outcome = match response.status() {
        StatusCode::TOO_MANY_REQUESTS => {
            cause = Cause::Limit;
            RefreshOutcome::Unspent { retry_after, detail }
        }
        StatusCode::FORBIDDEN if wire::code(response).is_some() => {
            tracing::error!(%detail, "the auth server refuses this application");
            RefreshOutcome::Unspent { retry_after, detail }
        }
        StatusCode::NOT_FOUND => {
            detail.push_str(": check BETTER_AUTH_URL, and that the jwt plugin is on");
            let outcome = RefreshOutcome::InDoubt { answered: true, detail };
            return NoToken { outcome, cause: Cause::Settings };
        }
        _ => RefreshOutcome::InDoubt { answered: true, detail },
    };
    NoToken { outcome, cause }
}

/// Why a token is not used.
fn refused(error: &TokenError) -> NoToken {
    let advice = match error {
        TokenError::Issuer => ": check BETTER_AUTH_ISSUER",
        TokenError::Audience => ": check BETTER_AUTH_AUDIENCE",
        TokenError::Algorithm => {
            ": check keyPairConfig of the jwt plugin, whose alg must be EdDSA, ES256, PS256 or RS256"
        }
        _ => "",
    };
    tracing::warn!(reason = error.label(), "a token of the auth server is not accepted{advice}");
    let detail = format!("a token of the auth server is not accepted: {error}{advice}");
    let outcome = RefreshOutcome::Unspent { retry_after: None, detail };
    NoToken { outcome, cause: if advice.is_empty() { Cause::Other } else { Cause::Settings } }
}
