//! What happens to a replica: starts, crashes, pauses, and the loss of the store.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ironleaf_session::{KeyRing, Secret};

use super::state::{JUST_LEARNED, Life, RECENT, Replica, lock};
use super::{assembly, plain};
use crate::checker::LostTo;
use crate::counts::Fault;
use crate::process::Process;
use crate::timeline::pass;
use crate::world::World;

/// A process tries once a second to write a grant down, for ten minutes.
const HELD_IS_WRITTEN_WITHIN: Duration = Duration::from_secs(10);
const HELD_FOR: Duration = Duration::from_mins(10);

impl Replica {
    /// Starts it with everything that is configured now.
    pub(crate) fn start(&self, world: &Arc<World>) {
        let secrets = world.secrets();
        self.known_secrets.store(secrets.len(), Ordering::Relaxed);
        let keys = KeyRing::new(secrets).expect("secrets are there and differ");
        let process = Process::start(world.now());
        let router = if world.is_plain() {
            plain::router(world, self, &process)
        } else {
            assembly::router(world, self, &process, keys.clone())
        };
        *self.life() = Some(Life { process, router, keys });
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

    /// Stops it for a while. It does not notice.
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

    /// Cuts it off from the store for a while.
    pub(crate) fn partition(&self, world: &Arc<World>, time: Duration) {
        world.tell(format!("replica {} loses the store for {time:?}", self.index));
        self.lose_recent(world, LostTo::Partition);
        self.partitions().fetch_add(1, Ordering::Relaxed);
        self.disturb_store(world.now());
        let (world, index) = (Arc::clone(world), self.index);
        tokio::spawn(async move {
            pass(time).await;
            let replica = &world.replicas[index];
            replica.disturb_store(world.now());
            replica.partitions().fetch_sub(1, Ordering::Relaxed);
            world.tell(format!("replica {index} reaches the store again"));
            pass(HELD_IS_WRITTEN_WITHIN).await;
            world.replicas[index].write_held(&world);
        });
    }

    /// The store is back: what the process still had is written by now, unless it gave up or died.
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

    /// Loads the secrets that are configured now, as a server does whose secrets file changed.
    pub(crate) fn reload_secrets(&self, world: &World) {
        let secrets = world.secrets();
        let life = self.life();
        if let Some(life) = life.as_ref() {
            self.known_secrets.store(secrets.len(), Ordering::Relaxed);
            let clock = world.timeline.clock(self.skew_ms);
            life.keys.replace(secrets, &clock).expect("secrets are there and differ");
        }
    }

    /// The secrets that it has loaded, the newest first.
    pub(crate) fn known_secrets(&self, world: &World) -> Vec<Secret> {
        let secrets = world.secrets();
        let later = secrets.len().saturating_sub(self.known_secrets.load(Ordering::Relaxed));
        secrets[later..].to_vec()
    }

    fn lose_recent(&self, world: &World, to: LostTo) {
        let now = world.now();
        for (at, family, generation) in lock(&self.delivered).drain(..) {
            if at + RECENT >= now {
                world.checker.answer_lost(now, family, generation, to);
                // Who presented it has it in its head, and nobody else knows more.
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
}
