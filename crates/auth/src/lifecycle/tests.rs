//! Several replicas over one set of heads and one scripted provider, in virtual time.

mod amend;
mod doubt;
mod due;
mod ending;
mod flight;
mod heads;
mod store;

use std::collections::VecDeque;
use std::mem::take;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use tokio::time::Instant;

use super::*;
use crate::{
    HeadVersion, Holder, MemoryHeads, RefreshOutcome, Rejection, Request, ReuseCost, SignIn, SignInError,
    SignedIn, Task,
};

/// The life of an access token.
const LIFE: Duration = Duration::from_secs(100);
const TOKEN: u8 = 1;
const SESSION: &[u8] = b"a session";

/// How one presentation of a token goes.
#[derive(Clone)]
enum End {
    Rotate,
    Reject,
    NotSent,
    InDoubt,
}

struct Scripted {
    clock: Clock,
    timing: RefreshTiming,
    cost: ReuseCost,
    repeatable_for: Option<Duration>,
    script: Mutex<VecDeque<(Duration, End)>>,
    presented: Mutex<Vec<String>>,
    signed_out: Mutex<Vec<String>>,
    ended: Mutex<Vec<EndReason>>,
}

#[async_trait]
impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    async fn sign_in(&self, _: &Caller, _: SignIn) -> Result<SignedIn, SignInError> {
        Err(SignInError::Unsupported)
    }

    fn authorize(&self, _: &Caller, _: &Grant, _: &mut Request) {}

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        self.timing
    }

    fn reuse_cost(&self) -> ReuseCost {
        self.cost
    }

    fn repeatable_for(&self, _: &Grant) -> Option<Duration> {
        self.repeatable_for
    }

    #[expect(clippy::disallowed_methods, reason = "virtual time")]
    async fn refresh(&self, _: &Caller, grant: &Grant) -> RefreshOutcome {
        let (takes, end) = self.script.lock().unwrap().pop_front().unwrap_or((Duration::ZERO, End::Rotate));
        self.presented.lock().unwrap().push(token(grant));
        tokio::time::sleep(takes).await;
        match end {
            End::Rotate => RefreshOutcome::Rotated(issued(&format!("{}'", token(grant)), (self.clock)())),
            End::Reject => RefreshOutcome::Rejected(Rejection::InvalidGrant),
            End::NotSent => RefreshOutcome::NotSent("refused".to_owned()),
            End::InDoubt => RefreshOutcome::InDoubt("reset".to_owned()),
        }
    }

    async fn sign_out(&self, _: &Caller, grant: &Grant) -> SignOut {
        self.signed_out.lock().unwrap().push(token(grant));
        SignOut::default()
    }

    async fn on_end(&self, _: &Grant, reason: EndReason) {
        self.ended.lock().unwrap().push(reason);
    }
}

/// Heads that a test can take away.
struct Flaky {
    heads: MemoryHeads,
    away: AtomicBool,
    /// How many writes are done and not answered.
    lost_answers: AtomicU32,
    /// For how long everything stands still after the next write.
    suspension: Mutex<Duration>,
    skipped: Arc<Mutex<Duration>>,
}

impl Flaky {
    fn reachable(&self) -> Result<&MemoryHeads, HeadsError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(HeadsError("away".to_owned()));
        }
        Ok(&self.heads)
    }

    fn lose_answers_to_writes(&self, count: u32) {
        self.lost_answers.store(count, Ordering::SeqCst);
    }

    /// The clock of the machine goes on, that of the runtime does not.
    fn suspend_after_next_write(&self, time: Duration) {
        *self.suspension.lock().unwrap() = time;
    }
}

#[async_trait]
impl Heads for Flaky {
    async fn read(&self, session: &SessionKey) -> HeadRead {
        self.reachable()?.read(session).await
    }

    async fn write(
        &self,
        session: &SessionKey,
        expected: Option<HeadVersion>,
        head: &Head,
        keep: Keep,
    ) -> Result<Option<HeadVersion>, HeadsError> {
        let written = self.reachable()?.write(session, expected, head, keep).await;
        *self.skipped.lock().unwrap() += take(&mut *self.suspension.lock().unwrap());
        let lost =
            self.lost_answers.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if lost.is_ok() { Err(HeadsError("no answer".to_owned())) } else { written }
    }

    async fn acquire(
        &self,
        session: &SessionKey,
        holder: &Holder,
        life: Duration,
    ) -> Result<bool, HeadsError> {
        self.reachable()?.acquire(session, holder, life).await
    }

    async fn release(&self, session: &SessionKey, holder: &Holder) -> Result<(), HeadsError> {
        self.reachable()?.release(session, holder).await
    }
}

struct Bench {
    provider: Scripted,
    heads: Arc<Flaky>,
    events: Arc<Mutex<Vec<Event>>>,
}

/// A bench whose provider is ready.
struct Running {
    provider: Arc<Scripted>,
    heads: Arc<Flaky>,
    clock: Clock,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Bench {
    fn new() -> Self {
        let begun = Instant::now();
        let skipped = Arc::<Mutex<Duration>>::default();
        let clock: Clock = {
            let skipped = Arc::clone(&skipped);
            Arc::new(move || start() + begun.elapsed() + *skipped.lock().unwrap())
        };
        let provider = Scripted {
            clock: Arc::clone(&clock),
            timing: RefreshTiming::Before(Duration::from_secs(10)),
            cost: ReuseCost::Family,
            repeatable_for: None,
            script: Mutex::default(),
            presented: Mutex::default(),
            signed_out: Mutex::default(),
            ended: Mutex::default(),
        };
        let heads = Flaky {
            heads: MemoryHeads::new(clock),
            away: AtomicBool::new(false),
            lost_answers: AtomicU32::new(0),
            suspension: Mutex::default(),
            skipped,
        };
        Self { provider, heads: Arc::new(heads), events: Arc::default() }
    }

    fn ends(self, ends: impl IntoIterator<Item = (Duration, End)>) -> Self {
        self.provider.script.lock().unwrap().extend(ends);
        self
    }

    fn run(self) -> Running {
        let clock = Arc::clone(&self.provider.clock);
        Running { provider: Arc::new(self.provider), heads: self.heads, clock, events: self.events }
    }
}

impl Running {
    fn replica(&self) -> Lifecycle {
        self.replica_on(tokio_spawner())
    }

    fn replica_on(&self, spawner: Spawner) -> Lifecycle {
        let events = Arc::clone(&self.events);
        Lifecycle::new(LifecycleSettings {
            provider: Arc::clone(&self.provider) as Arc<dyn Provider>,
            heads: Arc::clone(&self.heads) as Arc<dyn Heads>,
            clock: Arc::clone(&self.clock),
            random: crate::system_random(),
            spawner,
            observer: Arc::new(move |event| events.lock().unwrap().push(event)),
            patience: Patience::default(),
        })
    }

    fn presented(&self) -> Vec<String> {
        self.provider.presented.lock().unwrap().clone()
    }

    fn count(&self, event: Event) -> usize {
        self.events.lock().unwrap().iter().filter(|seen| **seen == event).count()
    }

    fn take_store_away(&self, away: bool) {
        self.heads.away.store(away, Ordering::SeqCst);
    }
}

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000)
}

fn issued(text: &str, at: SystemTime) -> Grant {
    let mut grant = Grant::default().with(TOKEN, text);
    grant.access_expires_at = Some(at + LIFE);
    grant.access_lifetime = Some(LIFE);
    grant.refresh_expires_at = Some(at + Duration::from_hours(7 * 24));
    grant
}

/// The grant of the sign-in; its access token ends after [`LIFE`].
fn first() -> Grant {
    issued("t", start())
}

fn token(grant: &Grant) -> String {
    grant.field(TOKEN).map(|token| token.expose().to_owned()).unwrap_or_default()
}

/// A request with a cookie of this rotation.
async fn request(lifecycle: &Lifecycle, rotation: u64, grant: &Grant) -> Ensured {
    let session = SessionKey::new(SESSION, rotation);
    let head = lifecycle.read_head(&session).await;
    lifecycle.ensure_fresh(&Caller::default(), &session, grant, head).await
}

#[expect(clippy::disallowed_methods, reason = "virtual time")]
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[track_caller]
fn renewed(ensured: Ensured) -> Rotated {
    match ensured {
        Ensured::Usable(Some(rotated)) => rotated,
        other => panic!("not renewed: {other:?}"),
    }
}

#[track_caller]
fn assert_unavailable(ensured: &Ensured, expected_to_live: bool) {
    match ensured {
        Ensured::Unavailable { access_lives, .. } => {
            assert_eq!(*access_lives, expected_to_live, "{ensured:?}");
        }
        other => panic!("something was decided: {other:?}"),
    }
}

#[track_caller]
fn assert_ended(ensured: &Ensured, expected: EndReason) {
    match ensured {
        Ensured::Ended(reason) => assert_eq!(*reason, expected),
        other => panic!("not ended: {other:?}"),
    }
}
