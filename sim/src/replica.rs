//! One replica of the application: real code in a process that can be paused, disconnected and killed.

mod assembly;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use ironleaf_session::KeyRing;
use tower::ServiceExt as _;

pub(crate) use assembly::REASON_HEADER;

use crate::checker::LostTo;
use crate::core_api::FamilyId;
use crate::counts::Fault;
use crate::process::{Process, Running};
use crate::timeline::pass;
use crate::world::World;

/// An answer that arrived within this time may not have been written to the store yet.
const RECENT: Duration = Duration::from_secs(10);

/// The same if no page waits for the write.
const JUST_LEARNED: Duration = Duration::from_secs(2);
/// A process tries once a second to write a grant, for ten minutes.
const HELD_IS_WRITTEN_WITHIN: Duration = Duration::from_secs(10);
const HELD_FOR: Duration = Duration::from_mins(10);

pub(crate) struct Replica {
    pub(crate) index: usize,
    pub(crate) skew_ms: i64,
    life: Mutex<Option<Life>>,
    /// How many of the deployed secrets it has loaded.
    known_secrets: AtomicUsize,
    partitions: AtomicUsize,
    store_disturbed_ms: AtomicU64,
    core_disturbed_ms: AtomicU64,
    delivered: Mutex<VecDeque<(Duration, FamilyId, u32)>>,
    /// What refreshes without tokens have told, and may not be written yet.
    learned: Mutex<VecDeque<(Duration, FamilyId, u32)>>,
    /// Answers that came while the store was away. This process keeps trying to write them.
    held: Mutex<Vec<(Duration, FamilyId, u32)>>,
}

/// From one start to the next crash.
struct Life {
    process: Arc<Process>,
    router: Router,
    keys: KeyRing,
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

    /// Starts it with the current configuration.
    pub(crate) fn start(&self, world: &Arc<World>) {
        let secrets = world.secrets();
        self.known_secrets.store(secrets.len(), Ordering::Relaxed);
        let keys = KeyRing::new(secrets).expect("secrets are there and differ");
        let process = Process::start(world.now());
        let router = assembly::router(world, self, &process, keys.clone());
        *self.life() = Some(Life { process, router, keys });
    }

    pub(crate) fn stop(&self) {
        *self.life() = None;
    }

    /// The work on a request, or `None` if nobody listens.
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

    /// Kills a process of this replica, and starts the next one soon after.
    pub(crate) fn crash(&self, world: &Arc<World>, process: &Arc<Process>) {
        if process.is_killed() {
            return;
        }
        world.tell(format!("replica {} crashes", self.index));
        self.lose_recent(world, LostTo::Crash);
        process.kill(world.now());
        let (world, index) = (Arc::clone(world), self.index);
        let down = world.dice().mostly_short(Duration::from_millis(300), Duration::from_mins(1));
        tokio::spawn(async move {
            pass(down).await;
            world.tell(format!("replica {index} is up again"));
            world.replicas[index].start(&world);
        });
    }

    pub(crate) fn restart(&self, world: &Arc<World>) {
        let process = self.life().as_ref().map(|life| Arc::clone(&life.process));
        if let Some(process) = process.filter(|process| !process.is_killed()) {
            world.counts.fault(Fault::Restarted);
            self.crash(world, &process);
        }
    }

    /// Pauses it for a while. It does not notice.
    pub(crate) fn pause(&self, world: &Arc<World>, time: Duration) {
        let process = self.life().as_ref().map(|life| Arc::clone(&life.process));
        let Some(process) = process.filter(|process| !process.is_killed() && !process.is_paused()) else {
            return;
        };
        world.tell(format!("replica {} is paused for {time:?}", self.index));
        self.lose_recent(world, LostTo::Pause);
        process.pause(world.now());
        let (world, index) = (Arc::clone(world), self.index);
        tokio::spawn(async move {
            pass(time).await;
            world.tell(format!("replica {index} goes on"));
            process.resume(world.now());
        });
    }

    /// Disconnects it from the store for a while.
    pub(crate) fn partition(&self, world: &Arc<World>, time: Duration) {
        world.tell(format!("replica {} loses the store for {time:?}", self.index));
        self.lose_recent(world, LostTo::Partition);
        self.partitions.fetch_add(1, Ordering::Relaxed);
        self.disturb_store(world.now());
        let (world, index) = (Arc::clone(world), self.index);
        tokio::spawn(async move {
            pass(time).await;
            let replica = &world.replicas[index];
            replica.disturb_store(world.now());
            replica.partitions.fetch_sub(1, Ordering::Relaxed);
            world.tell(format!("replica {index} reaches the store again"));
            pass(HELD_IS_WRITTEN_WITHIN).await;
            world.replicas[index].write_held(&world);
        });
    }

    /// An answer arrived that cannot be written now.
    pub(crate) fn holds(&self, now: Duration, family: FamilyId, generation: u32) {
        lock(&self.held).push((now, family, generation));
    }

    /// The store is back. What the process still had is written by now, unless it gave up or died.
    fn write_held(&self, world: &World) {
        if self.is_partitioned() {
            return;
        }
        let now = world.now();
        for (at, family, generation) in lock(&self.held).drain(..) {
            let held_for = now.saturating_sub(at);
            if held_for < HELD_FOR && !self.disturbed_since(at) {
                world.checker.written_after(family, generation, held_for);
            }
        }
    }

    pub(crate) fn is_partitioned(&self) -> bool {
        self.partitions.load(Ordering::Relaxed) > 0
    }

    /// Whether it is up, running and connected.
    pub(crate) fn is_calm(&self) -> bool {
        let life = self.life();
        let runs = life.as_ref().is_some_and(|life| !life.process.is_killed() && !life.process.is_paused());
        runs && !self.is_partitioned()
    }

    /// Whether its process was paused, killed or started at or after that time.
    pub(crate) fn disturbed_since(&self, time: Duration) -> bool {
        self.life().as_ref().is_none_or(|life| life.process.disturbed_since(time))
    }

    /// Loads the current secrets, like a server whose secrets file changed.
    pub(crate) fn reload_secrets(&self, world: &World) {
        let secrets = world.secrets();
        let life = self.life();
        if let Some(life) = life.as_ref() {
            self.known_secrets.store(secrets.len(), Ordering::Relaxed);
            let clock = world.timeline.clock(self.skew_ms);
            life.keys.replace(secrets, &clock).expect("secrets are there and differ");
        }
    }

    pub(crate) fn knows_every_secret(&self, world: &World) -> bool {
        self.known_secrets.load(Ordering::Relaxed) >= world.secrets().len()
    }

    /// An answer that says which token comes next has arrived here.
    pub(crate) fn delivered(&self, now: Duration, family: FamilyId, generation: u32) {
        let mut delivered = lock(&self.delivered);
        while delivered.front().is_some_and(|(at, ..)| *at + RECENT < now) {
            delivered.pop_front();
        }
        delivered.push_back((now, family, generation));
    }

    /// A page with a grant of this generation has left, so the replica has written the grant before.
    pub(crate) fn page_left(&self, family: FamilyId, written: u64) {
        lock(&self.delivered)
            .retain(|(_, other, generation)| *other != family || u64::from(*generation) > written);
    }

    /// A refresh was refused here, and its token is known to be unspent.
    pub(crate) fn learned(&self, now: Duration, family: FamilyId, generation: u32) {
        let mut learned = lock(&self.learned);
        while learned.front().is_some_and(|(at, ..)| *at + JUST_LEARNED < now) {
            learned.pop_front();
        }
        learned.push_back((now, family, generation));
    }

    fn lose_recent(&self, world: &World, to: LostTo) {
        let now = world.now();
        for (at, family, generation) in lock(&self.delivered).drain(..) {
            if at + RECENT >= now {
                world.checker.answer_lost(now, family, generation, to);
                // The process that presented it knows this, and nobody else does.
                world.checker.doubted(family, generation.saturating_sub(1));
                if to == LostTo::Partition {
                    self.holds(now, family, generation);
                }
            }
        }
        for (at, family, generation) in lock(&self.learned).drain(..) {
            if at + JUST_LEARNED >= now {
                world.checker.doubted(family, generation);
            }
        }
    }

    pub(crate) fn disturb_store(&self, now: Duration) {
        self.store_disturbed_ms.store(millis(now), Ordering::Relaxed);
    }

    pub(crate) fn disturb_core(&self, now: Duration) {
        self.core_disturbed_ms.store(millis(now), Ordering::Relaxed);
    }

    /// Whether a call to the store failed here at or after that time.
    pub(crate) fn store_disturbed_since(&self, time: Duration) -> bool {
        self.is_partitioned() || self.store_disturbed_ms.load(Ordering::Relaxed) >= millis(time).max(1)
    }

    /// Whether a call to the core API failed here at or after that time.
    pub(crate) fn core_disturbed_since(&self, time: Duration) -> bool {
        self.core_disturbed_ms.load(Ordering::Relaxed) >= millis(time).max(1)
    }

    fn life(&self) -> MutexGuard<'_, Option<Life>> {
        lock(&self.life)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
