//! What the grant holds for this provider. The numbers are sealed into cookies: never reuse one.

use std::time::{Duration, SystemTime};

use ironleaf_auth::{Field, Grant, Response};

use super::cookies::{self, Given};
use super::{CookieApiSettings, RefreshReuse};
use crate::{jwt, named_calls};

pub(super) const ACCESS: Field = 1;
pub(super) const REFRESH: Field = 2;
/// The value of the cookie against forged requests, where the API has one.
pub(super) const CSRF: Field = 3;
/// A hash of the API's address. The cookies go nowhere else, also after the settings were changed.
pub(super) const ISSUED_BY: Field = 4;

/// The assumed lifetime of an access cookie if neither the cookie nor its token states it. If the real one is longer,
/// this costs extra refreshes; if it is shorter, a refused call before each refresh.
const DEFAULT_ACCESS_LIFETIME: Duration = Duration::from_mins(5);

/// Puts the cookies of a successful answer in place of the old ones; what is known of the person stays.
///
/// # Errors
///
/// What is missing in the answer, for the log.
pub(super) fn take(
    grant: &mut Grant,
    settings: &CookieApiSettings,
    response: &Response,
    now: SystemTime,
) -> Result<(), String> {
    let missing = |name: &str, setting: &str| {
        let answered = named_calls::answered(response, "the API");
        format!("{answered} with no cookie {name}: check {setting}")
    };
    let name = &settings.access_cookie;
    let access = cookies::given(response, name).ok_or_else(|| missing(name, "COOKIE_API_ACCESS_COOKIE"))?;
    let name = &settings.refresh_cookie;
    let refresh = cookies::given(response, name);
    // Where a spent cookie is noticed, a missing one is not the old one again.
    let may_stay = settings.reuse_ends == RefreshReuse::Nothing && grant.field(REFRESH).is_some();
    if refresh.is_none() && !may_stay {
        return Err(missing(name, "COOKIE_API_REFRESH_COOKIE"));
    }
    let lifetime = stated_lifetime(&access).unwrap_or_else(|| {
        tracing::warn!(
            seconds = DEFAULT_ACCESS_LIFETIME.as_secs(),
            "neither the access cookie nor its token says how long it lives"
        );
        DEFAULT_ACCESS_LIFETIME
    });
    grant.access_expires_at = now.checked_add(lifetime);
    grant.access_lifetime = Some(lifetime);
    grant.set(ACCESS, access.value);
    if let Some(refresh) = refresh {
        let longest = settings.refresh_token_max_age;
        let lifetime = stated_lifetime(&refresh).unwrap_or(longest).min(longest);
        grant.refresh_expires_at = now.checked_add(lifetime);
        grant.set(REFRESH, refresh.value);
    }
    if let Some(given) = settings.csrf.as_ref().and_then(|pair| cookies::given(response, &pair.cookie)) {
        grant.set(CSRF, given.value);
    }
    Ok(())
}

/// Whether the cookies of the grant are of this API.
pub(super) fn is_issued_by(grant: &Grant, issued_by: &str) -> bool {
    grant.field(ISSUED_BY).is_some_and(|mark| mark.expose() == issued_by)
}

/// The lifetime of the cookie or of the token in it. The token may end before its cookie, and the other way round.
fn stated_lifetime(given: &Given) -> Option<Duration> {
    let of_token = jwt::lifetime(&given.value);
    given.lifetime.into_iter().chain(of_token).min()
}
