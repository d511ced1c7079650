//! One request in a replica, and the time it had to wait for others.

use std::cell::Cell;
use std::time::Duration;

tokio::task_local! {
    static WAITED_MS: Cell<u64>;
}

/// Runs `work`, and returns its output with the time that its calls to the core API waited, except refreshes.
pub(crate) async fn measured<T>(work: impl Future<Output = T>) -> (T, Duration) {
    WAITED_MS
        .scope(Cell::new(0), async move {
            let output = work.await;
            (output, WAITED_MS.with(|waited| Duration::from_millis(waited.get())))
        })
        .await
}

/// Notes that the current request waited this long. Work outside of a request is not measured.
pub(crate) fn allow(time: Duration) {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    // An error means that this work belongs to no request.
    let _ = WAITED_MS.try_with(|waited| waited.set(waited.get() + millis));
}
