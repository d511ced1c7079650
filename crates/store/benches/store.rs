//! The cost of a page (a read of four keys) and of a refresh (a write), for each store.

#[path = "../tests/support/redis_server.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod redis_server;

use std::{sync::Arc, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use ironleaf_store::{
    Body, Draft, Durability, Eviction, Expected, Key, MemoryStore, RedisSettings, RedisStore, SqliteSettings,
    SqliteStore, Store, system_clock,
};
use redis_server::RedisServer;
use tokio::runtime::Runtime;

/// The number of existing records, as in a site in use.
const RECORDS: u32 = 1000;

fn key(number: u32) -> Key {
    let mut bytes = [0x5a; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Key::from_bytes(bytes)
}

/// A mark like that of a head, and a body like a sealed token set.
fn draft() -> Draft {
    let hour = Duration::from_hours(1);
    let body = Body { bytes: vec![7; 2048], ttl: hour, eviction: Eviction::Last };
    Draft { mark: vec![7; 40], mark_ttl: 24 * hour, body: Some(body), durability: Durability::Synced }
}

fn measure(criterion: &mut Criterion, runtime: &Runtime, name: &str, store: &Arc<dyn Store>) {
    let mut group = criterion.benchmark_group(name);
    let write = async |number| {
        let written = store.write(&key(number), Expected::Anything, draft()).await;
        written.expect("the store has room")
    };
    for number in 0..RECORDS {
        let _ = runtime.block_on(write(number));
    }
    let keys = [key(1), key(500), key(999), key(RECORDS)];
    group.bench_function("read of 4 keys", |bencher| {
        bencher.iter(|| runtime.block_on(store.read(&keys)).expect("the store is there"));
    });
    let mut number = 0;
    group.bench_function("write", |bencher| {
        bencher.iter(|| {
            number = (number + 1) % RECORDS;
            runtime.block_on(write(number))
        });
    });
}

fn stores(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new(1 << 30, system_clock()));
    measure(criterion, &runtime, "memory", &memory);

    let folder = tempfile::tempdir().expect("a temporary folder");
    let sqlite = SqliteStore::open(folder.path(), SqliteSettings::default(), system_clock());
    let sqlite: Arc<dyn Store> = Arc::new(runtime.block_on(sqlite).expect("a folder of our own opens"));
    measure(criterion, &runtime, "sqlite", &sqlite);

    let server = RedisServer::start(&[]);
    let url = server.url();
    let redis = runtime.block_on(RedisStore::connect(&url, RedisSettings::default()));
    let redis: Arc<dyn Store> = Arc::new(redis.expect("the server is there"));
    measure(criterion, &runtime, "redis", &redis);
}

criterion_group!(benches, stores);
criterion_main!(benches);
