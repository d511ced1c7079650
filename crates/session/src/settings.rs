//! The settings of sessions and their cookie.

use std::time::Duration;

use http::HeaderMap;

use crate::{
    Payload,
    cookie::{self, MAX_COOKIE_LIFE, chunks::Arrived, header},
};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// Most proxies allow 8 KB for all header fields. This is the part of it for the session.
const DEFAULT_HEADER_BUDGET_BYTES: usize = 7 * 1024;
/// The bytes for the other cookies. Apache httpd accepts a line of 8,190 bytes (`LimitRequestFieldSize`), including `Cookie: `.
const BESIDE_SESSION_BYTES: usize = 8_190 - "Cookie: ".len() - DEFAULT_HEADER_BUDGET_BYTES;
/// A cookie is sealed again after this fraction of the idle timeout, but at the latest after an hour.
const RENEWALS_PER_IDLE_TIMEOUT: u32 = 10;

/// The settings of sessions and their cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSettings {
    /// The cookie's name. With [`secure`](Self::secure), the prefix `__Host-Http-` is put before it.
    pub cookie_name: String,
    /// Whether browsers reach the application over https. Use `false` only for plain http on a loopback host: then the
    /// cookie has neither `Secure` nor the prefix.
    pub secure: bool,
    /// The time from the sign-in after which a session ends in any case.
    pub absolute_timeout: Duration,
    /// The time from the last request after which a session ends. Since a seal is not renewed with every request, the
    /// session may end up to a tenth earlier, but at most an hour.
    pub idle_timeout: Duration,
    /// The idle timeout of a session that [ends with the browser](Payload::ends_with_browser), if it is the shorter
    /// one. Browsers that open the pages of their last run again keep such cookies, so this ends the session in any
    /// case.
    pub unremembered_idle_timeout: Duration,
    /// An upper bound for the cookie's `Max-Age`, for a reason of its own, such as the life of a token in it. It counts on
    /// the server's clock as well, and begins anew with each seal, as [`idle_timeout`](Self::idle_timeout) does. The
    /// shorter of the two decides.
    pub max_age_cap: Option<Duration>,
    /// How many bytes of the `Cookie` header a session may take. A larger one is refused; see
    /// [`SessionTooLarge`](crate::SessionTooLarge). Flashes and other cookies have the bytes that it leaves, and 1,014
    /// more.
    pub header_budget_bytes: usize,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            cookie_name: "ironleaf-session".to_owned(),
            secure: true,
            absolute_timeout: 30 * DAY,
            idle_timeout: 7 * DAY,
            unremembered_idle_timeout: HOUR,
            max_age_cap: None,
            header_budget_bytes: DEFAULT_HEADER_BUDGET_BYTES,
        }
    }
}

/// What is wrong with [`SessionSettings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The name is empty or has a character that is not allowed in a cookie's name.
    #[error("a cookie's name consists of letters, digits and any of !#$%&'*+-.^_`|~")]
    CookieName,
    /// The name begins with a prefix that has a meaning to browsers.
    #[error("the cookie's name must not contain a prefix: the right one is added automatically")]
    CookiePrefix,
    /// A timeout is zero, or longer than browsers keep a cookie.
    #[error(
        "a session's timeout must be more than zero and at most 400 days, the longest that browsers keep a cookie"
    )]
    Timeout,
}

impl SessionSettings {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] for the first setting that cannot be used.
    pub fn validate(&self) -> Result<(), SettingsError> {
        if !cookie::is_name(&self.cookie_name) {
            return Err(SettingsError::CookieName);
        }
        if self.cookie_name.starts_with("__") {
            return Err(SettingsError::CookiePrefix);
        }
        let is_usable = |timeout: Duration| !timeout.is_zero() && timeout <= MAX_COOKIE_LIFE;
        let timeouts = [self.absolute_timeout, self.idle_timeout, self.unremembered_idle_timeout];
        if !timeouts.into_iter().all(is_usable) {
            return Err(SettingsError::Timeout);
        }
        Ok(())
    }

    /// The name under which the browser keeps the cookie.
    pub fn full_cookie_name(&self) -> String {
        cookie::full_name(&self.cookie_name, self.secure)
    }

    /// Whether the request has the session's cookie, valid or not. This is for an outer layer that has no session, such
    /// as a cross-site check.
    pub fn has_cookie(&self, headers: &HeaderMap) -> bool {
        !Arrived::collect(&self.full_cookie_name(), header::pairs(headers)).is_empty()
    }

    /// How many bytes the whole `Cookie` header may take: the session, flashes and the cookies of others. Flashes are
    /// dropped first; see [`Worth`](crate::Worth).
    pub fn line_budget_bytes(&self) -> usize {
        self.header_budget_bytes.saturating_add(BESIDE_SESSION_BYTES)
    }

    /// How old the seal of a session with this payload may become before the next request renews it.
    pub fn renewal_threshold(&self, payload: &impl Payload) -> Duration {
        HOUR.min(self.longest_rest(payload) / RENEWALS_PER_IDLE_TIMEOUT)
    }

    /// How long after its last seal a session with this payload ends.
    pub fn longest_rest(&self, payload: &impl Payload) -> Duration {
        let unremembered = payload.ends_with_browser().then_some(self.unremembered_idle_timeout);
        [unremembered, self.max_age_cap].into_iter().flatten().fold(self.idle_timeout, Duration::min)
    }
}
