//! The cookies of the auth server, as text that is never decoded.

use std::time::{Duration, SystemTime};

use http::header::{DATE, SET_COOKIE};
use ironleaf_auth::Response;

/// How long a session lasts whose cookie has no end (`rememberMe: false`). Such a session is never renewed.
const LIFE_WITHOUT_END: Duration = Duration::from_hours(24);

/// The names that a cookie can have: on http, and on https.
pub(super) struct Names([String; 2]);

impl Names {
    pub(super) fn of(prefix: &str, name: &str) -> Self {
        Self([format!("{prefix}.{name}"), format!("__Secure-{prefix}.{name}")])
    }

    fn contain(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }
}

/// What an answer does with a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given<'a> {
    Nothing,
    Cleared,
    Set(Cookie<'a>),
}

/// A cookie that an answer sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cookie<'a> {
    /// `name=value`, byte for byte as it was set.
    pub(super) pair: &'a str,
    pub(super) life: Duration,
}

/// What the answer does with the cookie of these names. If it is set several times, the last one counts. Nothing is
/// copied.
pub(super) fn given<'a>(response: &'a Response, names: &Names, now: SystemTime) -> Given<'a> {
    let mut given = Given::Nothing;
    for header in response.headers().get_all(SET_COOKIE) {
        let Ok(text) = header.to_str() else { continue };
        let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
        let pair = pair.trim();
        let Some((_, value)) = pair.split_once('=').filter(|(name, _)| names.contain(name)) else {
            continue;
        };
        let life = life(response, attributes, now);
        given = match life {
            Some(Duration::ZERO) => Given::Cleared,
            _ if value.is_empty() => Given::Cleared,
            life => Given::Set(Cookie { pair, life: life.unwrap_or(LIFE_WITHOUT_END) }),
        };
    }
    given
}

/// `Max-Age`, or else `Expires` (RFC 6265, section 5.3). `None` for a cookie without an end. Zero if it is over.
fn life(response: &Response, attributes: &str, now: SystemTime) -> Option<Duration> {
    let mut until = None;
    let mut max_age = None;
    for attribute in attributes.split(';') {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let (name, value) = (name.trim(), value.trim());
        if name.eq_ignore_ascii_case("max-age") {
            max_age = seconds(value).or(max_age);
        } else if name.eq_ignore_ascii_case("expires") {
            until = httpdate::parse_http_date(value).ok().or(until);
        }
    }
    // The date is one of the auth server's clock, so it is counted from the answer's own.
    let answered_at = || {
        let date = response.headers().get(DATE)?.to_str().ok()?;
        httpdate::parse_http_date(date).ok()
    };
    let from_date =
        |until: SystemTime| until.duration_since(answered_at().unwrap_or(now)).unwrap_or_default();
    max_age.or_else(|| until.map(from_date))
}

/// Section 5.2.2: digits, perhaps after a minus. A number that is too large is a long life.
fn seconds(text: &str) -> Option<Duration> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let secs = if text.starts_with('-') { 0 } else { digits.parse().unwrap_or(u64::MAX) };
    Some(Duration::from_secs(secs))
}
