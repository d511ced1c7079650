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
        Ok(left) if left > leeway => Due::NotYet,
        Ok(left) if !left.is_zero() => Due::Due,
        _ => Due::Expired,
    }
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
