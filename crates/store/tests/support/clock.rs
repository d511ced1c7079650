//! A clock that tests move by hand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use ironleaf_store::Clock;

#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicU64>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(1_767_225_600_000)))
    }
}

impl TestClock {
    pub(crate) fn clock(&self) -> Clock {
        let millis = self.0.clone();
        Arc::new(move || UNIX_EPOCH + Duration::from_millis(millis.load(Ordering::SeqCst)))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).expect("tests move minutes"), Ordering::SeqCst);
    }

    /// Sets the clock back, as if somebody had corrected it.
    pub(crate) fn go_back(&self, by: Duration) {
        self.0.fetch_sub(u64::try_from(by.as_millis()).expect("tests move minutes"), Ordering::SeqCst);
    }
}
