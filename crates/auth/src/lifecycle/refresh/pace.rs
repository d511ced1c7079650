//! How often and how long it is tried to write down what came of a refresh.

use std::time::Duration;

/// How an attempt ended is not written down later than this: by then nobody waits for it any more. So long a new grant is tried
/// to be written at the pace of an accident; after that, of an outage.
pub(super) const GIVE_UP: Duration = Duration::from_mins(10);

pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(1);
