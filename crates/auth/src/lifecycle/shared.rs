use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

use super::ensured::HeadRead;
use super::flights::Flights;
use super::knowledge::Knowledge;
use super::settings::LifecycleSettings;
use crate::{Event, Grant, Heads, Provider, Repetition, SessionKey};

/// What a lifecycle and its tasks share.
pub(super) struct Shared {
    pub(super) settings: LifecycleSettings,
    pub(super) flights: Flights,
    pub(super) knowledge: Knowledge,
    /// Distinguishes this process from all others that have ever written a head.
    pub(super) process: [u8; 4],
    is_closing: AtomicBool,
    closing: Notify,
}

impl Shared {
    /// A state with no refresh in progress.
    pub(super) fn new(settings: LifecycleSettings) -> Self {
        let mut process = [0; 4];
        (settings.random)(&mut process);
        Self {
            settings,
            flights: Flights::default(),
            knowledge: Knowledge::default(),
            process,
            is_closing: AtomicBool::new(false),
            closing: Notify::new(),
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.settings.clock)()
    }

    pub(super) fn observe(&self, event: Event) {
        (self.settings.observer)(event);
    }

    pub(super) fn provider(&self) -> &dyn Provider {
        &*self.settings.provider
    }

    pub(super) fn heads(&self) -> &dyn Heads {
        &*self.settings.heads
    }

    pub(super) async fn read(&self, session: &SessionKey) -> HeadRead {
        #[cfg(feature = "mutants")]
        if crate::mutants::is_active(crate::mutants::Mutant::NoHead) {
            return Ok(None);
        }
        self.heads().read(session).await
    }

    /// Whether every token that was ever issued can be presented at any time.
    pub(super) fn is_free(&self, grant: &Grant) -> bool {
        self.provider().repetition(grant) == Repetition::Free
    }

    pub(super) fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        self.closing.notify_waiters();
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// Like [`pause`](Self::pause), for work that is not needed once the process closes: then it breaks.
    pub(super) async fn pause_unless_closing(&self, duration: Duration) -> ControlFlow<()> {
        let closing = self.closing.notified();
        // Whoever starts to wait after `close` was not notified.
        if self.is_closing() {
            return ControlFlow::Break(());
        }
        tokio::select! {
            biased;
            () = closing => ControlFlow::Break(()),
            () = self.pause(duration) => ControlFlow::Continue(()),
        }
    }

    /// The pause between two attempts at something that another process may finish meanwhile.
    #[expect(clippy::disallowed_methods, reason = "a timer of a task of its own, not of a request")]
    pub(super) async fn pause(&self, duration: Duration) {
        let mut random = [0; 2];
        (self.settings.random)(&mut random);
        // Up to half as much again, so that attempts that failed together do not come back together.
        let jitter = duration.mul_f64(f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX) / 2.0);
        tokio::time::sleep(duration + jitter).await;
    }
}
