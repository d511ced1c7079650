//! How long things are good, by the contract.

use std::time::Duration;

/// For how long the same refresh token and key give the same pair.
pub(crate) const REPEATABLE_FOR: Duration = Duration::from_mins(10);

/// For how long a rotated token is good beside its successor, in the style with a time of grace.
pub(crate) const GRACE: Duration = Duration::from_mins(1);

/// How long an access token lives; the lives of the others are settings of a run.
pub(crate) const ACCESS_TTL: Duration = Duration::from_mins(20);
