//! Defaults that several parts share, and the units for defaults.

use std::time::Duration;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_mins(1);
pub(super) const DAY: Duration = Duration::from_hours(24);

pub(super) const DATA_DIR: &str = "target/ironleaf";
