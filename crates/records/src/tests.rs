use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ironleaf_auth::{
    AttemptId, EndReason, Grant, Head, HeadState, Heads as _, Keep, KeptHead, NotBefore, Rejection,
    SessionKey, Subject,
};
use ironleaf_session::{
    Advance, Identity, KeyRing, Ledger as _, Owner, Passage, RotationOrigin, SessionId, Standing, Tombstone,
};
use ironleaf_store::{
    Body, Draft, Durability, Eviction, Expected, Holder, Key, Limit, MemoryStore, Record, StoreError, Written,
};

use super::encoding::{Unreadable, decode_mark, encode_mark};
use super::keys::{ended_owner_key, ended_session_key, head_key};
use super::*;

/// Not secrets: keys for tests.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";
const OTHER_TEST_KEY: &str = "616e6f74686572206b657920666f722074657374732c206e6f20736563726574";

const HOUR: Duration = Duration::from_hours(1);
const KEEP: Keep = Keep { mark: HOUR, grant: HOUR, only_with_grant: false };
const LIMITS: RecordLimits =
    RecordLimits { absolute_timeout: Duration::from_hours(30 * 24), ends_per_owner: 3 };

/// How many bytes of a mark record the end of the session: the rotation (five bytes here), whether it was shown, and
/// the state.
const END_IS_SAID: usize = 7;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(500_000)
}

struct Bench {
    store: Arc<MemoryStore>,
    records: Records,
    secs: Arc<AtomicU64>,
}

impl Bench {
    fn new() -> Self {
        let secs = Arc::new(AtomicU64::new(0));
        let store = Arc::new(MemoryStore::new(1 << 20, clock(&secs)));
        let records = Records::new(Arc::clone(&store) as _, sealer(TEST_KEY), clock(&secs), LIMITS);
        Self { store, records, secs }
    }

    fn over(store: Arc<dyn Store>) -> Records {
        Records::new(store, sealer(TEST_KEY), Arc::new(now), LIMITS)
    }

    fn advance(&self, time: Duration) {
        self.secs.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    async fn put(&self, key: Key, mark: Vec<u8>) {
        let draft = Draft { mark, mark_ttl: HOUR, body: None, durability: Durability::Synced };
        let written = self.store.write(&key, Expected::Anything, draft).await.unwrap();
        assert!(matches!(written, Written::Done(_)));
    }

    /// Ends a session as the application does: ending, then dead once the provider was told. Returns `false` if another
    /// caller was first.
    async fn is_told_now(&self, session: &Identity) -> bool {
        let (key, reason) = (key_of(session), EndReason::SignedOut);
        let kept = self.records.read(&key).await.unwrap();
        let is_over = |kept: &KeptHead| matches!(kept.head.state, HeadState::Dead(_));
        if kept.as_ref().is_some_and(is_over) {
            return false;
        }
        let ending = Head { grant: None, ..head(0, HeadState::Ending { reason, unspent: true }) };
        let found = kept.map(|kept| kept.version);
        let version = self.records.write(&key, found, &ending, KEEP).await.unwrap();
        let dead = Head { state: HeadState::Dead(reason), ..ending };
        self.records.write(&key, version, &dead, KEEP).await.unwrap().is_some()
    }

    async fn raw(&self, key: Key) -> Option<Record> {
        self.store.read(&[key]).await.unwrap().remove(0)
    }

    async fn standing(&self, identity: &Identity) -> Standing {
        self.records.standing(identity).await.unwrap().standing
    }

    async fn because(&self, identity: &Identity) -> Option<EndedBecause> {
        self.records.standing(identity).await.unwrap().extensions.get().copied()
    }
}

fn clock(secs: &Arc<AtomicU64>) -> Clock {
    let secs = Arc::clone(secs);
    Arc::new(move || now() + Duration::from_secs(secs.load(Ordering::SeqCst)))
}

fn sealer(key: &str) -> Sealer {
    Sealer::new(KeyRing::parse(key).unwrap(), ironleaf_session::system_random())
}

fn head(rotation: u64, state: HeadState) -> Head {
    let grant = Some(Grant::default().with(2, "a-secret-refresh-token"));
    Head { rotation, state, not_before: None, grant, shown: false }
}

fn session() -> SessionKey {
    SessionKey::new(b"0123456789abcdef", 0)
}

fn owner() -> Owner {
    Owner::new("core-api", "42")
}

fn identity(created_at: SystemTime) -> Identity {
    Identity {
        id: SessionId::from_bytes(*b"0123456789abcdef"),
        owner: owner(),
        provider_sid: Some("sid-1".to_owned()),
        created_at,
        rotation: 0,
    }
}

/// Another session of the same owner.
fn other(number: u8, created_at: SystemTime) -> Identity {
    Identity { id: SessionId::from_bytes([number; 16]), provider_sid: None, ..identity(created_at) }
}

fn key_of(identity: &Identity) -> SessionKey {
    SessionKey::new(identity.id.as_bytes(), identity.rotation).of(Subject {
        owner: *identity.owner.as_bytes(),
        provider_sid: identity.provider_sid.clone(),
        created_at: identity.created_at,
    })
}

fn one(identity: &Identity) -> End {
    End::Session { id: identity.id, owner: identity.owner, created_at: identity.created_at }
}

fn states() -> Vec<HeadState> {
    let by = AttemptId::from_bytes([7; 8]);
    let rejections =
        [Rejection::InvalidGrant, Rejection::Reused, Rejection::AccountGone].map(EndReason::Rejected);
    let reasons = [
        EndReason::SignedOut,
        EndReason::Replaced,
        EndReason::AccountDeleted,
        EndReason::Superseded,
        EndReason::Unresolved,
        EndReason::TimedOut,
        EndReason::PasswordChanged,
        EndReason::EndedByPerson,
        EndReason::NotAllowed,
        EndReason::RoleTaken,
        EndReason::EndedByProvider,
    ];
    let living = [
        HeadState::Idle,
        HeadState::Presented { first: now(), by },
        HeadState::InDoubt { first: now(), since: now(), answered: false, by },
        HeadState::InDoubt { first: now(), since: now(), answered: true, by },
    ];
    let over = reasons.into_iter().chain(rejections).flat_map(|reason| {
        [
            HeadState::Dead(reason),
            HeadState::Ending { reason, unspent: true },
            HeadState::Ending { reason, unspent: false },
        ]
    });
    living.into_iter().chain(over).collect()
}

/// A store that is away until a given time.
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
async fn an_end_is_written_once_the_store_is_back() {
    let bench = Bench::new();
    let back = tokio::time::Instant::now() + Duration::from_mins(20);
    let records = Bench::over(Arc::new(AwayUntil { store: Arc::clone(&bench.store), back }));
    let session = identity(now());
    assert!(records.end(&one(&session), EndReason::SignedOut).await.is_err());
    records.end_when_possible(one(&session), EndReason::SignedOut).await;
    assert_eq!(bench.standing(&session).await, Standing::Ended);
    assert!(back.elapsed() < Duration::from_mins(1), "{:?} late", back.elapsed());
}

#[tokio::test]
async fn a_head_comes_back_as_it_was_written() {
    let waits = [None, Some(NotBefore { at: now() + HOUR, by: AttemptId::from_bytes([9; 8]) })];
    for (state, not_before) in states().into_iter().flat_map(|state| waits.map(|wait| (state, wait))) {
        let bench = Bench::new();
        let written = Head { not_before, ..head(7, state) };
        let version = bench.records.write(&session(), None, &written, KEEP).await.unwrap().unwrap();
        let kept = bench.records.read(&session()).await.unwrap().unwrap();
        assert_eq!((kept.version, kept.head), (version, written));
    }
}

#[test]
fn a_mark_is_small_and_every_truncation_of_it_is_refused_but_that_of_an_end() {
    for state in states() {
        let mark = encode_mark(&head(u64::from(u32::MAX), state));
        assert!(mark.len() <= 32, "{state:?} takes {} bytes", mark.len());
        for length in 0..mark.len() {
            let is_end =
                matches!(state, HeadState::Ending { .. } | HeadState::Dead(_)) && length >= END_IS_SAID;
            let cut = decode_mark(&mark[..length]);
            assert_eq!(cut.is_ok(), is_end, "{state:?} cut to {length} bytes");
        }
    }
}

#[tokio::test]
async fn an_end_of_a_newer_version_is_an_end() {
    let of_now = encode_mark(&head(7, HeadState::Dead(EndReason::SignedOut)));
    for mark in [
        vec![7, 0, 6, 10, 1],
        vec![7, 0, 6, 1, 2],
        vec![7, 0, 3, 10],
        vec![7, 0, 3, 19],
        [of_now.clone(), vec![0]].concat(),
        [of_now, vec![0xff; 40]].concat(),
    ] {
        let bench = Bench::new();
        bench.put(head_key(identity(now()).id.as_bytes()), mark.clone()).await;
        assert_eq!(bench.standing(&identity(now())).await, Standing::Ended, "{mark:?}");
        // Nobody overwrites it either, which would hide the reason from those who can read it.
        bench.records.end(&one(&identity(now())), EndReason::SignedOut).await.unwrap();
        let kept = bench.raw(head_key(identity(now()).id.as_bytes())).await.unwrap();
        assert_eq!(kept.mark, mark);
    }
}

#[test]
fn what_a_newer_version_appends_to_a_living_mark_is_not_taken_for_an_alteration() {
    let wait = NotBefore { at: now(), by: AttemptId::from_bytes([9; 8]) };
    let mark = encode_mark(&Head { not_before: Some(wait), ..head(7, HeadState::Idle) });
    assert_eq!(decode_mark(&[mark, vec![1, 2, 3]].concat()), Err(Unreadable::Newer));
}

/// Frozen: stores keep these bytes across deployments.
#[test]
fn marks_of_the_first_version_are_read() {
    let at = UNIX_EPOCH + Duration::from_hours(500_000);
    let nobody = AttemptId::default();
    for (hex, rotation, shown, state) in [
        ("070100", 7, true, HeadState::Idle),
        ("070001 80a0f1c2b134", 7, false, HeadState::Presented { first: at, by: nobody }),
        (
            "070002 80a0f1c2b134 80a0f1c2b134",
            7,
            false,
            HeadState::InDoubt { first: at, since: at, answered: false, by: nobody },
        ),
        ("07000301", 7, false, HeadState::Dead(EndReason::SignedOut)),
        ("07000311", 7, false, HeadState::Dead(EndReason::Rejected(Rejection::Reused))),
    ] {
        let bytes = hex::decode(hex.replace(' ', "")).unwrap();
        let expected = Head { shown, grant: None, ..head(rotation, state) };
        assert_eq!(decode_mark(&bytes), Ok(expected), "{hex}");
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
    let record = bench.raw(key).await.unwrap();
    let seen = [key.as_bytes().to_vec(), record.mark, record.body.unwrap()].concat();
    for secret in [session().id(), b"a-secret-refresh-token"] {
        assert!(seen.windows(secret.len()).all(|window| window != secret));
    }
}

/// A grant that another replica sealed can be opened there, so a request with the cookie waits. An altered grant cannot
/// be opened anywhere.
#[tokio::test]
async fn a_grant_of_another_replica_is_told_apart_from_one_that_was_altered() {
    let written = head(1, HeadState::Idle);
    let bench = Bench::new();
    bench.records.write(&session(), None, &written, KEEP).await.unwrap();
    let record = bench.raw(head_key(session().id())).await.unwrap();
    let body = record.body.unwrap();
    let moved: &[u8] = b"moved to another session";
    let mut flipped = body.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for (what, name, mark, bytes) in [
        ("a record of another session", moved, record.mark.clone(), body.clone()),
        (
            "a grant beside the mark of another rotation",
            session().id(),
            encode_mark(&head(2, HeadState::Idle)),
            body.clone(),
        ),
        ("a flipped bit", session().id(), record.mark.clone(), flipped),
        ("bytes of nobody", session().id(), record.mark.clone(), b"!".to_vec()),
        ("a mark that is none", session().id(), vec![0x80], body.clone()),
    ] {
        let body = Body { bytes, ttl: HOUR, eviction: Eviction::Last };
        let draft = Draft { mark, mark_ttl: HOUR, body: Some(body), durability: Durability::Synced };
        let written = bench.store.write(&head_key(name), Expected::Anything, draft).await.unwrap();
        assert!(matches!(written, Written::Done(_)));
        let kept = bench.records.read(&SessionKey::new(name, 0)).await.unwrap().unwrap();
        assert!(!kept.sealed_elsewhere && kept.head.grant.is_none(), "{what}");
    }

    bench.advance(2 * HOUR);
    bench.records.write(&session(), None, &written, KEEP).await.unwrap();
    let stranger =
        Records::new(Arc::clone(&bench.store) as _, sealer(OTHER_TEST_KEY), clock(&bench.secs), LIMITS);
    let kept = stranger.read(&session()).await.unwrap().unwrap();
    assert!(kept.sealed_elsewhere && kept.head.grant.is_none(), "an unknown key");
    assert_eq!(bench.standing(&identity(now())).await, Standing::Live { rotation: 1 });

    for mark in [vec![1, 0, 250], vec![1, 0, 250, 1, 2, 3]] {
        let draft = Draft { mark, mark_ttl: HOUR, body: None, durability: Durability::Synced };
        let written = bench.store.write(&head_key(session().id()), Expected::Anything, draft).await.unwrap();
        assert!(matches!(written, Written::Done(_)));
        assert!(bench.records.read(&session()).await.unwrap().unwrap().sealed_elsewhere, "a newer version");
    }
}

/// From the time when a session's end had its own record.
#[tokio::test]
async fn an_end_that_the_first_version_wrote_down_is_still_one() {
    let bench = Bench::new();
    let key = ended_session_key(identity(now()).id.as_bytes());
    let draft = Draft { mark: vec![1, 0], mark_ttl: HOUR, body: None, durability: Durability::Synced };
    let written = bench.store.write(&key, Expected::Anything, draft).await.unwrap();
    assert!(matches!(written, Written::Done(_)));
    assert_eq!(bench.standing(&identity(now())).await, Standing::Ended);
    assert_eq!(bench.standing(&other(9, now())).await, Standing::Live { rotation: 0 });
}

#[tokio::test]
async fn an_altered_head_is_as_if_it_were_forgotten_and_the_session_goes_on_with_its_cookie() {
    let bench = Bench::new();
    bench.records.write(&session(), None, &head(1, HeadState::Idle), KEEP).await.unwrap();
    let mark = bench.raw(head_key(session().id())).await.unwrap().mark;
    let body = Body { bytes: b"altered".to_vec(), ttl: HOUR, eviction: Eviction::Last };
    let draft = Draft { mark, mark_ttl: HOUR, body: Some(body), durability: Durability::Synced };
    let written = bench.store.write(&head_key(session().id()), Expected::Anything, draft).await.unwrap();
    assert!(matches!(written, Written::Done(_)));
    let newest = Identity { rotation: 1, ..identity(now()) };
    assert_eq!(bench.standing(&newest).await, Standing::Live { rotation: 1 });
    let older = bench.because(&identity(now())).await.map(|because| because.reason);
    assert_eq!(older, Some(EndReason::Superseded));
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
async fn an_end_covers_the_sessions_it_names_and_no_others() {
    let later = now() + HOUR;
    let all_of = |owner, not_before| End::Owner { owner, not_before };
    let sid = |sid: &str| End::ProviderSid { sid: sid.to_owned(), not_before: later };
    for (end, before_is_ended, after_is_ended) in [
        (one(&identity(now())), true, true),
        (one(&other(9, now())), false, false),
        (all_of(owner(), later), true, false),
        (all_of(Owner::new("core-api", "43"), later), false, false),
        (sid("sid-1"), true, false),
        (sid("sid-2"), false, false),
    ] {
        let bench = Bench::new();
        bench.records.end(&end, EndReason::EndedByProvider).await.unwrap();
        for (created_at, ended) in [(now(), before_is_ended), (later, after_is_ended)] {
            let identity = identity(created_at);
            let expected = if ended { Standing::Ended } else { Standing::Live { rotation: 0 } };
            assert_eq!(bench.standing(&identity).await, expected, "{end:?}");
            let because = bench.because(&identity).await.map(|because| (because.reason, because.is_untold));
            assert_eq!(because, ended.then_some((EndReason::EndedByProvider, true)), "{end:?}");
            let origin = RotationOrigin::Shared;
            let advance = Advance { rotation: 0, origin, arrived_at: now(), keep_until: now() + HOUR };
            let passage = bench.records.advance(&identity, &advance).await.unwrap();
            assert_eq!(passage, if ended { Passage::Ended } else { Passage::Free }, "{end:?}");
        }
    }
}

/// A renewal may bring an identifier that no cookie knows yet.
#[tokio::test]
async fn an_end_by_the_identifier_in_the_head_ends_every_older_cookie_and_no_newer_one() {
    let bench = Bench::new();
    let mut grant = Grant::default();
    grant.provider_sid = Some("sid-2".to_owned());
    let renewed = Head { grant: Some(grant.clone()), ..head(1, HeadState::Idle) };
    bench.records.write(&session(), None, &renewed, KEEP).await.unwrap();
    let key = key_of(&identity(now()));
    assert_eq!(bench.records.ended(&key, &grant).await.unwrap(), None);
    let end = End::ProviderSid { sid: "sid-2".to_owned(), not_before: now() + HOUR };
    bench.records.end(&end, EndReason::EndedByProvider).await.unwrap();
    let because = EndedBecause { reason: EndReason::EndedByProvider, is_untold: true };
    assert_eq!(bench.because(&identity(now())).await, Some(because));
    assert_eq!(bench.records.ended(&key, &grant).await.unwrap(), Some(EndReason::EndedByProvider));
    // By then the provider knows the session by a third one.
    let newer = Identity { rotation: 2, provider_sid: Some("sid-3".to_owned()), ..identity(now()) };
    assert_eq!(bench.standing(&newer).await, Standing::Live { rotation: 1 });
}

#[tokio::test]
async fn what_the_session_crate_ends_is_ended_here() {
    let later = now() + HOUR;
    let Identity { id, owner, created_at, .. } = identity(now());
    for tombstone in [
        Tombstone::Session { id, owner, created_at, is_replaced: false },
        Tombstone::Owner { owner, not_before: later },
        Tombstone::ProviderSid { sid: "sid-1".to_owned(), not_before: later },
    ] {
        let bench = Bench::new();
        ironleaf_session::Ledger::end(&bench.records, &tombstone, later).await.unwrap();
        assert_eq!(bench.standing(&identity(now())).await, Standing::Ended, "{tombstone:?}");
    }
}

/// The later time covers more, and the longer of both lifetimes is needed for what the earlier end covered.
#[tokio::test]
async fn the_later_of_two_ends_holds_and_for_as_long_as_either_is_needed() {
    let bench = Bench::new();
    for not_before in [now() + 2 * HOUR, now() + HOUR] {
        bench.records.end(&End::Owner { owner: owner(), not_before }, EndReason::SignedOut).await.unwrap();
    }
    assert_eq!(bench.standing(&identity(now() + HOUR)).await, Standing::Ended);

    // A clock that is far ahead has written an end that is kept long, with an earlier bound.
    let bench = Bench::new();
    let long = Records::new(
        Arc::clone(&bench.store) as _,
        sealer(TEST_KEY),
        clock(&bench.secs),
        RecordLimits { absolute_timeout: Duration::from_hours(90 * 24), ..LIMITS },
    );
    let end = |not_before| End::Owner { owner: owner(), not_before };
    long.end(&end(now() + HOUR), EndReason::SignedOut).await.unwrap();
    bench.records.end(&end(now() + 2 * HOUR), EndReason::SignedOut).await.unwrap();
    bench.advance(Duration::from_hours(60 * 24));
    assert_eq!(bench.standing(&identity(now())).await, Standing::Ended);
}

/// A session that begins under an end from a clock ahead begins at its time, and a second end from a correct clock must
/// end it.
#[tokio::test]
async fn an_end_below_an_earlier_one_reaches_a_step_beyond_it_and_is_kept_as_long_as_it_is_needed() {
    let bench = Bench::new();
    let ahead = now() + Duration::from_secs(30);
    let end = |not_before| End::Owner { owner: owner(), not_before };
    bench.records.end(&end(ahead), EndReason::PasswordChanged).await.unwrap();
    assert_eq!(bench.standing(&identity(ahead)).await, Standing::Live { rotation: 0 });
    for ends in 1..=3 {
        bench.records.end(&end(now()), EndReason::EndedByPerson).await.unwrap();
        let begins = bench.records.newest_end(&owner(), None).await.unwrap().unwrap();
        assert_eq!(begins, ahead + ends * Duration::from_secs(1));
        assert_eq!(bench.because(&identity(ahead)).await.unwrap().reason, EndReason::EndedByPerson);
        assert_eq!(bench.standing(&identity(begins)).await, Standing::Live { rotation: 0 });
    }
    // An end at the exact start of a session ends all sessions but that one.
    let begins = bench.records.newest_end(&owner(), None).await.unwrap().unwrap();
    bench.records.end(&end(begins), EndReason::PasswordChanged).await.unwrap();
    assert_eq!(bench.standing(&identity(begins)).await, Standing::Live { rotation: 0 });
    bench.advance(LIMITS.absolute_timeout + Duration::from_secs(30));
    assert_eq!(bench.standing(&identity(ahead)).await, Standing::Ended);
}

/// It reaches beyond every sign-in that may be in progress, and nobody signs in after it.
#[tokio::test]
async fn an_end_after_that_of_an_account_that_is_gone_lets_nobody_begin() {
    let bench = Bench::new();
    let deleted = End::Owner { owner: owner(), not_before: now() + Duration::from_mins(1) };
    bench.records.end(&deleted, EndReason::AccountDeleted).await.unwrap();
    let end = End::Owner { owner: owner(), not_before: now() };
    bench.records.end(&end, EndReason::EndedByProvider).await.unwrap();
    assert_eq!(bench.records.newest_end(&owner(), None).await.unwrap(), None);
    assert_eq!(bench.because(&identity(now())).await.unwrap().reason, EndReason::AccountDeleted);
}

#[tokio::test]
async fn an_end_is_kept_for_as_long_as_a_cookie_of_the_session_can_come() {
    for end in
        [one(&identity(now())), End::Owner { owner: owner(), not_before: now() + Duration::from_millis(1) }]
    {
        let bench = Bench::new();
        bench.records.end(&end, EndReason::SignedOut).await.unwrap();
        bench.advance(LIMITS.absolute_timeout.checked_sub(Duration::from_secs(1)).unwrap());
        assert_eq!(bench.standing(&identity(now())).await, Standing::Ended, "{end:?}");
    }
}

#[tokio::test]
async fn the_end_of_a_session_leaves_its_grant_to_whoever_tells_the_provider() {
    let bench = Bench::new();
    let by = AttemptId::from_bytes([7; 8]);
    for (state, is_unspent) in [(HeadState::Idle, true), (HeadState::Presented { first: now(), by }, false)] {
        let bench = Bench::new();
        let written = head(4, state);
        bench.records.write(&session(), None, &written, KEEP).await.unwrap();
        bench.records.end(&one(&identity(now())), EndReason::SignedOut).await.unwrap();
        let kept = bench.records.read(&session()).await.unwrap().unwrap().head;
        let expected = HeadState::Ending { reason: EndReason::SignedOut, unspent: is_unspent };
        assert_eq!((kept.state, kept.rotation, &kept.grant), (expected, 4, &written.grant));
    }
    // Of two ends, the first one gives the reason. An end of one rotation does not end the session.
    bench.records.end(&one(&identity(now())), EndReason::SignedOut).await.unwrap();
    bench.records.end(&one(&identity(now())), EndReason::AccountDeleted).await.unwrap();
    assert_eq!(
        bench.because(&identity(now())).await.map(|because| because.reason),
        Some(EndReason::SignedOut)
    );
}

#[tokio::test]
async fn an_end_of_somebody_whose_refresh_was_refused_ends_newer_rotations_as_well() {
    let bench = Bench::new();
    let rejected = EndReason::Rejected(Rejection::InvalidGrant);
    bench.records.write(&session(), None, &head(3, HeadState::Dead(rejected)), KEEP).await.unwrap();
    let newer = Identity { rotation: 4, ..identity(now()) };
    assert_eq!(bench.standing(&newer).await, Standing::Live { rotation: 3 });
    bench.records.end(&one(&newer), EndReason::SignedOut).await.unwrap();
    assert_eq!(bench.standing(&newer).await, Standing::Ended);
}

/// One record for each session up to the bound, then one for all.
#[tokio::test]
async fn the_ends_of_one_owner_are_bounded_and_each_is_still_an_end() {
    let bench = Bench::new();
    let at = |number: u8| now() + Duration::from_secs(u64::from(number));
    let before = bench.store.usage().await.unwrap().unwrap().entries;
    for number in 1..=200 {
        let session = other(number, at(number));
        bench.records.end(&one(&session), EndReason::Replaced).await.unwrap();
        assert!(bench.is_told_now(&session).await);
        assert_eq!(bench.standing(&session).await, Standing::Ended, "{number}");
    }
    let entries = bench.store.usage().await.unwrap().unwrap().entries - before;
    assert!(entries <= u64::from(LIMITS.ends_per_owner) + 2, "{entries} records");
    // Sessions that began after the last of them stay; all others are over in any case.
    assert_eq!(bench.standing(&other(201, at(201))).await, Standing::Live { rotation: 0 });
    let stranger = Identity { owner: Owner::new("core-api", "43"), ..other(9, now()) };
    assert_eq!(bench.standing(&stranger).await, Standing::Live { rotation: 0 });
    // The provider was told of each session when it ended, and is not told again.
    for number in 1..=200 {
        assert!(!bench.because(&other(number, at(number))).await.unwrap().is_untold, "{number}");
        assert!(!bench.is_told_now(&other(number, at(number))).await, "{number}");
    }
}

/// The provider was not told of it.
#[tokio::test]
async fn a_session_that_many_others_have_ended_is_untold_until_somebody_tells_it() {
    let bench = Bench::new();
    let at = |number: u8| now() + Duration::from_secs(u64::from(number));
    for number in 1..=10 {
        bench.records.end(&one(&other(number, at(number))), EndReason::SignedOut).await.unwrap();
    }
    for session in [other(0, at(0)), other(1, at(1)), other(7, at(7)), other(10, at(10))] {
        assert!(bench.because(&session).await.unwrap().is_untold, "{session:?}");
        assert!(bench.is_told_now(&session).await, "{session:?}");
        assert!(!bench.because(&session).await.unwrap().is_untold, "{session:?}");
        assert!(!bench.is_told_now(&session).await, "{session:?}");
    }
}

/// While the provider takes its time.
#[tokio::test]
async fn an_end_that_is_forgotten_while_it_is_told_is_told_once() {
    let bench = Bench::new();
    let at = |number: u8| now() + Duration::from_secs(u64::from(number));
    let slow = other(0, at(0));
    bench.records.end(&one(&slow), EndReason::SignedOut).await.unwrap();
    let ending = bench.records.read(&key_of(&slow)).await.unwrap().unwrap();
    for number in 1..=LIMITS.ends_per_owner + 1 {
        let number = u8::try_from(number).unwrap();
        bench.records.end(&one(&other(number, at(number))), EndReason::SignedOut).await.unwrap();
    }
    assert!(bench.records.read(&key_of(&slow)).await.unwrap().is_none());
    let dead = Head { state: HeadState::Dead(EndReason::SignedOut), grant: None, ..ending.head };
    for is_first in [true, false] {
        let written = bench.records.write(&key_of(&slow), Some(ending.version), &dead, KEEP).await.unwrap();
        assert_eq!(written.is_some(), is_first);
        assert!(!bench.because(&slow).await.unwrap().is_untold);
    }
}

/// A change beside the head would get the rotation that the next refresh counts, and carry the spent tokens along.
#[tokio::test]
async fn no_change_leaves_with_a_rotation_that_the_head_does_not_know() {
    let bench = Bench::new();
    let changed = Identity { rotation: 1, ..identity(now()) };
    let own =
        Advance { rotation: 1, origin: RotationOrigin::Own, arrived_at: now(), keep_until: now() + HOUR };
    for _ in 0..2 {
        assert_eq!(bench.records.advance(&changed, &own).await.unwrap(), Passage::Overtaken);
    }
    // The refused change has left nothing behind: the session continues, and so does a refresh.
    assert_eq!(bench.standing(&identity(now())).await, Standing::Live { rotation: 0 });
    bench.records.write(&session(), None, &head(1, HeadState::Idle), KEEP).await.unwrap();
    assert_eq!(bench.records.advance(&changed, &own).await.unwrap(), Passage::Overtaken);
    let adopted = Advance { origin: RotationOrigin::Shared, ..own };
    assert_eq!(bench.records.advance(&changed, &adopted).await.unwrap(), Passage::Free);
    bench.records.end(&one(&changed), EndReason::SignedOut).await.unwrap();
    assert_eq!(bench.records.advance(&changed, &own).await.unwrap(), Passage::Ended);
}

#[tokio::test]
async fn a_session_younger_than_the_oldest_remembered_end_lives_on() {
    let bench = Bench::new();
    let at = |number: u8| now() + Duration::from_secs(u64::from(number));
    let living = other(0, at(100));
    for number in (1..=99).chain(101..=102) {
        bench.records.end(&one(&other(number, at(number))), EndReason::SignedOut).await.unwrap();
        assert_eq!(bench.standing(&living).await, Standing::Live { rotation: 0 }, "{number}");
    }
    bench.records.end(&one(&other(103, at(103))), EndReason::SignedOut).await.unwrap();
    bench.records.end(&one(&other(104, at(104))), EndReason::SignedOut).await.unwrap();
    assert_eq!(bench.standing(&living).await, Standing::Ended);
}

/// An account that many people use, or a test suite: ending one's own session ends no other session of the same day.
#[tokio::test]
async fn who_ends_few_sessions_over_a_long_time_never_meets_the_bound() {
    let bench = Bench::new();
    for number in 0..20 {
        let session = other(number, (bench.records.clock)());
        bench.records.end(&one(&session), EndReason::SignedOut).await.unwrap();
        assert_eq!(bench.standing(&session).await, Standing::Ended);
        bench.advance(Duration::from_hours(11 * 24));
    }
    assert!(bench.raw(ended_owner_key(&owner())).await.is_none());
}

/// A sign-in is newer than every end that is recorded when it begins, even by a clock ahead. Nobody can sign in to a
/// deleted account.
#[tokio::test]
async fn a_sign_in_begins_after_every_end_that_is_known() {
    let bench = Bench::new();
    assert_eq!(bench.records.newest_end(&owner(), None).await.unwrap(), None);
    let ahead = now() + Duration::from_secs(30);
    bench
        .records
        .end(&End::Owner { owner: owner(), not_before: ahead }, EndReason::PasswordChanged)
        .await
        .unwrap();
    let of_sid = End::ProviderSid { sid: "sid-1".to_owned(), not_before: ahead + HOUR };
    bench.records.end(&of_sid, EndReason::EndedByProvider).await.unwrap();
    assert_eq!(bench.records.newest_end(&owner(), None).await.unwrap(), Some(ahead));
    assert_eq!(bench.records.newest_end(&owner(), Some("sid-1")).await.unwrap(), Some(ahead + HOUR));
    let deleted = End::Owner { owner: owner(), not_before: ahead + 2 * HOUR };
    bench.records.end(&deleted, EndReason::AccountDeleted).await.unwrap();
    assert_eq!(bench.records.newest_end(&owner(), None).await.unwrap(), None);
}

#[tokio::test]
async fn a_cookie_from_which_nothing_more_can_come_is_one_of_an_ended_session() {
    let forgotten = Head { grant: None, ..head(3, HeadState::Idle) };
    let rejected = EndReason::Rejected(Rejection::InvalidGrant);
    let dead = |reason| Head { grant: None, ..head(3, HeadState::Dead(reason)) };
    for (head, rotation, expected) in [
        (forgotten.clone(), 2, Some(EndReason::Superseded)),
        (forgotten, 3, None),
        (head(3, HeadState::Idle), 2, None),
        (dead(rejected), 3, Some(rejected)),
        (dead(rejected), 4, None),
        (dead(EndReason::SignedOut), 4, Some(EndReason::SignedOut)),
    ] {
        let bench = Bench::new();
        bench.records.write(&session(), None, &head, KEEP).await.unwrap();
        let identity = Identity { rotation, ..identity(now()) };
        let because = bench.because(&identity).await.map(|because| because.reason);
        assert_eq!(
            (bench.standing(&identity).await == Standing::Ended, because),
            (expected.is_some(), expected)
        );
    }
}

#[tokio::test]
async fn where_there_is_no_room_for_a_grant_its_mark_says_that_somebody_may_have_it() {
    let records = Bench::over(Arc::new(MemoryStore::new(2_000, Arc::new(now))));
    let grant = Some(Grant::default().with(1, "x".repeat(4_000)));
    let large = Head { shown: false, grant, ..head(3, HeadState::Idle) };
    // Older cookies of an amended grant are valid, and would count as spent.
    let only_with_grant = Keep { only_with_grant: true, ..KEEP };
    assert!(records.write(&session(), None, &large, only_with_grant).await.is_err());
    assert!(records.read(&session()).await.unwrap().is_none());
    records.write(&session(), None, &large, KEEP).await.unwrap().unwrap();
    let kept = records.read(&session()).await.unwrap().unwrap().head;
    assert_eq!((kept.rotation, kept.grant, kept.shown), (3, None, true));
}

/// A disk with space for the last page of a mark, but not for a grant.
struct LastPage(MemoryStore, Limit);

#[async_trait::async_trait]
impl Store for LastPage {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        self.0.read(keys).await
    }

    async fn write(&self, key: &Key, expected: Expected, draft: Draft) -> Result<Written, StoreError> {
        if draft.body.is_some() {
            return Err(StoreError::Full(self.1));
        }
        self.0.write(key, expected, draft).await
    }

    async fn acquire(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        self.0.acquire(lease, holder, ttl).await
    }

    async fn renew(&self, lease: &Key, holder: &Holder, ttl: Duration) -> Result<bool, StoreError> {
        self.0.renew(lease, holder, ttl).await
    }

    async fn release(&self, lease: &Key, holder: &Holder) -> Result<(), StoreError> {
        self.0.release(lease, holder).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.0.check().await
    }
}

/// Its answer may have been given up: the mark alone would claim that somebody has a grant that nobody received, and
/// sign them out.
#[tokio::test]
async fn what_finds_no_room_on_a_full_disk_is_not_written_by_half() {
    for limit in [Limit::Disk, Limit::Memory] {
        let store = Arc::new(LastPage(MemoryStore::new(1 << 20, Arc::new(now)), limit));
        let records = Bench::over(store);
        let grant = Some(Grant::default().with(1, "x".to_owned()));
        let new = Head { grant, ..head(3, HeadState::Idle) };
        assert!(records.write(&session(), None, &new, KEEP).await.is_err(), "{limit}: it is tried again");
        assert!(records.read(&session()).await.unwrap().is_none(), "{limit}");
    }
}

/// The first try of the earlier end was lost with the store or was slow, and the person has signed in again since.
#[tokio::test]
async fn an_end_that_is_written_down_late_ends_no_session_that_began_after_it_was_asked_for() {
    let bench = Bench::new();
    let (asked, begun) = (now(), now() + Duration::from_mins(3));
    bench.advance(Duration::from_mins(5));
    // A password was changed in a session that begins with that end: from then on it is the only one.
    let newest = End::Owner { owner: owner(), not_before: begun };
    bench.records.end(&newest, EndReason::PasswordChanged).await.unwrap();
    assert_eq!(bench.standing(&other(9, begun)).await, Standing::Live { rotation: 0 });
    // The end that was requested before, written once the store is back for that replica.
    let late = End::Owner { owner: owner(), not_before: asked };
    bench.records.end(&late, EndReason::EndedByPerson).await.unwrap();
    assert_eq!(bench.standing(&other(9, begun)).await, Standing::Live { rotation: 0 });
}

/// The write succeeded, and its answer was lost.
#[tokio::test(start_paused = true)]
async fn an_end_that_is_tried_again_ends_no_session_that_began_after_it() {
    let bench = Bench::new();
    let ahead = End::Owner { owner: owner(), not_before: now() + Duration::from_secs(20) };
    bench.records.end(&ahead, EndReason::PasswordChanged).await.unwrap();
    let end = End::Owner { owner: owner(), not_before: now() };
    bench.records.end(&end, EndReason::EndedByPerson).await.unwrap();
    let begun = bench.records.newest_end(&owner(), None).await.unwrap().unwrap();
    assert_eq!(bench.standing(&other(9, begun)).await, Standing::Live { rotation: 0 });
    bench.records.end_when_possible(end, EndReason::EndedByPerson).await;
    assert_eq!(bench.standing(&other(9, begun)).await, Standing::Live { rotation: 0 });
}
