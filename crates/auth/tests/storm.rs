//! A storm of refreshes against a provider that throttles: every second refresh is answered 429. A token that is
//! presented after it was spent costs the person every session.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use ironleaf_auth::*;
use ironleaf_records::{RecordLimits, Records};
use ironleaf_session::{KeyRing, Sealer};
use ironleaf_store::MemoryStore;
use tokio::time::Instant;

const SESSIONS: usize = 300;
const REPLICAS: usize = 3;
/// Each tab has its own cookies.
const TABS: usize = 3;
const ACCESS_LIFE: Duration = Duration::from_mins(5);
const LASTS: Duration = Duration::from_hours(2);
const TOKEN: u8 = 1;

/// Not a secret: a key for tests.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";

/// What the provider knows about one session.
#[derive(Default)]
struct Family {
    generation: u64,
    /// From when on the next presentation is accepted.
    welcome_at: Option<Instant>,
}

#[derive(Default)]
struct Tally {
    families: HashMap<usize, Family>,
    presented: u64,
    throttled: u64,
    too_early: u64,
    reused: u64,
    dice: u64,
}

struct Throttled {
    clock: Clock,
    tally: Mutex<Tally>,
}

fn grant(session: usize, generation: u64, now: SystemTime) -> Grant {
    let mut grant = Grant::of(Identity::new("42", "user@test.com"));
    grant.set(TOKEN, format!("{session}.{generation}"));
    grant.access_expires_at = Some(now + ACCESS_LIFE);
    grant.access_lifetime = Some(ACCESS_LIFE);
    grant
}

#[async_trait]
impl Provider for Throttled {
    fn name(&self) -> &'static str {
        "throttled"
    }

    fn base_urls(&self) -> &[BaseUrl] {
        &[]
    }

    async fn sign_in(&self, _: &Caller, _: SignIn, _: Option<&Grant>) -> Result<SignedIn, SignInError> {
        Err(SignInError::Unsupported)
    }

    fn authorize(&self, _: &Caller, _: &Grant, _: &mut Request) {}

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::Before(Duration::from_mins(1))
    }

    fn repetition(&self, _: &Grant) -> Repetition {
        Repetition::Never
    }

    #[expect(clippy::disallowed_methods, reason = "virtual time")]
    async fn refresh(&self, _: &Caller, presented: &Grant) -> RefreshOutcome {
        tokio::time::sleep(Duration::from_millis(120)).await;
        let now = Instant::now();
        let mut tally = self.tally.lock().unwrap();
        tally.presented += 1;
        tally.dice =
            tally.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let roll = tally.dice >> 33;
        let text = presented.field(TOKEN).unwrap().expose().to_owned();
        let (session, generation) = text.split_once('.').unwrap();
        let (session, generation) = (session.parse().unwrap(), generation.parse().unwrap());
        let family = tally.families.entry(session).or_default();
        if family.generation != generation {
            tally.reused += 1;
            return RefreshOutcome::Rejected(Rejection::Reused);
        }
        let is_early = family.welcome_at.is_some_and(|at| now < at);
        if roll.is_multiple_of(2) {
            let wait = Duration::from_secs(2 + roll / 2 % 20);
            family.welcome_at = Some(now + wait);
            tally.throttled += 1;
            tally.too_early += u64::from(is_early);
            return RefreshOutcome::Unspent { retry_after: Some(wait), detail: "429".to_owned() };
        }
        family.generation += 1;
        family.welcome_at = None;
        let renewed = grant(session, family.generation, (self.clock)());
        tally.too_early += u64::from(is_early);
        RefreshOutcome::Rotated(renewed)
    }

    async fn sign_out(&self, _: &Caller, _: &Grant) -> Result<(), TransportError> {
        Ok(())
    }
}

/// One tab: it sends a request now and then, with its newest cookie, to any replica.
#[expect(clippy::disallowed_methods, reason = "virtual time")]
async fn tab(session: usize, number: usize, replicas: Vec<Lifecycle>, mut held: (u64, Grant)) -> (u64, u64) {
    let (begun, mut turn, mut unavailable) = (Instant::now(), number, 0);
    while begun.elapsed() < LASTS {
        turn += 1;
        let pause = 1 + (turn * 7 + number * 5 + session * 3) % 13;
        tokio::time::sleep(Duration::from_secs(pause as u64)).await;
        let lifecycle = &replicas[(turn + session) % REPLICAS];
        let key = SessionKey::new(&session.to_be_bytes(), held.0);
        let found = lifecycle.read_head(&key).await;
        match lifecycle.ensure_fresh(&Caller::default(), &key, &held.1, found).await {
            Ensured::Usable(Some(newest)) => held = (newest.rotation, newest.grant),
            Ensured::Usable(None) => {}
            Ensured::Unavailable { newest, access_lives, .. } => {
                unavailable += u64::from(!access_lives);
                if let Some(newest) = newest {
                    held = (newest.rotation, newest.grant);
                }
            }
            Ensured::Ended(_) => return (1, unavailable),
        }
    }
    (0, unavailable)
}

#[tokio::test(start_paused = true)]
async fn a_throttled_provider_costs_nobody_a_session_and_is_never_asked_before_it_wants_to_be() {
    let begun = Instant::now();
    let clock: Clock = Arc::new(move || UNIX_EPOCH + Duration::from_hours(500_000) + begun.elapsed());
    let provider = Arc::new(Throttled { clock: Arc::clone(&clock), tally: Mutex::default() });
    let store = Arc::new(MemoryStore::new(64 << 20, Arc::clone(&clock)));
    let replica = |_| {
        let sealer = Sealer::new(KeyRing::parse(TEST_KEY).unwrap(), system_random());
        let records =
            Records::new(Arc::clone(&store) as _, sealer, Arc::clone(&clock), RecordLimits::default());
        Lifecycle::new(LifecycleSettings {
            provider: Arc::clone(&provider) as _,
            heads: Arc::new(records),
            clock: Arc::clone(&clock),
            random: system_random(),
            spawner: tokio_spawner(),
            observer: nobody(),
            time_limits: TimeLimits::default(),
        })
    };
    let replicas: Vec<_> = (0..REPLICAS).map(replica).collect();
    let mut tabs = tokio::task::JoinSet::new();
    for session in 0..SESSIONS {
        for number in 0..TABS {
            tabs.spawn(tab(session, number, replicas.clone(), (0, grant(session, 0, clock()))));
        }
    }
    let (mut lost, mut unavailable) = (0, 0);
    while let Some(ended) = tabs.join_next().await {
        let ended = ended.unwrap();
        lost += ended.0;
        unavailable += ended.1;
    }
    let tally = provider.tally.lock().unwrap();
    println!(
        "{} presentations of {SESSIONS} sessions, {} of them throttled, {} too early, {} of a spent token; {lost} tabs signed out, \
         {unavailable} pages without an access token",
        tally.presented, tally.throttled, tally.too_early, tally.reused
    );
    assert!(tally.presented > 5_000 && tally.throttled * 3 > tally.presented, "it was no storm");
    assert_eq!((lost, tally.too_early, tally.reused), (0, 0, 0));
}
