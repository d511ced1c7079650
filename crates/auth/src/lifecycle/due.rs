use std::time::{Duration, SystemTime};

use crate::{CLOCK_SKEW, Grant, Provider, RefreshTiming};

/// Whether a grant needs a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// No: the access token is valid for a while, or only a 401 can tell.
    NotYet,
    /// Yes, but the old access token is still valid in the meantime.
    Due,
    /// Yes, and the access token has expired.
    Expired,
}

pub(super) fn due(provider: &dyn Provider, grant: &Grant, now: SystemTime) -> Due {
    let Some(end) = grant.access_expires_at else {
        return Due::NotYet;
    };
    let leeway = match provider.refresh_timing(grant) {
        RefreshTiming::On401 => return Due::NotYet,
        // An early refresh would be treated as theft, and our clock may be ahead of the one that set the end.
        RefreshTiming::AfterExpiry if now < end + CLOCK_SKEW => return Due::NotYet,
        RefreshTiming::AfterExpiry => Duration::ZERO,
        RefreshTiming::Before(_) => leeway(provider, grant),
    };
    match end.duration_since(now) {
        Ok(left) if left > leeway && !ends_without_refresh(provider, grant, now, leeway) => Due::NotYet,
        Ok(left) if !left.is_zero() => Due::Due,
        _ => Due::Expired,
    }
}

/// Whether the grant of somebody who is there would end before its access token is due. Its end is moved after a tenth of
/// the time, as that of a seal is, but no more often than the leeway allows: near an end that no longer moves, that tenth
/// becomes short.
fn ends_without_refresh(provider: &dyn Provider, grant: &Grant, now: SystemTime, leeway: Duration) -> bool {
    if !matches!(provider.refresh_timing(grant), RefreshTiming::Before(_))
        || !provider.refresh_moves_end(grant)
    {
        return false;
    }
    let Some((issued_at, end)) = issued_at(grant).zip(grant.refresh_expires_at) else { return false };
    let life = end.duration_since(issued_at).unwrap_or_default();
    now.duration_since(issued_at).is_ok_and(|age| age >= leeway.max(life / 10))
}

/// When the access token was issued, by our clock. Nobody can have presented its refresh token before that.
pub(super) fn issued_at(grant: &Grant) -> Option<SystemTime> {
    grant.access_expires_at?.checked_sub(grant.access_lifetime?)
}

/// How long before its expiry an access token is renewed. More than a quarter of its lifetime would renew short-lived
/// tokens on almost every request.
pub(super) fn leeway(provider: &dyn Provider, grant: &Grant) -> Duration {
    match provider.refresh_timing(grant) {
        RefreshTiming::AfterExpiry | RefreshTiming::On401 => Duration::ZERO,
        RefreshTiming::Before(leeway) => {
            grant.access_lifetime.map_or(leeway, |lifetime| leeway.min(lifetime / 4))
        }
    }
}
