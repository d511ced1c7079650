//! Work that goes on after its request was answered.

use tokio::sync::watch;

/// Counts what is still running, so that a shutdown and a test can wait for it.
pub(crate) struct Background {
    running: watch::Sender<usize>,
}

impl Background {
    pub(crate) fn new() -> Self {
        Self { running: watch::Sender::new(0) }
    }

    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.running.send_modify(|running| *running += 1);
        let done = Done(self.running.clone());
        tokio::spawn(async move {
            let _done = done;
            work.await;
        });
    }

    pub(crate) async fn settled(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.running.subscribe().wait_for(|running| *running == 0).await;
    }
}

/// Counts down when the work ends, also by a panic.
struct Done(watch::Sender<usize>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
    }
}
