//! One world: replicas, a store, a core API and people, from one seed, for some days.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ironleaf_auth::Event;
use ironleaf_session::Secret;
use ironleaf_store::MemoryStore;

use crate::checker::{Checker, Lives, Scene};
use crate::core_api::{CoreApi, PersonId, SESSION_LIFE};
use crate::counts::Counts;
use crate::dice::Dice;
use crate::glass::Glass;
use crate::outage::Outage;
use crate::replica::Replica;
use crate::script::{Client, Script};
use crate::style::Style;
use crate::timeline::{HEAD_START, Timeline};
use crate::trace::Trace;

/// Sessions in the simulation are shorter than the defaults, so that some of them end within a week.
pub(crate) const LIVES: Lives = Lives {
    idle: Duration::from_hours(3 * 24),
    absolute: Duration::from_hours(6 * 24),
    refresh_token: Duration::from_hours(3 * 24),
};
/// The same where the back end gives sessions less time.
const fn lives_of(style: Style) -> Lives {
    match style {
        Style::BetterAuth => Lives { refresh_token: SESSION_LIFE, ..LIVES },
        _ => LIVES,
    }
}

/// The core API's own lifetime, never shorter than the one that it is assumed to have.
const REFRESH_TTL: Duration = Duration::from_hours(4 * 24);
/// Room for every head and tombstone there can be.
const STORE_BYTES: usize = 1 << 30;

/// A head adopted over two or more rotations, in the words of the table.
pub(crate) const ADOPTED_FROM_AFAR: &str = "Adopted over two and more rotations";

/// The parameters of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) people: u32,
    pub(crate) days: u32,
    pub(crate) replicas: usize,
    pub(crate) style: Style,
}

pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) timeline: Timeline,
    pub(crate) core: CoreApi,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) counts: Counts,
    pub(crate) checker: Checker,
    pub(crate) trace: Trace,
    pub(crate) glass: Glass,
    /// Random bytes for our code. They are separate from the dice, so that neither depends on the other.
    pub(crate) noise: Arc<Mutex<Dice>>,
    pub(crate) requests: AtomicU64,
    pub(crate) core_skew_ms: i64,
    dice: Mutex<Dice>,
    secrets: Mutex<Vec<Secret>>,
    outage: Mutex<Option<Outage>>,
    store_is_full: AtomicBool,
    store_was_full_ms: AtomicU64,
    /// In a world of the table, what goes wrong. Nothing else does.
    script: Option<Script>,
}

impl World {
    pub(crate) fn new(setup: Setup) -> Self {
        let mut dice = Dice::new(setup.seed);
        let timeline = Timeline::begin();
        let noise = Arc::new(Mutex::new(dice.fork()));
        let secret = new_secret(&mut dice);
        let replicas = (0..setup.replicas).map(|index| Replica::new(index, skew(index, &mut dice))).collect();
        Self {
            setup,
            timeline,
            core: CoreApi::new(setup.style, REFRESH_TTL),
            store: Arc::new(MemoryStore::new(STORE_BYTES, timeline.clock(0))),
            replicas,
            counts: Counts::default(),
            checker: Checker::new(setup.style, lives_of(setup.style)),
            trace: Trace::new(setup.people),
            glass: Glass::new(secret.clone()),
            noise,
            requests: AtomicU64::new(0),
            core_skew_ms: skew(2, &mut dice),
            dice: Mutex::new(dice),
            secrets: Mutex::new(vec![secret]),
            outage: Mutex::default(),
            store_is_full: AtomicBool::new(false),
            store_was_full_ms: AtomicU64::new(0),
            script: None,
        }
    }

    /// A world in which only this goes wrong.
    pub(crate) fn with(self, script: Script) -> Self {
        Self { script: Some(script), ..self }
    }

    pub(crate) fn script(&self) -> Option<&Script> {
        self.script.as_ref()
    }

    /// Whether the plain client of the table runs in place of our code.
    pub(crate) fn is_plain(&self) -> bool {
        self.script.as_ref().is_some_and(|script| script.client == Client::Plain)
    }

    pub(crate) fn now(&self) -> Duration {
        self.timeline.now()
    }

    /// The core API's clock, which may be as wrong as any other. Its families use it.
    pub(crate) fn core_now(&self) -> Duration {
        let skew = Duration::from_millis(self.core_skew_ms.unsigned_abs());
        let now = self.now() + HEAD_START;
        if self.core_skew_ms < 0 { now.saturating_sub(skew) } else { now + skew }
    }

    /// The dice for faults.
    pub(crate) fn dice(&self) -> MutexGuard<'_, Dice> {
        lock(&self.dice)
    }

    pub(crate) fn scene(&self) -> Scene<'_> {
        Scene { now: self.now(), core_now: self.core_now(), core: &self.core, trace: &self.trace }
    }

    pub(crate) fn tell(&self, text: impl Into<String>) {
        self.trace.world(self.now(), text.into());
    }

    pub(crate) fn tell_of(&self, person: PersonId, text: impl Into<String>) {
        self.trace.person(self.now(), person, text.into());
    }

    /// The deployed session secrets, the newest first.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        lock(&self.secrets).clone()
    }

    pub(crate) fn add_secret(&self) {
        let secret = new_secret(&mut self.dice());
        lock(&self.secrets).insert(0, secret);
        self.glass.learn(self.secrets());
    }

    pub(crate) fn outage(&self) -> Option<Outage> {
        *lock(&self.outage)
    }

    pub(crate) fn set_outage(&self, outage: Option<Outage>) {
        *lock(&self.outage) = outage;
    }

    /// Whether the store has no room for anything new.
    pub(crate) fn is_store_full(&self) -> bool {
        self.store_is_full.load(Ordering::Relaxed)
    }

    /// Whether it had no room at or after that time.
    pub(crate) fn was_store_full_since(&self, time: Duration) -> bool {
        let last = Duration::from_millis(self.store_was_full_ms.load(Ordering::Relaxed));
        self.is_store_full() || !last.is_zero() && last >= time
    }

    pub(crate) fn set_store_full(&self, is_full: bool) {
        self.store_is_full.store(is_full, Ordering::Relaxed);
        let now = u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX);
        self.store_was_full_ms.store(now, Ordering::Relaxed);
    }

    /// Counts which path our code took.
    pub(crate) fn observe(&self, replica: usize, event: &Event) {
        // These two are so frequent that they would hide the others.
        if !matches!(event, Event::CommitRetried | Event::Joined) {
            self.trace.path(self.now(), format!("  (replica {replica}: {event:?})"));
        }
        let path = match event {
            Event::Adopted { rotations_behind: 2.. } => ADOPTED_FROM_AFAR.to_owned(),
            Event::Adopted { .. } => "Adopted".to_owned(),
            other => format!("{other:?}"),
        };
        self.counts.recovery(&path);
    }

    /// Whether the store failed for any replica, or had no room, within this time.
    pub(crate) fn store_failed_since(&self, time: Duration) -> bool {
        let since = self.now().saturating_sub(time);
        self.was_store_full_since(since)
            || self.replicas.iter().any(|replica| replica.store_disturbed_since(since))
    }

    /// Whether there is no fault that concerns everybody.
    pub(crate) fn is_calm(&self) -> bool {
        self.outage().is_none() && !self.is_store_full() && self.replicas.iter().all(Replica::is_calm)
    }

    pub(crate) fn end(&self) -> Duration {
        Duration::from_hours(24) * self.setup.days
    }
}

/// No two machines differ by more than thirty seconds, and the first two differ by exactly that.
fn skew(index: usize, dice: &mut Dice) -> i64 {
    let drawn = i64::try_from(dice.range(0, 30_000)).unwrap_or(0) - 15_000;
    match index {
        0 => -15_000,
        1 => 15_000,
        _ => drawn,
    }
}

fn new_secret(dice: &mut Dice) -> Secret {
    let mut bytes = vec![0; 32];
    dice.fill(&mut bytes);
    Secret::from_bytes(bytes).expect("32 bytes are a secret")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
