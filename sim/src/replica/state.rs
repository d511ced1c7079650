//! What is known of one replica, and its process.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use ironleaf_session::KeyRing;
use tower::ServiceExt as _;

use crate::core_api::FamilyId;
use crate::process::{Process, Running};

/// An answer that arrived so recently may not have been written to the store yet.
pub(super) const RECENT: Duration = Duration::from_secs(10);

/// The same, where no page waits for it to be written.
pub(super) const JUST_LEARNED: Duration = Duration::from_secs(2);
pub(crate) struct Replica {
    pub(crate) index: usize,
    pub(crate) skew_ms: i64,
    life: Mutex<Option<Life>>,
    /// How many of the secrets that were rolled out it has loaded.
    pub(super) known_secrets: AtomicUsize,
    partitions: AtomicUsize,
    store_disturbed_ms: AtomicU64,
    core_disturbed_ms: AtomicU64,
    pub(super) delivered: Mutex<VecDeque<(Duration, FamilyId, u32)>>,
    /// What a refresh has told without tokens, and may not be written yet.
    pub(super) learned: Mutex<VecDeque<(Duration, FamilyId, u32)>>,
    /// Answers that came while the store was not there. This process goes on trying to write them down.
    pub(super) held: Mutex<Vec<(Duration, FamilyId, u32)>>,
}

/// From one start to the next crash.
pub(super) struct Life {
    pub(super) process: Arc<Process>,
    pub(super) router: Router,
    pub(super) keys: KeyRing,
}

impl Replica {
    pub(crate) fn new(index: usize, skew_ms: i64) -> Self {
        Self {
            index,
            skew_ms,
            life: Mutex::default(),
            known_secrets: AtomicUsize::new(0),
            partitions: AtomicUsize::new(0),
            store_disturbed_ms: AtomicU64::new(0),
            core_disturbed_ms: AtomicU64::new(0),
            delivered: Mutex::default(),
            learned: Mutex::default(),
            held: Mutex::default(),
        }
    }

    pub(crate) fn stop(&self) {
        *self.life() = None;
    }

    /// Work on a request, or nothing where nobody listens.
    pub(crate) fn serve(&self, request: Request<Body>) -> Option<(Arc<Process>, Running<Response<Body>>)> {
        let (process, router) = {
            let life = self.life();
            let life = life.as_ref().filter(|life| !life.process.is_killed())?;
            (Arc::clone(&life.process), life.router.clone())
        };
        let work = async move {
            match router.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        };
        let running = process.run(Box::pin(work));
        Some((process, running))
    }

    /// An answer arrived that cannot be written down now.
    pub(crate) fn holds(&self, now: Duration, family: FamilyId, generation: u32) {
        lock(&self.held).push((now, family, generation));
    }

    pub(crate) fn is_partitioned(&self) -> bool {
        self.partitions.load(Ordering::Relaxed) > 0
    }

    /// Up, running and connected.
    pub(crate) fn is_calm(&self) -> bool {
        let life = self.life();
        let runs = life.as_ref().is_some_and(|life| !life.process.is_killed() && !life.process.is_paused());
        runs && !self.is_partitioned()
    }

    /// Whether its process was paused, killed or started at that time or later.
    pub(crate) fn disturbed_since(&self, time: Duration) -> bool {
        self.life().as_ref().is_none_or(|life| life.process.disturbed_since(time))
    }

    /// An answer that says which token comes next has arrived here.
    pub(crate) fn delivered(&self, now: Duration, family: FamilyId, generation: u32) {
        let mut delivered = lock(&self.delivered);
        while delivered.front().is_some_and(|(at, ..)| *at + RECENT < now) {
            delivered.pop_front();
        }
        delivered.push_back((now, family, generation));
    }

    /// A page with a grant of this generation has left: whoever sends that has written it down before.
    pub(crate) fn page_left(&self, family: FamilyId, written: u64) {
        lock(&self.delivered)
            .retain(|(_, other, generation)| *other != family || u64::from(*generation) > written);
    }

    /// A refresh was refused here, and is known not to have spent its token.
    pub(crate) fn learned(&self, now: Duration, family: FamilyId, generation: u32) {
        let mut learned = lock(&self.learned);
        while learned.front().is_some_and(|(at, ..)| *at + JUST_LEARNED < now) {
            learned.pop_front();
        }
        learned.push_back((now, family, generation));
    }

    pub(crate) fn disturb_store(&self, now: Duration) {
        self.store_disturbed_ms.store(millis(now), Ordering::Relaxed);
    }

    pub(crate) fn disturb_core(&self, now: Duration) {
        self.core_disturbed_ms.store(millis(now), Ordering::Relaxed);
    }

    /// Whether a call to the store failed here, at that time or later.
    pub(crate) fn store_disturbed_since(&self, time: Duration) -> bool {
        self.is_partitioned() || self.store_disturbed_ms.load(Ordering::Relaxed) >= millis(time).max(1)
    }

    /// Whether a call to the core API failed here, at that time or later.
    pub(crate) fn core_disturbed_since(&self, time: Duration) -> bool {
        self.core_disturbed_ms.load(Ordering::Relaxed) >= millis(time).max(1)
    }

    pub(super) fn partitions(&self) -> &AtomicUsize {
        &self.partitions
    }

    pub(super) fn life(&self) -> MutexGuard<'_, Option<Life>> {
        lock(&self.life)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
