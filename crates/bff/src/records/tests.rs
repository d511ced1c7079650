use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ironleaf_auth::{EndReason, Grant, Head, HeadState, Heads as _, Keep, Rejection, SessionKey};
use ironleaf_session::{Identity, KeyRing, Ledger as _, SessionId, Standing, Tombstone};
use ironleaf_store::{Draft, Durability, Expected, Holder, MemoryStore, Record, StoreError, Written};

use super::encoding::{decode_mark, encode_mark};
use super::*;

/// Not secrets: keys for tests.
const TEST_KEY: &str = "7465737420746573742074657374207465737420746573742074657374207465";
const OTHER_TEST_KEY: &str = "6f74686572206f74686572206f74686572206f74686572206f74686572206f74";

const KEEP: Keep = Keep { mark: Duration::from_hours(1), grant: Duration::from_hours(1) };
const HOUR: Duration = Duration::from_hours(1);

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(500_000)
}

struct Bench {
    store: Arc<MemoryStore>,
    records: Records,
}

impl Bench {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new(1 << 20, Arc::new(now)));
        let records = records(&store, TEST_KEY);
        Self { store, records }
    }

    async fn raw(&self, key: Key) -> Record {
        self.store.read(&[key]).await.unwrap().remove(0).unwrap()
    }
}

fn records(store: &Arc<MemoryStore>, key: &str) -> Records {
    let sealer = Sealer::new(KeyRing::parse(key).unwrap(), ironleaf_session::system_random());
    Records::new(Arc::clone(store) as Arc<dyn Store>, sealer, Arc::new(now))
}

fn head(rotation: u64, state: HeadState) -> Head {
    Head { rotation, state, grant: Some(Grant::default().with(2, "a-secret-refresh-token")), shown: false }
}

fn session() -> SessionKey {
    SessionKey::new(b"0123456789abcdef", 0)
}

fn identity(created_at: SystemTime) -> Identity {
    Identity {
        id: SessionId::from_bytes(*b"0123456789abcdef"),
        owner: Owner::new("core-api", "42"),
        provider_sid: Some("sid-1".to_owned()),
        created_at,
        rotation: 0,
    }
}

fn states() -> Vec<HeadState> {
    let rejections =
        [Rejection::InvalidGrant, Rejection::Reused, Rejection::AccountGone].map(EndReason::Rejected);
    let reasons = [
        EndReason::SignedOut,
        EndReason::Replaced,
        EndReason::AccountDeleted,
        EndReason::Superseded,
        EndReason::Unresolved,
    ];
    let living = [
        HeadState::Idle,
        HeadState::Presented { first: now() },
        HeadState::InDoubt { first: now(), since: now() },
    ];
    living.into_iter().chain(reasons.into_iter().chain(rejections).map(HeadState::Dead)).collect()
}

/// A store that is away until then.
struct AwayUntil {
    store: Arc<MemoryStore>,
    back: tokio::time::Instant,
}

impl AwayUntil {
    fn reachable(&self) -> Result<&MemoryStore, StoreError> {
        if tokio::time::Instant::now() < self.back {
            return Err(StoreError::Unreachable("away".into()));
        }
        Ok(&self.store)
    }
}

#[async_trait::async_trait]
impl Store for AwayUntil {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        self.reachable()?.read(keys).await
    }

    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        self.reachable()?.write(key, expected, draft).await
    }

    async fn acquire(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        self.reachable()?.acquire(lease, holder, ttl).await
    }

    async fn renew(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        self.reachable()?.renew(lease, holder, ttl).await
    }

    async fn release(&self, lease: &Key, holder: &Holder) -> Result<(), StoreError> {
        self.reachable()?.release(lease, holder).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.reachable().map(drop)
    }
}

#[tokio::test(start_paused = true)]
async fn a_tombstone_is_written_once_the_store_is_back() {
    let bench = Bench::new();
    let back = tokio::time::Instant::now() + Duration::from_mins(20);
    let sealer = bench.records.sealer.clone();
    let away = AwayUntil { store: Arc::clone(&bench.store), back };
    let records = Records::new(Arc::new(away), sealer, Arc::new(now));
    let session = identity(now());
    let tombstone = Tombstone::Session(session.id);
    assert!(records.end(&tombstone, now() + HOUR).await.is_err());
    records.end_when_possible(tombstone, SignedOutReason::SignedOut, now() + HOUR).await;
    let known = bench.records.standing(&session).await.unwrap();
    assert!(matches!(known.standing, Standing::Ended));
    assert!(back.elapsed() < Duration::from_mins(1), "{:?} late", back.elapsed());
}

#[tokio::test]
async fn a_head_comes_back_as_it_was_written() {
    for state in states() {
        let bench = Bench::new();
        let written = head(7, state);
        let version = bench.records.write(&session(), None, &written, KEEP).await.unwrap().unwrap();
        let kept = bench.records.read(&session()).await.unwrap().unwrap();
        assert_eq!((kept.version, kept.head), (version, written));
    }
}

#[test]
fn a_mark_is_small_and_every_truncation_of_it_is_refused() {
    for state in states() {
        let mark = encode_mark(&head(u64::from(u32::MAX), state));
        assert!(mark.len() <= 24, "{state:?} takes {} bytes", mark.len());
        for length in 0..mark.len() {
            assert!(decode_mark(&mark[..length]).is_err(), "{state:?} cut to {length} bytes");
        }
    }
}

#[tokio::test]
async fn a_head_is_written_over_no_other_than_the_one_that_was_read() {
    let bench = Bench::new();
    let first = bench.records.write(&session(), None, &head(1, HeadState::Idle), KEEP).await.unwrap();
    let second = head(2, HeadState::Idle);
    assert_eq!(bench.records.write(&session(), None, &second, KEEP).await.unwrap(), None);
    assert!(bench.records.write(&session(), first, &second, KEEP).await.unwrap().is_some());
    assert_eq!(bench.records.write(&session(), first, &second, KEEP).await.unwrap(), None);
}

#[tokio::test]
async fn the_store_sees_neither_the_session_nor_a_token() {
    let bench = Bench::new();
    bench.records.write(&session(), None, &head(1, HeadState::Idle), KEEP).await.unwrap();
    let key = head_key(session().id());
    let record = bench.raw(key).await;
    let seen = [key.as_bytes().to_vec(), record.mark, record.body.unwrap()].concat();
    for secret in [session().id(), b"a-secret-refresh-token"] {
        assert!(seen.windows(secret.len()).all(|window| window != secret));
    }
}

#[tokio::test]
async fn a_grant_that_does_not_open_is_told_apart_from_none() {
    let bench = Bench::new();
    bench.records.write(&session(), None, &head(1, HeadState::Idle), KEEP).await.unwrap();
    let record = bench.raw(head_key(session().id())).await;
    let put = |name: &'static [u8], mark: Vec<u8>| {
        let body = ironleaf_store::Body {
            bytes: record.body.clone().unwrap(),
            ttl: HOUR,
            eviction: ironleaf_store::Eviction::Last,
        };
        let draft = Draft { mark, mark_ttl: HOUR, body: Some(body), durability: Durability::Synced };
        let store = Arc::clone(&bench.store);
        async move {
            let written = store.write(&head_key(name), Expected::Anything, draft).await.unwrap();
            assert!(matches!(written, Written::Done(_)));
        }
    };
    put(b"moved to another session", record.mark.clone()).await;
    put(b"0123456789abcdef", encode_mark(&head(2, HeadState::Idle))).await;
    let moved = SessionKey::new(b"moved to another session", 0);
    assert_sealed_elsewhere(&bench.records, &moved, "a record of another session").await;
    assert_sealed_elsewhere(&bench.records, &session(), "a grant beside the mark of another rotation").await;

    let bench = Bench::new();
    bench.records.write(&session(), None, &head(1, HeadState::Idle), KEEP).await.unwrap();
    assert_sealed_elsewhere(&records(&bench.store, OTHER_TEST_KEY), &session(), "an unknown key").await;
}

async fn assert_sealed_elsewhere(records: &Records, session: &SessionKey, what: &str) {
    let kept = records.read(session).await.unwrap().unwrap();
    assert!(kept.sealed_elsewhere && kept.head.grant.is_none(), "{what}");
}

#[tokio::test]
async fn one_round_trip_brings_the_standing_and_the_head() {
    let bench = Bench::new();
    bench.records.write(&session(), None, &head(3, HeadState::Idle), KEEP).await.unwrap();
    let known = bench.records.standing(&identity(now())).await.unwrap();
    assert_eq!(known.standing, Standing::Live { rotation: 3 });
    let ArrivedHead(head) = known.extensions.get::<ArrivedHead>().unwrap();
    assert_eq!(head.as_ref().unwrap().as_ref().unwrap().head.rotation, 3);
}

#[tokio::test]
async fn a_tombstone_ends_the_sessions_it_names_and_no_others() {
    let owner = identity(now()).owner;
    let later = now() + HOUR;
    for (tombstone, before_is_ended, after_is_ended) in [
        (Tombstone::Session(identity(now()).id), true, true),
        (Tombstone::Session(SessionId::from_bytes([9; 16])), false, false),
        (Tombstone::Owner { owner, not_before: later }, true, false),
        (Tombstone::Owner { owner: Owner::new("core-api", "43"), not_before: later }, false, false),
        (Tombstone::ProviderSid { sid: "sid-1".to_owned(), not_before: later }, true, false),
        (Tombstone::ProviderSid { sid: "sid-2".to_owned(), not_before: later }, false, false),
    ] {
        let bench = Bench::new();
        bench.records.end(&tombstone, now() + 2 * HOUR).await.unwrap();
        for (created_at, ended) in [(now(), before_is_ended), (later, after_is_ended)] {
            let expected = if ended { Standing::Ended } else { Standing::Live { rotation: 0 } };
            let identity = identity(created_at);
            assert_eq!(bench.records.standing(&identity).await.unwrap().standing, expected, "{tombstone:?}");
            let advanced = bench.records.advance(&identity, 0, now() + HOUR).await.unwrap();
            assert_eq!(advanced, expected, "{tombstone:?}");
        }
    }
}

#[tokio::test]
async fn the_later_of_two_tombstones_holds() {
    let owner = identity(now()).owner;
    let bench = Bench::new();
    for not_before in [now() + 2 * HOUR, now() + HOUR] {
        bench.records.end(&Tombstone::Owner { owner, not_before }, now() + 3 * HOUR).await.unwrap();
    }
    let between = identity(now() + HOUR);
    assert_eq!(bench.records.standing(&between).await.unwrap().standing, Standing::Ended);
}

#[tokio::test]
async fn a_cookie_from_which_nothing_more_can_come_is_one_of_an_ended_session() {
    let forgotten = Head { grant: None, ..head(3, HeadState::Idle) };
    let rejected = EndReason::Rejected(Rejection::InvalidGrant);
    let dead = |reason| Head { grant: None, ..head(3, HeadState::Dead(reason)) };
    for (head, rotation, expected) in [
        (forgotten.clone(), 2, Some(SignedOutReason::Superseded)),
        (forgotten, 3, None),
        (head(3, HeadState::Idle), 2, None),
        (dead(rejected), 3, Some(SignedOutReason::from(rejected))),
        (dead(rejected), 4, None),
        (dead(EndReason::SignedOut), 4, Some(SignedOutReason::SignedOut)),
    ] {
        let bench = Bench::new();
        bench.records.write(&session(), None, &head, KEEP).await.unwrap();
        let known = bench.records.standing(&Identity { rotation, ..identity(now()) }).await.unwrap();
        let because = known.extensions.get().map(|EndedBecause(reason)| *reason);
        assert_eq!((known.standing == Standing::Ended, because), (expected.is_some(), expected), "{head:?}");
    }
}
