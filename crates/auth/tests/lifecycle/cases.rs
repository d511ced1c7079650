//! Several replicas over one set of heads and one scripted provider, in virtual time.

mod amend;
mod another;
mod doubt;
mod due;
mod ending;
mod flight;
mod heads;
mod knowledge;
mod outages;
mod store;

use std::collections::VecDeque;
use std::mem::take;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use ironleaf_auth::*;
use tokio::time::{Instant, timeout};

/// The lifetime of an access token.
const LIFE: Duration = Duration::from_secs(100);
const TOKEN: u8 = 1;
const SESSION: &[u8] = b"a session";

/// How one presentation of a token ends.
#[derive(Clone)]
enum End {
    Rotate,
    /// A new token, of this person.
    RotateFor(&'static str),
    Reject,
    NotSent,
    /// Refused, with this wait.
    Unspent(Option<Duration>),
    /// No answer came.
    InDoubt,
    /// A whole answer came, and it says nothing about the token.
    Answered,
}

struct Scripted {
    clock: Clock,
    timing: RefreshTiming,
    moves_end: bool,
    repetition: Repetition,
    script: Mutex<VecDeque<(Duration, End)>>,
    presented: Mutex<Vec<String>>,
    signed_out: Mutex<Vec<String>>,
    /// The result of each sign-out.
    sign_outs: Mutex<VecDeque<TransportError>>,
    ended: Mutex<Vec<EndReason>>,
}

#[async_trait]
impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn base_urls(&self) -> &[BaseUrl] {
        &[]
    }

    async fn sign_in(&self, _: &Caller, _: SignIn, _: Option<&Grant>) -> Result<SignedIn, SignInError> {
        Err(SignInError::Unsupported)
    }

    fn authorize(&self, _: &Caller, _: &Grant, _: &mut Request) {}

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        self.timing
    }

    fn refresh_moves_end(&self, _: &Grant) -> bool {
        self.moves_end
    }

    fn repetition(&self, _: &Grant) -> Repetition {
        self.repetition
    }

    #[expect(clippy::disallowed_methods, reason = "virtual time")]
    async fn refresh(&self, _: &Caller, grant: &Grant) -> RefreshOutcome {
        let (takes, end) = self.script.lock().unwrap().pop_front().unwrap_or((Duration::ZERO, End::Rotate));
        self.presented.lock().unwrap().push(token(grant));
        tokio::time::sleep(takes).await;
        match end {
            End::Rotate => RefreshOutcome::Rotated(issued(&format!("{}'", token(grant)), (self.clock)())),
            End::RotateFor(id) => {
                let grant = issued(&format!("{}'", token(grant)), (self.clock)());
                RefreshOutcome::Rotated(grant.for_identity(Identity::new(id, "user@test.com")))
            }
            End::Reject => RefreshOutcome::Rejected(Rejection::InvalidGrant),
            End::NotSent => RefreshOutcome::NotSent("refused".to_owned()),
            End::Unspent(retry_after) => {
                RefreshOutcome::Unspent { retry_after, detail: "too many requests".to_owned() }
            }
            End::InDoubt => RefreshOutcome::InDoubt { answered: false, detail: "reset".to_owned() },
            End::Answered => RefreshOutcome::InDoubt { answered: true, detail: "answered 500".to_owned() },
        }
    }

    async fn sign_out(&self, _: &Caller, grant: &Grant) -> Result<(), TransportError> {
        self.signed_out.lock().unwrap().push(token(grant));
        self.sign_outs.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    async fn on_end(&self, _: &Grant, reason: EndReason) {
        self.ended.lock().unwrap().push(reason);
    }
}

/// Heads that a test can make unreachable.
struct Flaky {
    heads: Arc<dyn Heads>,
    /// Who took the lease last.
    holder: Mutex<Option<Holder>>,
    away: AtomicBool,
    /// Whether it has no space for a write.
    full: AtomicBool,
    /// Whether it drops the grant of each write, as a store without space for grants does.
    has_room_for_marks_only: AtomicBool,
    /// Whether grants are sealed under a key that is not known here.
    lacks_key: AtomicBool,
    /// After how many reads the next one gets no answer.
    reads_until_lost: Mutex<Option<u32>>,
    /// How many writes are done without an answer.
    lost_answers: AtomicU32,
    /// Whether it becomes unreachable after the last of these writes.
    goes_away_with_the_last_lost_answer: AtomicBool,
    /// How long everything stands still after the next write.
    suspension: Mutex<Duration>,
    skipped: Arc<Mutex<Duration>>,
    /// How far the machine's clock is set back after the next write.
    setting_back: Mutex<Duration>,
    set_back: Arc<Mutex<Duration>>,
}

impl Flaky {
    /// Simulates that the lease has expired.
    async fn break_lease(&self, session: &SessionKey) {
        let holder = self.holder.lock().unwrap().unwrap();
        self.heads.release(session, &holder).await.unwrap();
    }

    fn reachable(&self) -> Result<&dyn Heads, HeadsError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(HeadsError("away".to_owned()));
        }
        Ok(&*self.heads)
    }

    fn is_read_lost(&self) -> bool {
        let mut until_lost = self.reads_until_lost.lock().unwrap();
        *until_lost = until_lost.and_then(|left| left.checked_sub(1));
        *until_lost == Some(0)
    }

    fn lose_answers_to_writes(&self, count: u32) {
        self.lost_answers.store(count, Ordering::SeqCst);
    }

    /// The machine's clock advances, the runtime's does not.
    fn suspend_after_next_write(&self, time: Duration) {
        *self.suspension.lock().unwrap() = time;
    }
}

#[async_trait]
impl Heads for Flaky {
    async fn read(&self, session: &SessionKey) -> HeadRead {
        if self.is_read_lost() {
            return Err(HeadsError("no answer to a read".to_owned()));
        }
        let mut kept = self.reachable()?.read(session).await?;
        if let Some(kept) = kept.as_mut().filter(|_| self.lacks_key.load(Ordering::SeqCst)) {
            kept.sealed_elsewhere = kept.head.grant.take().is_some();
        }
        Ok(kept)
    }

    async fn write(
        &self,
        session: &SessionKey,
        expected: Option<HeadVersion>,
        head: &Head,
        keep: Keep,
    ) -> Result<Option<HeadVersion>, HeadsError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(HeadsError("full".to_owned()));
        }
        let mark_alone = Head { grant: None, shown: true, ..head.clone() };
        let head = if self.has_room_for_marks_only.load(Ordering::SeqCst) && head.grant.is_some() {
            if keep.only_with_grant {
                return Err(HeadsError("no room for the grant".to_owned()));
            }
            &mark_alone
        } else {
            head
        };
        let written = self.reachable()?.write(session, expected, head, keep).await;
        *self.skipped.lock().unwrap() += take(&mut *self.suspension.lock().unwrap());
        *self.set_back.lock().unwrap() += take(&mut *self.setting_back.lock().unwrap());
        let lost =
            self.lost_answers.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if lost == Ok(1) && self.goes_away_with_the_last_lost_answer.load(Ordering::SeqCst) {
            self.away.store(true, Ordering::SeqCst);
        }
        if lost.is_ok() { Err(HeadsError("no answer".to_owned())) } else { written }
    }

    async fn acquire(
        &self,
        session: &SessionKey,
        holder: &Holder,
        life: Duration,
    ) -> Result<bool, HeadsError> {
        let taken = self.reachable()?.acquire(session, holder, life).await?;
        if taken {
            *self.holder.lock().unwrap() = Some(*holder);
        }
        Ok(taken)
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

/// A bench with a provider that is ready.
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
        let set_back = Arc::<Mutex<Duration>>::default();
        let clock: Clock = {
            let (skipped, set_back) = (Arc::clone(&skipped), Arc::clone(&set_back));
            // Between two milliseconds, as the time of a real clock is.
            Arc::new(move || {
                start() + begun.elapsed() + *skipped.lock().unwrap() + Duration::from_nanos(123_456)
                    - *set_back.lock().unwrap()
            })
        };
        let provider = Scripted {
            clock: Arc::clone(&clock),
            timing: RefreshTiming::Before(Duration::from_secs(10)),
            moves_end: true,
            repetition: Repetition::AskAgain(Rest::SHORT),
            script: Mutex::default(),
            presented: Mutex::default(),
            signed_out: Mutex::default(),
            sign_outs: Mutex::default(),
            ended: Mutex::default(),
        };
        let heads = Flaky {
            heads: super::heads(&clock),
            holder: Mutex::default(),
            away: AtomicBool::new(false),
            full: AtomicBool::new(false),
            lacks_key: AtomicBool::new(false),
            has_room_for_marks_only: AtomicBool::new(false),
            reads_until_lost: Mutex::default(),
            lost_answers: AtomicU32::new(0),
            goes_away_with_the_last_lost_answer: AtomicBool::new(false),
            suspension: Mutex::default(),
            skipped,
            setting_back: Mutex::default(),
            set_back,
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
            random: system_random(),
            spawner,
            observer: Arc::new(move |event| events.lock().unwrap().push(event)),
            time_limits: TimeLimits::default(),
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

/// A provider that recognises repetitions for ten minutes.
const RECOGNISED: Repetition = Repetition::Recognised { within: Duration::from_mins(10), then: Rest::SHORT };

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
