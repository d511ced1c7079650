use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use ironleaf_auth::{Clock, EndReason, Grant, Head, HeadState, Heads as _, Keep, SessionKey};
use ironleaf_session::{KeyRing, Ledger as _, Sealer, Standing};
use ironleaf_store::{INDEX_MAX_ENTRIES, MemoryStore, Store};

use super::*;
use crate::{End, RecordLimits};

/// Not secrets: keys for tests.
const TEST_KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";
const OTHER_TEST_KEY: &str = "616e6f74686572206b657920666f722074657374732c206e6f20736563726574";

const HOUR: Duration = Duration::from_hours(1);
const IDLE: Duration = Duration::from_hours(24);
const TEN_MINUTES: Duration = Duration::from_mins(10);
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0";
const LIMITS: RecordLimits =
    RecordLimits { absolute_timeout: Duration::from_hours(30 * 24), ends_per_owner: 3 };

struct Bench {
    store: Arc<MemoryStore>,
    records: Records,
    secs: Arc<AtomicU64>,
}

impl Bench {
    fn new() -> Self {
        let secs = Arc::new(AtomicU64::new(0));
        let store = Arc::new(MemoryStore::new(8 << 20, clock(&secs)));
        let records = records(&store, TEST_KEY, &secs);
        Self { store, records, secs }
    }

    fn now(&self) -> SystemTime {
        now() + Duration::from_secs(self.secs.load(Ordering::SeqCst))
    }

    fn advance(&self, time: Duration) {
        self.secs.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    async fn see(&self, session: &Identity) -> bool {
        let seen = Seen {
            at: self.now(),
            address: Some([192, 0, 2, 7].into()),
            user_agent: FIREFOX,
            provider_mark: Some("mark"),
        };
        self.records.note_session(session, &seen, IDLE, TEN_MINUTES).await.unwrap()
    }

    async fn ids(&self) -> Vec<SessionId> {
        let mut ids: Vec<_> =
            self.records.sessions(&owner()).await.unwrap().iter().map(|session| session.id).collect();
        ids.sort();
        ids
    }

    async fn lives(&self, session: &Identity) -> bool {
        self.records.standing(session).await.unwrap().standing != Standing::Ended
    }

    async fn entries(&self) -> Vec<Entry> {
        self.store.entries(&sessions_key(&owner())).await.unwrap()
    }
}

fn records(store: &Arc<MemoryStore>, key: &str, secs: &Arc<AtomicU64>) -> Records {
    let sealer = Sealer::new(KeyRing::parse(key).unwrap(), ironleaf_session::system_random());
    Records::new(Arc::clone(store) as _, sealer, clock(secs), LIMITS)
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(500_000)
}

fn clock(secs: &Arc<AtomicU64>) -> Clock {
    let secs = Arc::clone(secs);
    Arc::new(move || now() + Duration::from_secs(secs.load(Ordering::SeqCst)))
}

fn owner() -> Owner {
    Owner::new("core-api", "42")
}

fn session(number: u8, created_at: SystemTime) -> Identity {
    let id = SessionId::from_bytes([number; 16]);
    let provider_sid = Some(format!("sid-{number}"));
    Identity { id, owner: owner(), provider_sid, created_at, rotation: 0 }
}

fn others(but: &Identity, not_before: SystemTime) -> End {
    End::Others { owner: but.owner, not_before, except: but.id, created_at: but.created_at }
}

fn one(session: &Identity) -> End {
    End::Session { id: session.id, owner: session.owner, created_at: session.created_at }
}

#[tokio::test]
async fn a_session_is_listed_as_it_was_seen_last_and_noted_every_ten_minutes() {
    let bench = Bench::new();
    let session = session(1, now());
    assert!(bench.see(&session).await);
    bench.advance(Duration::from_secs(599));
    assert!(!bench.see(&session).await);
    bench.advance(Duration::from_secs(1));
    assert!(bench.see(&session).await);
    let [known] = &bench.records.sessions(&owner()).await.unwrap()[..] else { panic!("there is one") };
    assert_eq!((known.id, known.created_at, known.last_seen), (session.id, now(), now() + TEN_MINUTES));
    assert_eq!((known.address, &*known.user_agent), (Some([192, 0, 2, 7].into()), FIREFOX));
    assert_eq!(known.provider_mark.as_deref(), Some("mark"));
    assert_eq!(bench.records.sessions(&Owner::new("core-api", "43")).await.unwrap(), []);
    bench.advance(IDLE);
    assert_eq!(bench.ids().await, []);
}

#[tokio::test]
async fn an_entry_does_not_outlive_its_session() {
    let bench = Bench::new();
    let session = session(1, now());
    bench.advance(Duration::from_hours(30 * 24 - 1));
    assert!(bench.see(&session).await);
    bench.advance(Duration::from_secs(3599));
    assert_eq!(bench.ids().await, [session.id]);
    bench.advance(Duration::from_secs(1));
    assert_eq!(bench.ids().await, []);
}

#[tokio::test]
async fn a_name_of_a_form_finds_the_session_of_its_own_person() {
    let bench = Bench::new();
    bench.see(&session(1, now())).await;
    let text = SessionName::of(SessionId::from_bytes([1; 16])).to_string();
    assert!(text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
    assert!(!text.contains(&"01".repeat(16)));
    let name = text.parse().unwrap();
    assert!(bench.records.session(&owner(), name).await.unwrap().is_some());
    assert!(bench.records.session(&Owner::new("core-api", "43"), name).await.unwrap().is_none());
    for text in ["", "x", &text[..62], &format!("{text}00")] {
        assert!(text.parse::<SessionName>().is_err(), "{text}");
    }
}

#[tokio::test]
async fn every_end_takes_its_sessions_off_the_list() {
    let sid = |number: u8| End::ProviderSid { sid: format!("sid-{number}"), not_before: now() + HOUR };
    let all = |not_before| End::Owner { owner: owner(), not_before };
    let this = session(2, now());
    for (end, left, entries) in [
        (one(&session(1, now())), vec![2, 3], 2),
        (all(now() + HOUR), vec![], 0),
        (all(now() + Duration::from_secs(1)), vec![3], 1),
        (others(&this, now() + HOUR), vec![2], 1),
        // Whose it is, the provider does not say. The list finds it out.
        (sid(3), vec![1, 2], 3),
    ] {
        let bench = Bench::new();
        for (number, began) in [(1, 0), (2, 0), (3, 1)] {
            bench.see(&session(number, now() + Duration::from_secs(began))).await;
        }
        bench.records.end(&end, EndReason::EndedByPerson).await.unwrap();
        assert_eq!(bench.entries().await.len(), entries, "{end:?}");
        let left: Vec<_> = left.into_iter().map(|number| SessionId::from_bytes([number; 16])).collect();
        assert_eq!(bench.ids().await, left, "{end:?}");
        assert_eq!(bench.entries().await.len(), left.len(), "{end:?}");
    }
}

/// A request of the session was answered by another replica a moment before.
#[tokio::test]
async fn an_entry_that_is_written_after_the_end_lists_nothing() {
    let bench = Bench::new();
    let session = session(1, now());
    bench.see(&session).await;
    bench.records.end(&one(&session), EndReason::EndedByPerson).await.unwrap();
    assert!(bench.see(&session).await);
    assert_eq!(bench.ids().await, []);
}

#[tokio::test]
async fn a_session_that_the_provider_refused_is_not_listed() {
    let bench = Bench::new();
    let keep = Keep { mark: HOUR, grant: HOUR, only_with_grant: false };
    for (number, state) in [
        (1, HeadState::Dead(EndReason::Rejected(ironleaf_auth::Rejection::InvalidGrant))),
        (2, HeadState::Idle),
        (3, HeadState::Ending { reason: EndReason::SignedOut, unspent: true }),
    ] {
        let session = session(number, now());
        bench.see(&session).await;
        let key = SessionKey::new(session.id.as_bytes(), 0);
        let head = Head { rotation: 1, state, not_before: None, grant: Some(Grant::default()), shown: false };
        assert!(bench.records.write(&key, None, &head, keep).await.unwrap().is_some());
        assert_eq!(bench.ids().await.contains(&session.id), number == 2, "{state:?}");
    }
}

#[tokio::test]
async fn the_one_that_ends_all_others_stays_and_every_other_one_is_over() {
    let bench = Bench::new();
    let (old, this, young) = (session(1, now()), session(2, now() + HOUR), session(3, now() + 2 * HOUR));
    bench.advance(3 * HOUR);
    bench.records.end(&others(&this, bench.now()), EndReason::EndedByPerson).await.unwrap();
    assert!(bench.lives(&this).await && !bench.lives(&old).await && !bench.lives(&young).await);
    // It ends like any other one.
    bench.records.end(&one(&this), EndReason::SignedOut).await.unwrap();
    assert!(!bench.lives(&this).await);
    let next = session(4, bench.now());
    assert!(bench.lives(&next).await);
    for number in 5..15 {
        bench.records.end(&one(&session(number, bench.now())), EndReason::SignedOut).await.unwrap();
    }
    assert!(!bench.lives(&this).await, "that it has ended is remembered, however many others end");
}

#[tokio::test]
async fn after_an_end_of_all_nobody_is_left_alone() {
    let bench = Bench::new();
    let this = session(1, now());
    bench.advance(HOUR);
    bench.records.end(&others(&this, bench.now()), EndReason::EndedByPerson).await.unwrap();
    bench.advance(HOUR);
    let all = End::Owner { owner: owner(), not_before: bench.now() };
    bench.records.end(&all, EndReason::PasswordChanged).await.unwrap();
    assert!(!bench.lives(&this).await);
}

#[tokio::test]
async fn an_entry_opens_only_in_its_place_and_while_its_secret_is_listed() {
    let bench = Bench::new();
    bench.see(&session(1, now())).await;
    let [entry] = &bench.entries().await[..] else { panic!("there is one") };
    let both = format!("{OTHER_TEST_KEY},{TEST_KEY}");
    for (keys, is_listed) in [(OTHER_TEST_KEY, false), (&both, true), (TEST_KEY, true)] {
        let records = records(&bench.store, keys, &bench.secs);
        assert_eq!(records.sessions(&owner()).await.unwrap().len(), usize::from(is_listed), "{keys}");
    }
    assert_eq!(bench.entries().await.len(), 1, "another replica may know the key");
    let stranger = Owner::new("core-api", "43");
    for (index, name) in [(sessions_key(&stranger), entry.name), (sessions_key(&owner()), session_name(b"2"))]
    {
        let draft = EntryDraft { value: entry.value.clone(), ttl: HOUR, unless_within: Duration::ZERO };
        assert!(bench.store.put_entry(&index, &name, draft).await.unwrap());
    }
    assert_eq!(bench.ids().await.len(), 1);
    assert_eq!(bench.records.sessions(&stranger).await.unwrap(), []);
}

#[tokio::test]
async fn an_entry_shows_nothing_of_its_session() {
    let bench = Bench::new();
    let session = session(1, now());
    bench.see(&session).await;
    let [entry] = &bench.entries().await[..] else { panic!("there is one") };
    let stored = [&entry.value[..], entry.name.as_bytes(), sessions_key(&owner()).as_bytes()].concat();
    let holds = |bytes: &[u8]| stored.windows(bytes.len()).any(|window| window == bytes);
    for clear in
        [&session.id.as_bytes()[..], b"192.0.2.7", &[192, 0, 2, 7], b"Firefox", owner().as_bytes(), b"sid-1"]
    {
        assert!(!holds(clear), "{clear:?}");
    }
    assert!(holds(b"v1."));
}

#[tokio::test]
async fn what_a_browser_calls_itself_is_cut_between_two_characters() {
    let bench = Bench::new();
    for (name, kept) in [("a".repeat(5000), 300), ("€".repeat(5000), 300), ("é".repeat(149) + "x€€", 299)]
    {
        let seen = Seen { at: now(), address: None, user_agent: &name, provider_mark: None };
        bench.records.note_session(&session(1, now()), &seen, IDLE, Duration::ZERO).await.unwrap();
        let [known] = &bench.records.sessions(&owner()).await.unwrap()[..] else { panic!("there is one") };
        assert_eq!(known.user_agent.len(), kept);
    }
}

#[tokio::test]
async fn a_person_has_as_many_entries_as_an_index() {
    let bench = Bench::new();
    for number in 0..=INDEX_MAX_ENTRIES {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&u64::try_from(number).unwrap().to_be_bytes());
        let session = Identity { id: SessionId::from_bytes(id), ..session(0, now()) };
        assert!(bench.see(&session).await);
    }
    let ids = bench.ids().await;
    assert_eq!(ids.len(), INDEX_MAX_ENTRIES);
    assert!(!ids.contains(&SessionId::from_bytes([0; 16])), "the one that was seen first");
}
