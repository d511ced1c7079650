//! A process that can be paused and killed: its work runs only while the process does.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Everything in one life of a replica, from its start to its crash.
#[derive(Default)]
pub(crate) struct Process(Mutex<State>);

#[derive(Default)]
struct State {
    killed: bool,
    paused: bool,
    /// When it was last paused or killed. What happened at that time is judged more mildly.
    disturbed_at: Option<Duration>,
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

impl Process {
    /// A process that starts now.
    pub(crate) fn start(now: Duration) -> Arc<Self> {
        let process = Self::default();
        process.state().disturbed_at = Some(now).filter(|now| !now.is_zero());
        Arc::new(process)
    }

    /// Runs `work` as part of this process. The output is `None` if the process was killed before.
    pub(crate) fn run<T>(self: &Arc<Self>, work: Pin<Box<dyn Future<Output = T> + Send>>) -> Running<T> {
        let mut state = self.state();
        let slot = state.free.pop().unwrap_or_else(|| {
            state.wakers.push(None);
            state.wakers.len() - 1
        });
        drop(state);
        Running { process: Arc::clone(self), slot, work: Some(work) }
    }

    /// Like SIGKILL: everything in progress is gone.
    pub(crate) fn kill(&self, now: Duration) {
        let mut state = self.state();
        state.killed = true;
        state.disturbed_at = Some(now);
        state.wake_all();
    }

    /// Like SIGSTOP: time passes, and the process does not notice.
    pub(crate) fn pause(&self, now: Duration) {
        let mut state = self.state();
        state.paused = true;
        state.disturbed_at = Some(now);
    }

    /// Like SIGCONT.
    pub(crate) fn resume(&self, now: Duration) {
        let mut state = self.state();
        state.paused = false;
        state.disturbed_at = Some(now);
        state.wake_all();
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.state().killed
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.state().paused
    }

    /// Whether it was paused, resumed or killed at or after that time, or is paused now.
    pub(crate) fn disturbed_since(&self, time: Duration) -> bool {
        let state = self.state();
        state.paused || state.disturbed_at.is_some_and(|at| at >= time)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake_all(&mut self) {
        for waker in self.wakers.iter_mut().filter_map(Option::take) {
            waker.wake();
        }
    }
}

/// Work that proceeds only while its process runs.
pub(crate) struct Running<T> {
    process: Arc<Process>,
    slot: usize,
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
}

impl<T> Future for Running<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &mut *self;
        let mut state = this.process.state();
        if state.killed {
            drop(state);
            this.work = None;
            return Poll::Ready(None);
        }
        let slot = &mut state.wakers[this.slot];
        if slot.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
            *slot = Some(context.waker().clone());
        }
        if state.paused {
            return Poll::Pending;
        }
        drop(state);
        match this.work.as_mut().map(|work| work.as_mut().poll(context)) {
            Some(Poll::Ready(output)) => Poll::Ready(Some(output)),
            Some(Poll::Pending) => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        let mut state = self.process.state();
        state.wakers[self.slot] = None;
        state.free.push(self.slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::pass;

    #[tokio::test(start_paused = true)]
    async fn a_killed_process_finishes_nothing() {
        let process = Arc::new(Process::default());
        let running = tokio::spawn(process.run(Box::pin(pass(Duration::from_secs(5)))));
        pass(Duration::from_secs(1)).await;
        process.kill(Duration::ZERO);
        assert_eq!(running.await.unwrap(), None);
        assert_eq!(process.run(Box::pin(async { 1 })).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_process_goes_on_where_it_was() {
        let process = Arc::new(Process::default());
        let begun = tokio::time::Instant::now();
        let running = tokio::spawn(process.run(Box::pin(pass(Duration::from_secs(1)))));
        pass(Duration::from_millis(1)).await;
        process.pause(Duration::ZERO);
        pass(Duration::from_mins(1)).await;
        process.resume(Duration::ZERO);
        assert_eq!(running.await.unwrap(), Some(()));
        assert_eq!(begun.elapsed(), Duration::from_millis(60_001));
    }
}
