//! Where Leptos runs its tasks.

use std::task::{Context, Waker};

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};

/// Each page has one task, by which `leptos_meta` lets others go first. It ends at once, so it is run at once: a task of
/// tokio would send the page through the scheduler, behind all others that wait.
struct AtOnce;

/// Has Leptos use it, unless it has begun with another one.
pub(super) fn start() {
    let _ = Executor::init_custom_executor(AtOnce);
}

impl CustomExecutor for AtOnce {
    fn spawn(&self, mut task: PinnedFuture<()>) {
        if task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            tokio::spawn(task);
        }
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        tokio::task::spawn_local(task);
    }

    fn poll_local(&self) {}
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn what_need_not_wait_is_done_at_once_and_the_rest_in_its_time() {
        start();
        assert!(poll!(Box::pin(Executor::tick())).is_ready());
        let (go, gone) = tokio::sync::oneshot::channel();
        let (done, finished) = tokio::sync::oneshot::channel();
        Executor::spawn(async move {
            let word: u8 = gone.await.unwrap();
            done.send(word).unwrap();
        });
        go.send(7).unwrap();
        assert_eq!(finished.await.unwrap(), 7);
    }
}
