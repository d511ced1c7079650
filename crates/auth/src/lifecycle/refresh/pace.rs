//! How often, and for how long, to try to write down the result of a refresh.

use std::time::Duration;

/// How an attempt ended is not written down later than this: nobody waits for it any more. Writing a new grant is tried
/// frequently for this time, and then at the slower pace of an outage.
pub(super) const GIVE_UP: Duration = Duration::from_mins(10);

pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(1);
