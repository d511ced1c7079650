use std::time::{Duration, SystemTime};

use crate::{CLOCK_SKEW, Grant, Provider, RefreshTiming};

/// Whether a grant wants a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// No: the access token is good for a while, or only a 401 can tell.
    NotYet,
    /// Yes, and until it is done the old access token still lives.
    Due,
    /// Yes, and the access token has ended.
    Expired,
}

pub(super) fn due(provider: &dyn Provider, grant: &Grant, now: SystemTime) -> Due {
    let Some(end) = grant.access_expires_at else {
        return Due::NotYet;
    };
    let leeway = match provider.refresh_timing(grant) {
        RefreshTiming::On401 => return Due::NotYet,
        // Early would be taken for a theft, and our clock may run ahead of whoever wrote the end down.
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

/// How long before its end an access token is renewed. More than a quarter of the token's life would renew short-lived
/// tokens on almost every request.
pub(super) fn leeway(provider: &dyn Provider, grant: &Grant) -> Duration {
    match provider.refresh_timing(grant) {
        RefreshTiming::AfterExpiry | RefreshTiming::On401 => Duration::ZERO,
        RefreshTiming::Before(leeway) => {
            grant.access_lifetime.map_or(leeway, |lifetime| leeway.min(lifetime / 4))
        }
    }
}
