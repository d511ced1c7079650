//! What a cache tells about itself.

use std::time::SystemTime;

/// What happened when keys were needed from the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchOutcome {
    /// The provider answered with usable keys.
    Fetched,
    /// It did not. Earlier keys stay.
    Failed,
    /// It was not asked, because it was asked a short time ago.
    CooledDown,
}

impl FetchOutcome {
    /// A stable word for logs and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Fetched => "fetched",
            Self::Failed => "failed",
            Self::CooledDown => "cooled_down",
        }
    }
}

/// The keys that a cache holds, for a health check or a page of an operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyStatus {
    /// The number of keys. Zero before the first fetch.
    pub keys: usize,
    /// When they were fetched.
    pub fetched_at: Option<SystemTime>,
    /// When their life ends. They are renewed before.
    pub fresh_until: Option<SystemTime>,
    /// Why the newest fetch failed. `None` if it did not.
    pub failure: Option<String>,
}
