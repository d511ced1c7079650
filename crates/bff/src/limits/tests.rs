use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ironleaf_auth::Clock;
use ironleaf_store::{
    Draft, Durability, Expected, Holder, Key, MemoryStore, Record, Store, StoreError, Written,
};
use tokio::time::Instant;

use super::*;
use crate::SignInFailure;

const SETTINGS: RateLimits = RateLimits {
    strict: Allowance::new(3, Duration::from_mins(3)),
    account: Allowance::new(6, Duration::from_mins(96)),
    address: Allowance::new(20, Duration::from_mins(20)),
    guests: Allowance::new(30, Duration::from_mins(30)),
    sign_ins: Allowance::new(12, Duration::from_hours(24)),
    recipient: Allowance::new(3, Duration::from_hours(3)),
    mails: Allowance::new(9, Duration::from_hours(1)),
};

const EVE: &str = "eve@test.com";

struct World {
    secs: Arc<AtomicU64>,
    store: Arc<Away>,
}

/// A store that can be away.
struct Away {
    store: MemoryStore,
    is_gone: AtomicBool,
    /// The durability of each write.
    writes: Mutex<Vec<Durability>>,
}

impl World {
    fn new() -> Self {
        let secs = Arc::new(AtomicU64::new(1_800_000_000));
        let store = MemoryStore::new(16 << 20, clock(&secs));
        Self {
            secs,
            store: Arc::new(Away { store, is_gone: AtomicBool::new(false), writes: Mutex::default() }),
        }
    }

    fn replica(&self) -> Arc<Limits> {
        Limits::new(SETTINGS, Arc::clone(&self.store) as Arc<dyn Store>, clock(&self.secs)).into()
    }

    fn advance(&self, time: Duration) {
        self.secs.fetch_add(time.as_secs(), Ordering::SeqCst);
    }
}

fn clock(secs: &Arc<AtomicU64>) -> Clock {
    let secs = Arc::clone(secs);
    Arc::new(move || SystemTime::UNIX_EPOCH + Duration::from_secs(secs.load(Ordering::SeqCst)))
}

fn from(last: u8) -> Origin {
    Origin { address: Some(Ipv4Addr::new(203, 0, 113, last).into()), device: None }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

/// Tries a wrong password once, and returns the wait if the try was refused.
async fn fail(limits: &Arc<Limits>, subject: Subject<'_>, origin: &Origin) -> Option<Duration> {
    match limits.admit(subject, origin, soon()).await {
        Ok(attempt) => {
            attempt.failed().await;
            None
        }
        Err(refused) => Some(refused.retry_after),
    }
}

/// How many of `tries` wrong passwords were checked.
async fn failures(limits: &Arc<Limits>, subject: Subject<'_>, origin: &Origin, tries: usize) -> usize {
    let mut failures = 0;
    for _ in 0..tries {
        failures += usize::from(fail(limits, subject, origin).await.is_none());
    }
    failures
}

#[tokio::test]
async fn an_account_is_limited_strictly_from_one_address_and_not_from_another() {
    let limits = World::new().replica();
    assert_eq!(failures(&limits, Subject::Password(EVE), &from(1), 9).await, 3);
    assert!(limits.admit(Subject::Password(EVE), &from(2), soon()).await.is_ok());
    assert!(limits.admit(Subject::Password("bob@test.com"), &from(1), soon()).await.is_ok());
}

#[tokio::test]
async fn an_account_is_limited_over_all_addresses_with_a_wait_that_grows() {
    for subject in [Subject::Password, Subject::Code] {
        let world = World::new();
        let limits = world.replica();
        let mut waits = Vec::new();
        for last in 0..100 {
            if let Some(wait) = fail(&limits, subject(EVE), &from(last)).await {
                waits.push(wait.as_secs());
                world.advance(wait);
            }
        }
        assert_eq!(waits[..6], [60, 120, 240, 480, 960, 960]);
        // Another account is not affected.
        assert!(limits.admit(subject("bob@test.com"), &from(99), soon()).await.is_ok());
    }
}

#[tokio::test]
async fn an_address_is_limited_over_all_accounts() {
    let limits = World::new().replica();
    let mut failed = 0;
    for number in 0..50 {
        let account = format!("{number}@test.com");
        failed += usize::from(fail(&limits, Subject::Password(&account), &from(1)).await.is_none());
    }
    assert_eq!(failed, 20);
    assert!(limits.admit(Subject::Password(EVE), &from(2), soon()).await.is_ok());
}

#[tokio::test]
async fn strangers_cannot_keep_a_person_out_of_a_browser_that_knows_them() {
    let world = World::new();
    let limits = world.replica();
    let device = |account: &str| {
        let device = Some(KnownDevice::new([1; 16]).with(account));
        Origin { device, ..from(1) }
    };
    for last in 0..50 {
        failures(&limits, Subject::Password(EVE), &from(last), 5).await;
    }
    for number in 0..50 {
        fail(&limits, Subject::Password(&format!("{number}@test.com")), &from(1)).await;
    }
    assert!(limits.admit(Subject::Password(EVE), &from(1), soon()).await.is_err());
    assert!(limits.admit(Subject::Password(EVE), &device(EVE), soon()).await.is_ok());
    // The browser of another person is a stranger, and one that knows the person has only as many tries.
    assert!(limits.admit(Subject::Password(EVE), &device("bob@test.com"), soon()).await.is_err());
    assert_eq!(failures(&limits, Subject::Password(EVE), &device(EVE), 9).await, 3);
    // A link from an e-mail is not a password.
    assert!(limits.admit(Subject::Link(EVE), &from(77), soon()).await.is_ok());
}

#[tokio::test]
async fn the_right_password_forgives_the_wrong_ones_of_the_same_person() {
    let limits = World::new().replica();
    for _ in 0..2 {
        assert_eq!(failures(&limits, Subject::Password(EVE), &from(1), 2).await, 2);
        limits.admit(Subject::Password(EVE), &from(1), soon()).await.ok().unwrap().succeeded().await;
    }
    assert_eq!(failures(&limits, Subject::Password(EVE), &from(1), 2).await, 2);
    // The failures of everybody together are not forgiven.
    assert!(limits.admit(Subject::Password(EVE), &from(2), soon()).await.is_err());
}

#[tokio::test]
async fn right_passwords_and_what_nobody_could_judge_count_for_nothing() {
    let limits = World::new().replica();
    for outcome in [
        Ok(()),
        Err(SignInFailure::Unavailable),
        Err(SignInFailure::Misconfigured),
        Err(SignInFailure::SessionTooLarge),
        Err(SignInFailure::SecondFactor),
        Err(SignInFailure::CodeNeeded),
        Err(SignInFailure::ChallengeOver),
        Err(SignInFailure::TooManyRequests { retry_after: None }),
    ] {
        for _ in 0..100 {
            let attempt = limits.admit(Subject::Password(EVE), &from(1), soon()).await;
            attempt.ok().unwrap().judge(&outcome).await;
        }
    }
    assert_eq!(limits.tally.len(), 0);
}

#[tokio::test]
async fn replicas_and_a_restart_know_of_each_others_counts() {
    let world = World::new();
    let (one, other) = (world.replica(), world.replica());
    assert_eq!(failures(&one, Subject::Password(EVE), &from(1), 2).await, 2);
    assert_eq!(failures(&other, Subject::Password(EVE), &from(1), 9).await, 1);
    assert!(fail(&one, Subject::Password(EVE), &from(1)).await.is_some());
    assert!(fail(&world.replica(), Subject::Password(EVE), &from(1)).await.is_some());
    world.advance(Duration::from_mins(3));
    assert_eq!(failures(&one, Subject::Password(EVE), &from(1), 9).await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_gone_stops_no_sign_in_and_no_counting() {
    let world = World::new();
    let limits = world.replica();
    world.store.is_gone.store(true, Ordering::SeqCst);
    assert_eq!(failures(&limits, Subject::Password(EVE), &from(1), 9).await, 3);
    assert!(limits.admit(Subject::Password("bob@test.com"), &from(1), soon()).await.is_ok());
    world.store.is_gone.store(false, Ordering::SeqCst);
    assert!(fail(&limits, Subject::Password(EVE), &from(1)).await.is_some());
    // The next failure tells the others what was counted meanwhile.
    world.advance(Duration::from_secs(30));
    assert_eq!(fail(&limits, Subject::Password(EVE), &from(1)).await, None);
    assert!(fail(&world.replica(), Subject::Password(EVE), &from(1)).await.is_some());
}

#[tokio::test]
async fn a_thousand_guesses_in_one_moment_are_few() {
    let limits = Arc::new(World::new().replica());
    let mut guesses = tokio::task::JoinSet::new();
    let looked_at = Arc::new(AtomicU64::new(0));
    for _ in 0..1000 {
        let (limits, looked_at) = (Arc::clone(&limits), Arc::clone(&looked_at));
        guesses.spawn(async move {
            if let Ok(attempt) = limits.admit(Subject::Password(EVE), &from(1), soon()).await {
                looked_at.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                attempt.failed().await;
            }
        });
    }
    guesses.join_all().await;
    // Twice as many as in sequence: tries under way cannot know of each other's failure.
    assert!(looked_at.load(Ordering::SeqCst) < 2 * 3, "{looked_at:?}");
}

#[tokio::test]
async fn the_addresses_of_one_ipv6_network_are_one() {
    let limits = World::new().replica();
    let from = |interface: u16| Origin {
        address: Some(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 0, 0, 0, interface))),
        device: None,
    };
    let mut failed = 0;
    for interface in 0..9 {
        failed += failures(&limits, Subject::Password(EVE), &from(interface), 1).await;
    }
    assert_eq!(failed, 3);
    let mapped = |address: Ipv4Addr| Origin { address: Some(address.to_ipv6_mapped().into()), device: None };
    assert_eq!(failures(&limits, Subject::Link(EVE), &mapped(Ipv4Addr::new(10, 0, 0, 1)), 9).await, 3);
    assert_eq!(failures(&limits, Subject::Link(EVE), &mapped(Ipv4Addr::new(10, 0, 0, 2)), 9).await, 3);
}

/// Uses up the half of all e-mails that is open to everybody.
async fn use_up_the_open_half(limits: &Arc<Limits>) {
    for number in 0..4 {
        assert!(limits.mail(Mail::Reset(&format!("{number}@test.com")), &from(1)).await.is_ok());
    }
}

#[tokio::test]
async fn a_network_has_a_few_of_the_last_e_mails_however_many_it_asks_for_at_once() {
    let limits = World::new().replica();
    use_up_the_open_half(&limits).await;
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..100 {
        let limits = Arc::clone(&limits);
        asked.spawn(async move {
            let to = format!("new{number}@test.com");
            limits.may_mail(Mail::Registration(&to), &from(1)).await.is_ok()
        });
    }
    let free = asked.join_all().await.into_iter().filter(|free| *free).count();
    assert_eq!(free, 1);
    assert!(limits.mail(Mail::Reset(EVE), &from(2)).await.is_ok());
    let device = Some(KnownDevice::new([1; 16]).with(EVE));
    assert!(limits.mail(Mail::Reset(EVE), &Origin { device, ..from(1) }).await.is_ok());
}

#[tokio::test]
async fn whoever_has_a_network_of_ipv6_has_the_last_e_mails_of_one_address() {
    let limits = World::new().replica();
    use_up_the_open_half(&limits).await;
    let from = |site: u16, network: u16| Origin {
        address: Some(Ipv6Addr::new(0x2001, 0xdb8, site, network, 0, 0, 0, 1).into()),
        device: None,
    };
    let mut free = 0;
    for network in 0..60 {
        let to = format!("six{network}@test.com");
        free += usize::from(limits.mail(Mail::Reset(&to), &from(1, network)).await.is_ok());
    }
    assert_eq!(free, 1);
    assert!(limits.mail(Mail::Reset(EVE), &from(2, 0)).await.is_ok());
}

/// A request of an account for a new address.
fn wish(account: &str) -> Mail<'_> {
    Mail::Verification { account, to: EVE }
}

#[tokio::test]
async fn an_e_mail_that_was_not_sent_counts_for_no_address() {
    let limits = World::new().replica();
    for account in ["1", "2", "3", "4"] {
        drop(limits.may_mail(wish(account), &from(1)).await.ok().unwrap());
    }
    // Those four came out of everybody's half, so the others come from other networks.
    let mut sent = 0;
    for account in 5..9 {
        sent += usize::from(limits.mail(wish(&account.to_string()), &from(account)).await.is_ok());
    }
    assert_eq!(sent, 4, "three that are free, and one that is kept");
}

#[tokio::test]
async fn memory_is_bounded_and_many_names_push_out_none_that_matters() {
    let world = World::new();
    let limits = world.replica();
    // None of this is in the store.
    world.store.is_gone.store(true, Ordering::SeqCst);
    assert_eq!(failures(&limits, Subject::Own("confirmation", EVE), &from(1), 9).await, 3);
    for number in 0..20_000 {
        let account = number.to_string();
        fail(&limits, Subject::Own("confirmation", &account), &from(1)).await;
    }
    assert!(limits.tally.len() <= 16 * 1024, "{}", limits.tally.len());
    assert!(fail(&limits, Subject::Own("confirmation", EVE), &from(1)).await.is_some());
}

#[tokio::test]
async fn no_try_waits_for_a_disk() {
    let world = World::new();
    let limits = world.replica();
    fail(&limits, Subject::Own("confirmation", EVE), &from(1)).await;
    if let Ok(attempt) = limits.admit(Subject::Own("confirmation", EVE), &from(1), soon()).await {
        attempt.succeeded().await;
    }
    let writes = world.store.writes.lock().unwrap();
    assert!(writes.len() >= 2 && writes.iter().all(|kind| *kind == Durability::Relaxed), "{writes:?}");
}

#[async_trait]
impl Store for Away {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        // A real store is on another machine, so other tasks run meanwhile.
        tokio::task::yield_now().await;
        self.here()?.read(keys).await
    }

    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        self.writes.lock().unwrap().push(draft.durability);
        self.here()?.write(key, expected, draft).await
    }

    async fn acquire(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        self.here()?.acquire(lease, holder, ttl).await
    }

    async fn renew(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        self.here()?.renew(lease, holder, ttl).await
    }

    async fn release(&self, lease: &Key, holder: &Holder) -> Result<(), StoreError> {
        self.here()?.release(lease, holder).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.here()?.check().await
    }
}

impl Away {
    fn here(&self) -> Result<&MemoryStore, StoreError> {
        if self.is_gone.load(Ordering::SeqCst) {
            return Err(StoreError::Unreachable("away".into()));
        }
        Ok(&self.store)
    }
}
