//! What the rounds share of this machine: its processors and its time.

use std::time::Duration;

use tokio::sync::RwLock;

/// Rounds without faults have the processors for themselves, because a request waits for a refresh no longer than 5 s.
pub(crate) static MACHINE: RwLock<()> = RwLock::const_new(());

#[expect(clippy::disallowed_methods, reason = "the processes live by the clock of the machine")]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
