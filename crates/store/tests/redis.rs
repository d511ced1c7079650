//! The Redis store: the conformance suite, and its own tests, each with its own server.

#[path = "support/redis_server.rs"]
mod redis_server;

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use ironleaf_store::{
    Body, Draft, Durability, EntryDraft, Eviction, EvictionPolicy, Expected, Holder, Key, RedisSettings,
    RedisStore, Store, StoreError, Written,
    conformance::{self, Subject},
};
use redis_server::RedisServer;

const KEY: Key = Key::from_bytes([0xab; 32]);
const HOLDER: Holder = Holder::from_bytes([1; 16]);
const HOUR: Duration = Duration::from_hours(1);

struct Redis(RedisServer);

#[async_trait]
impl Subject for Redis {
    /// Lazy stores, because `connect` refuses a cluster.
    async fn clients(&self) -> [Arc<dyn Store>; 2] {
        let client = || RedisStore::lazy(&self.0.url(), patient()).expect("an address of ours");
        [Arc::new(client()), Arc::new(client())]
    }

    async fn advance(&self, by: Duration) {
        self.0.db_advance(by).await;
    }
}

/// Long timeouts, because the machine that runs the tests may be busy.
fn patient() -> RedisSettings {
    let timeout = Duration::from_secs(10);
    RedisSettings {
        connect_timeout: timeout,
        response_timeout: timeout,
        command_timeout: timeout,
        ..RedisSettings::default()
    }
}

async fn connect(server: &RedisServer) -> RedisStore {
    RedisStore::connect(&server.url(), patient()).await.expect("the server is there")
}

fn draft() -> Draft {
    let body = Body { bytes: b"the body".to_vec(), ttl: HOUR / 2, eviction: Eviction::Last };
    Draft { mark: b"the mark".to_vec(), mark_ttl: HOUR, body: Some(body), durability: Durability::Synced }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_conforms() {
    conformance::check(&Redis(RedisServer::start(&[]))).await;
}

/// One node with all slots refuses a script or an MGET across two of them, as a large cluster would.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_operation_stays_within_one_slot_of_a_cluster() {
    let server = RedisServer::start_as_cluster();
    server.db::<()>("CLUSTER ADDSLOTSRANGE 0 16383").await;
    while !server.db::<String>("CLUSTER INFO").await.contains("cluster_state:ok") {
        tokio::task::yield_now().await;
    }
    conformance::check(&Redis(server)).await;
}

#[tokio::test]
async fn keys_are_named_by_their_hash_and_all_expire() {
    let server = RedisServer::start(&[]);
    let store = connect(&server).await;
    assert!(matches!(store.write(&KEY, Expected::Absent, draft()).await, Ok(Written::Done(_))));
    assert!(store.acquire(&KEY, &HOLDER, HOUR / 4).await.unwrap());

    let hex = "ab".repeat(32);
    for (part, ttl) in [("mark", HOUR), ("body", HOUR / 2), ("lease", HOUR / 4)] {
        let left: u64 = server.db(&format!("PTTL ironleaf:{{{hex}}}:{part}")).await;
        let ttl = u64::try_from(ttl.as_millis()).unwrap();
        assert!(left <= ttl && left > ttl - 60_000, "{part} has {left} of {ttl} ms left");
    }
    assert_eq!(server.db::<u64>("DBSIZE").await, 3);
}

#[tokio::test]
async fn an_index_has_two_keys_that_expire_with_its_last_entry() {
    let server = RedisServer::start(&[]);
    let store = connect(&server).await;
    let draft = |ttl| EntryDraft { value: b"value".to_vec(), ttl, unless_within: Duration::ZERO };
    for (name, ttl) in [(1, HOUR), (2, HOUR / 2)] {
        assert!(store.put_entry(&KEY, &Key::from_bytes([name; 32]), draft(ttl)).await.unwrap());
    }
    let hex = "ab".repeat(32);
    for part in ["entries", "entry-ends"] {
        let left: u64 = server.db(&format!("PTTL ironleaf:{{{hex}}}:{part}")).await;
        assert!((3_540_000..=3_600_000).contains(&left), "{part} has {left} ms left");
    }
    store.remove_entries(&KEY, &[Key::from_bytes([1; 32]), Key::from_bytes([2; 32])]).await.unwrap();
    assert_eq!(server.db::<u64>("DBSIZE").await, 0);
}

/// Their commands are newer than many a user of a Redis, and nobody is signed out for them.
#[tokio::test]
async fn a_user_without_the_commands_of_indexes_can_do_all_else() {
    let server = RedisServer::start(&[]);
    let commands = "+evalsha +script|load +get +getrange +set +del +pexpire +mget +info";
    server.db::<()>(&format!("ACL SETUSER older on >secret ~ironleaf:* {commands}")).await;
    let store = RedisStore::connect(&server.url_as("older"), patient()).await.unwrap();
    let draft = EntryDraft { value: Vec::new(), ttl: HOUR, unless_within: Duration::ZERO };
    assert!(store.put_entry(&KEY, &KEY, draft.clone()).await.is_err());
    store.check().await.unwrap();
    let further = "+time +pttl +hget +hset +hdel +hlen +hgetall +zadd +zrem +zscore +zrangebyscore";
    server.db::<()>(&format!("ACL SETUSER older {further}")).await;
    assert!(store.put_entry(&KEY, &KEY, draft).await.unwrap());
    assert_eq!(store.entries(&KEY).await.unwrap().len(), 1);
    store.remove_entries(&KEY, &[KEY]).await.unwrap();
    assert_eq!(store.entries(&KEY).await.unwrap(), []);
}

#[tokio::test]
async fn time_is_that_of_redis() {
    let server = RedisServer::start(&[]);
    let store = connect(&server).await;
    let short = Draft { mark_ttl: Duration::from_millis(20), ..draft() };
    assert!(matches!(store.write(&KEY, Expected::Absent, short).await, Ok(Written::Done(_))));
    assert!(store.acquire(&KEY, &HOLDER, Duration::from_millis(20)).await.unwrap());
    let began = Instant::now();
    while store.read(&[KEY]).await.unwrap()[0].is_some()
        || store.renew(&KEY, &HOLDER, Duration::ZERO).await.unwrap()
    {
        assert!(began.elapsed() < Duration::from_secs(10), "20 ms are over by now");
    }
}

#[tokio::test]
async fn stores_with_different_prefixes_are_apart() {
    let server = RedisServer::start(&[]);
    let one = connect(&server).await;
    let settings = RedisSettings { prefix: "other:".to_owned(), ..patient() };
    let other = RedisStore::connect(&server.url(), settings).await.unwrap();
    assert!(matches!(one.write(&KEY, Expected::Absent, draft()).await, Ok(Written::Done(_))));
    assert!(one.acquire(&KEY, &HOLDER, HOUR).await.unwrap());
    assert_eq!(other.read(&[KEY]).await.unwrap(), [None]);
    assert!(other.acquire(&KEY, &Holder::from_bytes([2; 16]), HOUR).await.unwrap());
}

#[tokio::test]
async fn tls_trusts_the_certificate_it_was_given_and_no_other() {
    let (server, certificate) = RedisServer::start_with_tls();
    let url = server.url().replace("redis:", "rediss:");
    let settings = RedisSettings { root_certificates: Some(certificate), ..patient() };
    let store = RedisStore::connect(&url, settings).await.unwrap();
    assert!(matches!(store.write(&KEY, Expected::Absent, draft()).await, Ok(Written::Done(_))));

    let (_, of_another) = RedisServer::start_with_tls();
    for root_certificates in [None, Some(of_another)] {
        let settings = RedisSettings { root_certificates, ..patient() };
        assert!(RedisStore::connect(&url, settings).await.is_err());
    }
    assert!(RedisStore::connect(&server.url(), patient()).await.is_err(), "nor does it speak in clear");
}

#[test]
fn certificates_that_are_none_are_refused_before_anybody_connects() {
    let broken = b"-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n";
    for pem in [&b""[..], b"-----BEGIN PRIVATE KEY-----\n", broken] {
        let settings = RedisSettings { root_certificates: Some(pem.to_vec()), ..patient() };
        assert!(RedisStore::lazy("rediss://127.0.0.1", settings).is_err(), "{}", pem.escape_ascii());
    }
}

#[tokio::test]
async fn scripts_come_back_after_a_server_forgot_them() {
    let server = RedisServer::start(&[]);
    let store = connect(&server).await;
    for _ in 0..2 {
        server.db::<()>("SCRIPT FLUSH").await;
        assert!(matches!(store.write(&KEY, Expected::Anything, draft()).await, Ok(Written::Done(_))));
        assert!(store.acquire(&KEY, &HOLDER, HOUR).await.unwrap());
    }
}

/// The last result of readiness is valid for a second.
async fn a_second_later() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(1)).await;
    tokio::time::resume();
}

/// Well above the timeouts of [`impatient`], and well below all others.
const SOON: Duration = Duration::from_secs(2);

fn impatient() -> RedisSettings {
    let timeout = Duration::from_millis(100);
    RedisSettings {
        connect_timeout: timeout,
        response_timeout: timeout,
        command_timeout: timeout,
        ..RedisSettings::default()
    }
}

#[tokio::test]
async fn a_frozen_server_costs_a_call_no_more_than_its_timeout() {
    let server = RedisServer::start(&[]);
    let store = connect_impatiently(&server).await;
    a_second_later().await;
    server.freeze();
    let began = Instant::now();
    assert!(matches!(store.read(&[KEY]).await, Err(StoreError::Unreachable(_))));
    assert!(matches!(store.write(&KEY, Expected::Absent, draft()).await, Err(StoreError::Unreachable(_))));
    assert!(matches!(store.acquire(&KEY, &HOLDER, HOUR).await, Err(StoreError::Unreachable(_))));
    assert!(matches!(store.check().await, Err(StoreError::Unreachable(_))));
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert!(RedisStore::connect(&server.url(), impatient()).await.is_err());
    server.thaw();
    answers_again(&store).await;
}

#[tokio::test]
async fn a_server_that_was_away_is_found_again() {
    let mut server = RedisServer::start(&[]);
    let store = connect_impatiently(&server).await;
    server.kill();
    a_second_later().await;
    let began = Instant::now();
    for _ in 0..20 {
        assert!(matches!(store.check().await, Err(StoreError::Unreachable(_))));
    }
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    server.start_again();
    answers_again(&store).await;
    assert!(matches!(store.write(&KEY, Expected::Absent, draft()).await, Ok(Written::Done(_))));
}

#[tokio::test]
async fn a_connection_that_broke_unnoticed_does_not_fail_the_next_read() {
    let server = RedisServer::start(&[]);
    let store = connect(&server).await;
    server.db::<()>("CLIENT KILL TYPE normal SKIPME yes").await;
    assert_eq!(store.read(&[KEY]).await.unwrap(), [None]);
}

#[tokio::test]
async fn a_lazy_store_waits_for_its_server_to_come() {
    let mut server = RedisServer::start(&[]);
    server.kill();
    assert!(RedisStore::connect(&server.url(), patient()).await.is_err());
    let store = RedisStore::lazy(&server.url(), patient()).unwrap();
    assert!(store.check().await.is_err());
    server.start_again();
    a_second_later().await;
    store.check().await.unwrap();
}

async fn connect_impatiently(server: &RedisServer) -> RedisStore {
    let store = RedisStore::lazy(&server.url(), impatient()).expect("an address of ours");
    answers_again(&store).await;
    store
}

/// On a busy machine, 100 ms may not be enough for the first answers.
async fn answers_again(store: &RedisStore) {
    let began = Instant::now();
    while store.check().await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "the server is there again");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_without_room_is_full_and_keeps_what_it_has() {
    let server = RedisServer::start(&[]);
    let store = connect(&server).await;
    assert!(matches!(store.write(&KEY, Expected::Absent, draft()).await, Ok(Written::Done(_))));
    let before = store.read(&[KEY]).await.unwrap();
    server.db::<()>("CONFIG SET maxmemory 1").await;
    let other = Draft { mark: b"other".to_vec(), ..draft() };
    let refused = store.write(&KEY, Expected::Anything, other).await;
    assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
    assert!(matches!(store.acquire(&KEY, &HOLDER, HOUR).await, Err(StoreError::Full(_))));
    assert_eq!(store.read(&[KEY]).await.unwrap(), before);
    server.db::<()>("CONFIG SET maxmemory 0").await;
    assert!(matches!(store.write(&KEY, Expected::Anything, draft()).await, Ok(Written::Done(_))));
}

#[tokio::test]
async fn a_policy_that_could_drop_a_mark_is_told() {
    let server = RedisServer::start(&[]);
    let store = connect(&server).await;
    assert_eq!(store.eviction_policy().await.unwrap(), EvictionPolicy::Safe);
    server.db::<()>("CONFIG SET maxmemory 100mb").await;
    assert_eq!(store.eviction_policy().await.unwrap(), EvictionPolicy::Safe);
    for policy in ["allkeys-lru", "volatile-ttl"] {
        server.db::<()>(&format!("CONFIG SET maxmemory-policy {policy}")).await;
        assert_eq!(store.eviction_policy().await.unwrap(), EvictionPolicy::Drops(policy.to_owned()));
    }
    server.db::<()>("ACL SETUSER shy on >secret ~* +@all -info").await;
    let url = server.url_as("shy");
    let shy = RedisStore::connect(&url, patient()).await.unwrap();
    assert_eq!(shy.eviction_policy().await.unwrap(), EvictionPolicy::Unknown);
}

#[tokio::test]
async fn errors_repeat_no_key_body_or_password() {
    // Redis repeats the arguments of an unknown command.
    let server = RedisServer::start(&["--rename-command", "EVALSHA", ""]);
    let store = RedisStore::lazy(&server.url(), patient()).unwrap();
    let unknown = store.write(&KEY, Expected::Absent, draft()).await.unwrap_err();
    server.db::<()>("ACL SETUSER narrow on >secret ~nothing +@all").await;
    let url = server.url_as("narrow");
    let narrow = RedisStore::lazy(&url, patient()).unwrap();
    let forbidden = narrow.read(&[KEY]).await.unwrap_err();
    let stranger = RedisStore::connect(&url.replace("secret", "hidden"), patient()).await.err().unwrap();
    let nonsense = RedisStore::lazy("redis://:hidden@:x", patient()).err().unwrap();

    for error in [unknown, forbidden, stranger, nonsense] {
        let mut told = format!("{error:?}");
        let mut source: Option<&dyn Error> = Some(&error);
        while let Some(error) = source {
            told = format!("{told} {error} {error:?}");
            source = error.source();
        }
        for secret in ["abab", "the body", "the mark", "secret", "hidden"] {
            assert!(!told.contains(secret), "{told}");
        }
        assert!(told.contains("Redis"), "{told}");
    }
}
