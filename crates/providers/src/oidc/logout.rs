//! The end of a sign-in that starts at the provider (OpenID Connect Back-Channel Logout 1.0).

use std::time::Duration;

use ironleaf_auth::{CLOCK_SKEW, EndedAtProvider, LogoutNotice, LogoutTokenError, SecretText};
use ironleaf_jwks::{Rules, TokenError, Verified};
use tokio::time::timeout;

use super::id_token::{LONGEST_SUBJECT_BYTES, unnamed_session};
use super::{OidcProvider, fault};

/// How old a logout token may be. Section 2.4 recommends that it ends after two minutes.
const MAX_AGE: Duration = Duration::from_mins(5);

/// How long a logout token may wait for keys: at some providers, the person's browser waits for the answer.
const PATIENCE: Duration = Duration::from_millis(90);

impl OidcProvider {
    /// Checks a logout token (section 2.6). That its `jti` comes once is for the caller to check.
    pub(super) async fn read_logout_token(
        &self,
        token: &SecretText,
    ) -> Result<LogoutNotice, LogoutTokenError> {
        let rules = Rules {
            max_age: Some(MAX_AGE),
            // Some providers send no `exp`, which the first versions of the specification did not demand. The age says
            // enough.
            required: vec!["iat", "jti"],
            ..Rules::logout_token(self.settings.issuer.as_str(), &*self.settings.client_id)
        };
        // Keys that are not there yet are fetched beside this, for the next try.
        let checked = timeout(PATIENCE, self.keys.verify(token.expose(), &rules)).await;
        let late = || LogoutTokenError::Unavailable("the provider's keys are not there yet".to_owned());
        let verified = checked.map_err(|_| late())?.map_err(|error| match error {
            TokenError::KeysUnavailable(detail) => LogoutTokenError::Unavailable(detail),
            error => LogoutTokenError::Invalid(fault::word(&error)),
        })?;
        notice(&verified)
    }
}

fn notice(verified: &Verified) -> Result<LogoutNotice, LogoutTokenError> {
    let id = text(verified, "jti", "identifier_form")?.ok_or(LogoutTokenError::Invalid("no_identifier"))?;
    let session = text(verified, "sid", "session_form")?;
    let subject = text(verified, "sub", "subject_form")?;
    // The session is the smaller of the two: where both are named, only that sign-in has ended. It may be one of those
    // whose ID token named no session.
    let ended = match (session, subject) {
        (Some(sid), Some(subject)) => EndedAtProvider::Sessions(vec![sid, unnamed_session(&subject)]),
        (Some(sid), None) => EndedAtProvider::Sessions(vec![sid]),
        (None, Some(subject)) => EndedAtProvider::Person(subject),
        (None, None) => return Err(LogoutTokenError::Invalid("no_subject")),
    };
    let issued_at = verified.issued_at().ok_or(LogoutTokenError::Invalid("no_time_of_issue"))?;
    // Whatever `exp` says, an older token is refused: its identifier need not be remembered for longer.
    let too_old_at = issued_at + MAX_AGE;
    let end = verified.expires_at().map_or(too_old_at, |end| end.min(too_old_at));
    Ok(LogoutNotice { ended, id, expires_at: end + CLOCK_SKEW })
}

/// A claim of one to 255 bytes. `null` is no claim.
fn text(verified: &Verified, name: &str, fault: &'static str) -> Result<Option<String>, LogoutTokenError> {
    match verified.claims.get(name).filter(|value| !value.is_null()).map(|value| value.as_str()) {
        None => Ok(None),
        Some(Some(text)) if (1..=LONGEST_SUBJECT_BYTES).contains(&text.len()) => Ok(Some(text.to_owned())),
        Some(_) => Err(LogoutTokenError::Invalid(fault)),
    }
}
