//! The checks of an ID token (OpenID Connect Core 1.0, sections 3.1.3.7 and 12.2).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ironleaf_auth::{CLOCK_SKEW, Grant, SecretText};
use ironleaf_jwks::{Rules, Verified};
use serde_json::{Map, Value};

use super::fault::Fault;
use super::wire::Tokens;
use super::{OidcProvider, grant};

/// The longest `sub` (OpenID Connect Core 1.0, section 2), and the longest `sid` that is kept.
pub(super) const LONGEST_SUBJECT_BYTES: usize = 255;

/// An ID token that is genuine, and is for us.
pub(super) struct Checked {
    pub(super) subject: String,
    pub(super) claims: Map<String, Value>,
}

impl OidcProvider {
    /// Checks the ID token of a sign-in. The key cache checks signature, algorithm, `crit`, `iss`, `aud` (no other
    /// audience is accepted), `azp`, times, and `nonce`; `at_hash` and the form of `sub` follow here.
    pub(super) async fn check_first(
        &self,
        token: &SecretText,
        tokens: &Tokens,
        nonce: &SecretText,
    ) -> Result<Checked, Fault> {
        let rules = self.id_token_rules().with_nonce(nonce.expose());
        let verified = self.keys.verify(token.expose(), &rules).await?;
        verified.check_access_token(tokens.access_token.expose())?;
        checked(verified)
    }

    /// Checks the ID token of a refresh (section 12.2): the same issuer, audience and person. A nonce is optional
    /// there.
    pub(super) async fn check_renewed(
        &self,
        token: &SecretText,
        known: &Grant,
        subject: &str,
    ) -> Result<Checked, Fault> {
        let rules = self.id_token_rules().with_subject(subject);
        let verified = self.keys.verify(token.expose(), &rules).await?;
        match verified.claims.get("nonce") {
            None | Some(Value::Null) => {}
            Some(Value::String(nonce)) if grant::is_nonce(known, nonce) => {}
            Some(_) => return Err(Fault::Nonce),
        }
        checked(verified)
    }

    fn id_token_rules(&self) -> Rules {
        Rules::id_token(self.settings.issuer.as_str(), &*self.settings.client_id)
    }
}

fn checked(verified: Verified) -> Result<Checked, Fault> {
    let subject = verified.subject().unwrap_or_default();
    if !is_subject(subject) {
        return Err(Fault::Subject);
    }
    Ok(Checked { subject: subject.to_owned(), claims: verified.claims })
}

/// Section 2: at most 255 ASCII characters.
pub(super) fn is_subject(text: &str) -> bool {
    (1..=LONGEST_SUBJECT_BYTES).contains(&text.len()) && text.is_ascii()
}

/// Stands for the identifier of a sign-in whose ID token names none. A logout token that names both session and person
/// may be about such a sign-in.
pub(super) fn unnamed_session(subject: &str) -> String {
    format!("unnamed session of {subject}")
}

/// The provider's identifier of the sign-in (OpenID Connect Front-Channel Logout 1.0, section 3).
pub(super) fn sid(claims: &Map<String, Value>) -> Option<String> {
    let sid = claims.get("sid")?.as_str()?;
    (1..=LONGEST_SUBJECT_BYTES).contains(&sid.len()).then(|| sid.to_owned())
}

/// When the person proved who they are, as `auth_time` states it.
///
/// # Security
///
/// Without `auth_time`, it is never: a silent single sign-on is not a recent sign-in, and the time of the token tells
/// nothing about the person. A time further ahead than two clocks can differ is not believed either. (A provider that
/// counts milliseconds would make each sign-in recent for ever.)
pub(super) fn authenticated_at(claims: &Map<String, Value>, now: SystemTime) -> SystemTime {
    const NEVER: SystemTime = UNIX_EPOCH;
    let secs = match claims.get("auth_time") {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let stated = secs
        .and_then(|secs: f64| Duration::try_from_secs_f64(secs).ok())
        .and_then(|since| UNIX_EPOCH.checked_add(since));
    match stated {
        Some(at) if at <= now + CLOCK_SKEW => at.min(now),
        Some(_) => {
            tracing::warn!("`auth_time` of the ID token is in the future, and is not believed");
            NEVER
        }
        None => NEVER,
    }
}

/// `sub` of a token that nobody has checked. It is good for one purpose: to notice that a token is about somebody else.
pub(super) fn unchecked_subject(token: &SecretText) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.expose().split('.').nth(1)?).ok()?;
    let claims: Map<String, Value> = serde_json::from_slice(&claims).ok()?;
    Some(claims.get("sub")?.as_str()?.to_owned())
}
