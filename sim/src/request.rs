//! One request while a replica works on it: what it had to wait for that is not ours to shorten.

use std::cell::Cell;
use std::time::Duration;

tokio::task_local! {
    static WAITED_MS: Cell<u64>;
}

/// Runs `work` and returns its output with the time for which its calls to the core API, refreshes apart, waited.
pub(crate) async fn measured<T>(work: impl Future<Output = T>) -> (T, Duration) {
    WAITED_MS
        .scope(Cell::new(0), async move {
            let output = work.await;
            (output, WAITED_MS.with(|waited| Duration::from_millis(waited.get())))
        })
        .await
}

/// The request that is being worked on waited for so long. Work that belongs to no request is not measured.
pub(crate) fn allow(time: Duration) {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    // An error says that this is work of no request.
    let _ = WAITED_MS.try_with(|waited| waited.set(waited.get() + millis));
}
