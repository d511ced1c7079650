//! What the grant holds for this provider. The numbers are sealed into cookies: never reuse one.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ironleaf_auth::{Challenge, Change, Field, Grant, Observed, Response, SecretText};
use sha2::{Digest as _, Sha256};

use super::cookies::{Cookie, Given, Names, given};
use super::person;

/// The session cookie with its name, as `name=value`.
pub(super) const SESSION: Field = 1;
/// The JWT for the API.
pub(super) const JWT: Field = 2;
/// The cookie that marks a session as one that is not renewed, as `name=value`.
pub(super) const DONT_REMEMBER: Field = 3;
/// A hash of the auth server's URL: its cookie goes nowhere else, also after the settings were changed.
const ISSUED_BY: Field = 4;
/// How long the session lives from a renewal on, in seconds.
const LIFE: Field = 5;

/// A later end than the known one is not worth keeping for less than this, or for less than a tenth of what is left.
const LEAST_GAIN: Duration = Duration::from_mins(1);

/// The cookies of the auth server that are kept.
pub(super) struct Kept {
    session: Names,
    dont_remember: Names,
    /// Of a sign-in that waits for its second step.
    two_factor: Names,
}

impl Kept {
    pub(super) fn of(prefix: &str) -> Self {
        Self {
            session: Names::of(prefix, "session_token"),
            dont_remember: Names::of(prefix, "dont_remember"),
            two_factor: Names::of(prefix, "two_factor"),
        }
    }

    /// A grant with the session that an answer sets, if it sets one.
    pub(super) fn begin(&self, response: &Response, issued_by: &Mark, now: SystemTime) -> Option<Grant> {
        let mut grant = Grant::default().with(ISSUED_BY, issued_by.current.as_str());
        self.keep(&mut grant, response, now);
        grant.field(SESSION).is_some().then_some(grant)
    }

    /// What an answer sets for the second step of a sign-in, in the form of a `Cookie` header.
    pub(super) fn challenge(&self, response: &Response, now: SystemTime) -> Option<Challenge> {
        let Given::Set(two_factor) = given(response, &self.two_factor, now) else { return None };
        let token = match given(response, &self.dont_remember, now) {
            Given::Set(mark) => format!("{}; {}", two_factor.pair, mark.pair),
            Given::Cleared | Given::Nothing => two_factor.pair.to_owned(),
        };
        Some(Challenge { token: token.into(), takes_recovery_codes: true })
    }

    /// Puts what the answer to a refresh sets in place of what the grant has. An answer that clears a cookie changes
    /// nothing: a session ends by what its auth server says, not by a header.
    pub(super) fn keep(&self, grant: &mut Grant, response: &Response, now: SystemTime) {
        let session = match given(response, &self.session, now) {
            Given::Set(session) => session,
            Given::Cleared => return,
            Given::Nothing => return outlive(grant, now),
        };
        grant.set(SESSION, session.pair);
        grant.set(LIFE, session.life.as_secs().to_string());
        grant.refresh_expires_at = now.checked_add(session.life);
        match given(response, &self.dont_remember, now) {
            Given::Set(mark) => grant.set(DONT_REMEMBER, mark.pair),
            Given::Cleared => grant.remove(DONT_REMEMBER),
            Given::Nothing => {}
        }
    }

    /// What an answer to a call with this grant sets. Nothing is copied if that is known.
    pub(super) fn observe(&self, grant: &Grant, response: &Response, now: SystemTime) -> Observed {
        let Given::Set(session) = given(response, &self.session, now) else { return Observed::Nothing };
        let Some(asked_with) = grant.field(SESSION) else { return Observed::Nothing };
        let end = now.checked_add(session.life);
        if asked_with.expose() != session.pair {
            // SECURITY: a session must never turn into that of another person. An answer that does not say whose
            // session it sets, sets none.
            let known = grant.identity.as_deref();
            if known.is_none_or(|known| person::of_answer(response).is_none_or(|user| user.id != known.id)) {
                return Observed::Nothing;
            }
            return Observed::AtOnce(self.replacement(asked_with.clone(), session, response, now));
        }
        if is_worth_keeping(grant.refresh_expires_at, end, now) {
            return Observed::Lazily(prolongation(asked_with.clone(), end));
        }
        Observed::Nothing
    }

    /// Puts another session in place of the one that the call was made with, and of no later one. The JWT is renewed
    /// before the next use, which shows whose the session is.
    fn replacement(
        &self,
        asked_with: SecretText,
        session: Cookie<'_>,
        response: &Response,
        now: SystemTime,
    ) -> Change {
        let end = now.checked_add(session.life);
        let session = SecretText::from(session.pair);
        let mark = match given(response, &self.dont_remember, now) {
            Given::Set(mark) => Some(Some(SecretText::from(mark.pair))),
            Given::Cleared => Some(None),
            Given::Nothing => None,
        };
        Arc::new(move |grant| {
            if grant.field(SESSION) != Some(&asked_with) {
                return;
            }
            grant.set(SESSION, session.clone());
            grant.refresh_expires_at = end;
            grant.access_expires_at = Some(now);
            match &mark {
                Some(Some(mark)) => grant.set(DONT_REMEMBER, mark.clone()),
                Some(None) => grant.remove(DONT_REMEMBER),
                None => {}
            }
        })
    }
}

/// A session that has just been answered lives, and the answer that renewed it may have been lost. So it may live as
/// long as if it had been renewed now: the auth server says when it is over. One that is never renewed ends when the
/// cookie said.
fn outlive(grant: &mut Grant, now: SystemTime) {
    let secs = grant.field(LIFE).filter(|_| grant.field(DONT_REMEMBER).is_none());
    let life = secs.and_then(|secs| secs.expose().parse().ok()).map(Duration::from_secs);
    let end = life.and_then(|life| now.checked_add(life));
    grant.refresh_expires_at = grant.refresh_expires_at.max(end);
}

/// The same session with a later end.
fn prolongation(session: SecretText, end: Option<SystemTime>) -> Change {
    Arc::new(move |grant| {
        if grant.field(SESSION) == Some(&session) && grant.refresh_expires_at < end {
            grant.refresh_expires_at = end;
        }
    })
}

fn is_worth_keeping(known: Option<SystemTime>, end: Option<SystemTime>, now: SystemTime) -> bool {
    let (Some(known), Some(end)) = (known, end) else { return false };
    let left = known.duration_since(now).unwrap_or_default();
    end.duration_since(known).is_ok_and(|gain| !gain.is_zero() && gain >= LEAST_GAIN.min(left / 10))
}

/// The mark of grants of this auth server. 96 bits: they only have to tell honest values apart, and take little of a
/// cookie.
pub(super) struct Mark {
    pub(super) current: String,
    /// That of a URL with a slash at its end, which once counted.
    of_slash: String,
}

pub(super) fn issued_by(auth_url: &str) -> Mark {
    let mark = |url: &str| {
        let hash = Sha256::new().chain_update(b"ironleaf/v1/better-auth\0").chain_update(url).finalize();
        URL_SAFE_NO_PAD.encode(&hash[..12])
    };
    let url = auth_url.trim_end_matches('/');
    Mark { current: mark(url), of_slash: mark(&format!("{url}/")) }
}

pub(super) fn is_issued_by(grant: &Grant, issued_by: &Mark) -> bool {
    let Mark { current, of_slash } = issued_by;
    grant.field(ISSUED_BY).is_some_and(|mark| mark.expose() == current || mark.expose() == of_slash)
}

/// The cookies of a request to the auth server, in the form of its `Cookie` header.
pub(super) fn cookies(grant: &Grant) -> Option<SecretText> {
    let session = grant.field(SESSION)?;
    Some(match grant.field(DONT_REMEMBER) {
        Some(mark) => format!("{}; {}", session.expose(), mark.expose()).into(),
        None => session.clone(),
    })
}
