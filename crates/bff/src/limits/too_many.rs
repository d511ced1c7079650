use std::time::Duration;

use super::subject::Counter;

/// Tries that could not even begin within the time of a request wait this long.
pub(super) const BUSY: Duration = Duration::from_secs(1);

/// Somebody has to wait before they try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany {
    pub(crate) retry_after: Duration,
}

impl TooMany {
    /// The one place that logs and counts it.
    pub(super) fn noted(counter: &Counter, retry_after: Duration) -> Self {
        tracing::warn!(limit = counter.label, wait_secs = retry_after.as_secs(), "too many tries");
        metrics::counter!("ironleaf_rate_limited_total", "limit" => counter.label).increment(1);
        Self { retry_after }
    }
}
