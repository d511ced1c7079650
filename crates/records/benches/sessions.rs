//! The list of a person's thousand sessions, half of which have a head, in each store: `cargo xtask bench` has the
//! target.

#[path = "../../store/tests/support/redis_server.rs"]
#[expect(dead_code, reason = "the tests of the store need more of it")]
mod redis_server;

use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use ironleaf_auth::{Grant, Head, HeadState, Heads as _, Keep, SessionKey};
use ironleaf_records::{End, RecordLimits, Records, Seen};
use ironleaf_session::{Identity, KeyRing, Owner, Sealer, SessionId};
use ironleaf_store::{
    INDEX_MAX_ENTRIES, MemoryStore, RedisSettings, RedisStore, SqliteSettings, SqliteStore, Store,
    system_clock, system_random,
};
use redis_server::RedisServer;
use tokio::runtime::Runtime;

/// Not a secret: a key for measuring.
const KEY: &str = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0";
const IDLE: Duration = Duration::from_hours(7 * 24);
/// As long as a pair of access token and refresh token usually is.
const TOKEN_BYTES: usize = 1500;

fn owner() -> Owner {
    Owner::new("core-api", "42")
}

fn session(number: usize) -> Identity {
    let mut id = [0x5a; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let (id, created_at) = (SessionId::from_bytes(id), (system_clock())());
    Identity { id, owner: owner(), provider_sid: Some(format!("sid-{number}")), created_at, rotation: 0 }
}

async fn fill(records: &Records) {
    let keep = Keep { mark: IDLE, grant: IDLE, only_with_grant: false };
    for number in 0..INDEX_MAX_ENTRIES {
        let session = session(number);
        let seen = Seen {
            at: session.created_at,
            address: Some([192, 0, 2, 7].into()),
            user_agent: FIREFOX,
            provider_mark: None,
        };
        records.note_session(&session, &seen, IDLE, Duration::ZERO).await.expect("the store has room");
        if number % 2 == 0 {
            let grant = Some(Grant::default().with(2, &*"t".repeat(TOKEN_BYTES)));
            let head = Head { rotation: 1, state: HeadState::Idle, not_before: None, grant, shown: true };
            let key = SessionKey::new(session.id.as_bytes(), 1);
            records.write(&key, None, &head, keep).await.expect("the store has room");
        }
    }
}

fn measure(criterion: &mut Criterion, runtime: &Runtime, name: &str, store: Arc<dyn Store>) {
    let sealer = Sealer::new(KeyRing::parse(KEY).expect("it is a key"), system_random());
    let records = Records::new(store, sealer, system_clock(), RecordLimits::default());
    runtime.block_on(fill(&records));
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20);
    group.bench_function("list", |bencher| {
        bencher.iter(|| {
            let sessions = runtime.block_on(records.sessions(&owner())).expect("the store is there");
            assert_eq!(sessions.len(), INDEX_MAX_ENTRIES);
        });
    });
    group.bench_function("end all others", |bencher| {
        bencher.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                runtime.block_on(fill(&records));
                // Times have milliseconds, and the last of these sessions have just begun.
                let (this, not_before) = (session(0), (system_clock())() + Duration::from_millis(1));
                let (except, created_at) = (this.id, this.created_at);
                let end = End::Others { owner: owner(), not_before, except, created_at };
                let began = std::time::Instant::now();
                let ended = records.end(&end, ironleaf_auth::EndReason::EndedByPerson);
                runtime.block_on(ended).expect("the store is there");
                spent += began.elapsed();
                assert_eq!(runtime.block_on(records.sessions(&owner())).expect("it is there").len(), 1);
            }
            spent
        });
    });
}

fn stores(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    measure(criterion, &runtime, "memory", Arc::new(MemoryStore::new(1 << 30, system_clock())));

    let folder = tempfile::tempdir().expect("a temporary folder");
    let sqlite = SqliteStore::open(folder.path(), SqliteSettings::default(), system_clock());
    let sqlite = runtime.block_on(sqlite).expect("a folder of our own opens");
    measure(criterion, &runtime, "sqlite", Arc::new(sqlite));

    let server = RedisServer::start(&[]);
    let url = server.url();
    let redis = runtime.block_on(RedisStore::connect(&url, RedisSettings::default()));
    measure(criterion, &runtime, "redis", Arc::new(redis.expect("the server is there")));
}

criterion_group!(benches, stores);
criterion_main!(benches);
