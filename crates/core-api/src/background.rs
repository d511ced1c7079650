//! Work that continues after its request was answered.

use std::time::Duration;

use tokio::{sync::watch, time};

/// Counts running work, so that a shutdown or a test can wait for it.
pub(crate) struct Background {
    running: watch::Sender<usize>,
    stopped: watch::Sender<bool>,
}

impl Background {
    pub(crate) fn new() -> Self {
        Self { running: watch::Sender::new(0), stopped: watch::Sender::new(false) }
    }

    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.running.send_modify(|running| *running += 1);
        let done = Done(self.running.clone());
        tokio::spawn(async move {
            let _done = done;
            work.await;
        });
    }

    /// Calls `begin` after a delay, unless it is stopped before. Nothing waits for work that is only due later.
    pub(crate) fn begin_later(&self, delay: Duration, begin: impl FnOnce() + Send + 'static) {
        let mut stopped = self.stopped.subscribe();
        tokio::spawn(async move {
            // It also ends when the sender is dropped: then there is nothing left to work for.
            if time::timeout(delay, stopped.wait_for(|stopped| *stopped)).await.is_err() {
                begin();
            }
        });
    }

    /// Cancels work that is only due later. Running work continues.
    pub(crate) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    pub(crate) async fn settled(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.running.subscribe().wait_for(|running| *running == 0).await;
    }
}

/// Counts down when the work ends, even by a panic.
struct Done(watch::Sender<usize>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
    }
}

#[cfg(test)]
mod tests {
    use tokio::{sync::oneshot, time::Instant};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_due_later_begins_after_its_delay_and_nobody_waits_for_it() {
        let background = Background::new();
        let (sign, signs) = oneshot::channel();
        let started = Instant::now();
        background.begin_later(Duration::from_hours(1), || sign.send(Instant::now()).unwrap());
        background.settled().await;
        assert_eq!(started.elapsed(), Duration::ZERO);
        let waited = signs.await.unwrap() - started;
        assert_eq!(waited.as_secs(), 3600);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_takes_back_what_is_only_due_later() {
        let background = Background::new();
        let (sign, signs) = oneshot::channel::<()>();
        background.begin_later(Duration::from_hours(1), || sign.send(()).unwrap());
        background.stop();
        assert!(signs.await.is_err());
        let (sign, signs) = oneshot::channel::<()>();
        background.begin_later(Duration::ZERO, || sign.send(()).unwrap());
        assert!(signs.await.is_err(), "nothing begins after a stop");
    }
}
