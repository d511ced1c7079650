//! A Redis that answers and is still unusable: a replica, a full one, a cluster node, one that refuses a command.

#[path = "support/forwarder.rs"]
mod forwarder;
#[path = "support/redis_server.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod redis_server;

use std::time::Duration;

use forwarder::Forwarder;
use ironleaf_store::{
    Draft, Durability, Expected, Holder, Key, RedisSettings, RedisStore, Store, StoreError, Usage, Written,
};
use redis_server::RedisServer;

const KEY: Key = Key::from_bytes([0xab; 32]);
const HOLDER: Holder = Holder::from_bytes([1; 16]);
const HOUR: Duration = Duration::from_hours(1);

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

fn mark() -> Draft {
    Draft { mark: b"mark".to_vec(), mark_ttl: HOUR, body: None, durability: Durability::Synced }
}

async fn not_ready(store: &RedisStore) -> String {
    a_second_later().await;
    store.check().await.expect_err("it is of no use").detail()
}

/// The last result of readiness is valid for a second.
async fn a_second_later() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(1)).await;
    tokio::time::resume();
}

async fn ready_again(store: &RedisStore) {
    a_second_later().await;
    store.check().await.expect("it is of use again");
}

async fn is_ready(server: &RedisServer) -> bool {
    RedisStore::connect(&server.url(), patient()).await.is_ok()
}

#[tokio::test]
async fn a_read_only_replica_is_not_ready() {
    let master = RedisServer::start(&[]);
    let replica = RedisServer::start(&[]);
    let store = RedisStore::connect(&replica.url(), patient()).await.unwrap();
    replica.db::<()>(&format!("REPLICAOF 127.0.0.1 {}", master.address().port())).await;
    let told = not_ready(&store).await;
    assert!(told.contains("read-only replica"), "{told}");
    assert!(!is_ready(&replica).await && is_ready(&master).await);
}

/// It accepts writes, and forgets them when it hears from its master.
#[tokio::test]
async fn a_replica_that_can_be_written_is_not_ready() {
    let (master, replica) = (RedisServer::start(&[]), RedisServer::start(&["--replica-read-only", "no"]));
    let store = RedisStore::connect(&replica.url(), patient()).await.unwrap();
    replica.db::<()>(&format!("REPLICAOF 127.0.0.1 {}", master.address().port())).await;
    assert!(matches!(store.write(&KEY, Expected::Anything, mark()).await, Ok(Written::Done(_))));
    let told = not_ready(&store).await;
    assert!(told.contains("replica"), "{told}");
    assert!(!is_ready(&replica).await);
}

#[tokio::test]
async fn a_replica_without_a_master_is_not_ready_and_the_next_call_goes_to_the_new_one() {
    for stale in ["yes", "no"] {
        let (orphan, master) =
            (RedisServer::start(&["--replica-serve-stale-data", stale]), RedisServer::start(&[]));
        let forwarder = Forwarder::to(orphan.address()).await;
        let store = RedisStore::connect(&forwarder.url(), patient()).await.unwrap();
        let nobody = "REPLICAOF 127.0.0.1 1";
        orphan.db::<()>(nobody).await;
        let told = not_ready(&store).await;
        assert!(told.contains("replica"), "{told}");
        forwarder.lead_to(master.address());
        ready_again(&store).await;
    }
}

/// Its replicas have left it for another master, and its address leads there.
#[tokio::test]
async fn a_former_master_that_its_replicas_have_left_is_left_by_us_as_well() {
    let (former, master) = (RedisServer::start(&[]), RedisServer::start(&[]));
    let forwarder = Forwarder::to(former.address()).await;
    let store = RedisStore::connect(&forwarder.url(), patient()).await.unwrap();
    former.db::<()>("CONFIG SET min-replicas-to-write 1").await;
    let refused = store.write(&KEY, Expected::Anything, mark()).await.expect_err("no replica follows");
    assert!(refused.detail().contains("min-replicas-to-write"), "{}", refused.detail());
    forwarder.lead_to(master.address());
    assert!(matches!(store.write(&KEY, Expected::Anything, mark()).await, Ok(Written::Done(_))));
    ready_again(&store).await;
}

#[tokio::test]
async fn a_redis_that_cannot_save_is_not_ready() {
    let server = RedisServer::start(&["--enable-protected-configs", "yes", "--save", "3600 1"]);
    let store = RedisStore::connect(&server.url(), patient()).await.unwrap();
    // Nobody can create a file there.
    server.db::<()>("CONFIG SET dir /proc").await;
    server.db::<String>("BGSAVE").await;
    while server.db::<String>("INFO persistence").await.contains("rdb_bgsave_in_progress:1") {
        tokio::task::yield_now().await;
    }
    let told = not_ready(&store).await;
    assert!(told.contains("cannot save"), "{told}");
}

#[tokio::test]
async fn readiness_writes_once_a_second_at_most_and_what_it_found_is_told_to_all() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::lazy(&server.url(), patient()).unwrap();
    let written = async || -> usize {
        let stats = server.db::<String>("INFO commandstats").await;
        let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_set:calls="));
        calls.map_or(0, |calls| calls.split(',').next().unwrap().parse().unwrap())
    };
    for asked in 1..=3 {
        for _ in 0..20 {
            store.check().await.unwrap();
        }
        assert_eq!(written().await, asked);
        a_second_later().await;
    }
    server.db::<()>("CONFIG SET maxmemory 1").await;
    let told = store.check().await.unwrap_err().detail();
    server.db::<()>("CONFIG SET maxmemory 0").await;
    assert_eq!(store.check().await.unwrap_err().detail(), told);
    ready_again(&store).await;
}

#[tokio::test]
async fn a_full_redis_is_not_ready() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url(), patient()).await.unwrap();
    server.db::<()>("CONFIG SET maxmemory 1").await;
    let told = not_ready(&store).await;
    assert!(told.contains("full") && told.contains("maxmemory"), "{told}");
    server.db::<()>("CONFIG SET maxmemory 0").await;
    ready_again(&store).await;
}

#[tokio::test]
async fn a_master_without_the_replicas_it_asks_for_is_not_ready() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url(), patient()).await.unwrap();
    server.db::<()>("CONFIG SET min-replicas-to-write 1").await;
    let told = not_ready(&store).await;
    assert!(told.contains("min-replicas-to-write"), "{told}");
}

#[tokio::test]
async fn a_user_without_a_command_that_is_needed_is_not_ready() {
    let server = RedisServer::start(&[]);
    for command in ["evalsha", "get", "getrange", "set", "del", "pexpire", "mget"] {
        let user = format!("ACL SETUSER without-{command} on >secret ~* +@all -{command}");
        server.db::<()>(&user).await;
        let url = server.url_as(&format!("without-{command}"));
        let told = not_ready(&RedisStore::lazy(&url, patient()).unwrap()).await;
        assert!(told.contains("user may not run"), "{command}: {told}");
    }
    server.db::<()>("ACL SETUSER elsewhere on >secret ~other:* +@all").await;
    let url = server.url_as("elsewhere");
    let told = not_ready(&RedisStore::lazy(&url, patient()).unwrap()).await;
    assert!(told.contains("user may not"), "{told}");
}

/// The permissions that the documents list are enough.
#[tokio::test]
async fn a_user_with_the_commands_of_the_documents_is_ready() {
    let server = RedisServer::start(&[]);
    let commands = "+evalsha +script|load +get +getrange +set +del +pexpire +mget +info";
    server.db::<()>(&format!("ACL SETUSER narrow on >secret ~ironleaf:* {commands}")).await;
    let url = server.url_as("narrow");
    let store = RedisStore::connect(&url, patient()).await.unwrap();
    assert!(matches!(store.write(&KEY, Expected::Absent, mark()).await, Ok(Written::Done(_))));
    assert!(store.acquire(&KEY, &HOLDER, HOUR).await.unwrap());
    assert!(store.renew(&KEY, &HOLDER, HOUR).await.unwrap());
    store.release(&KEY, &HOLDER).await.unwrap();
    store.usage().await.unwrap();
}

#[tokio::test]
async fn readiness_leaves_nothing_behind() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url(), patient()).await.unwrap();
    store.check().await.unwrap();
    assert_eq!(server.db::<u64>("DBSIZE").await, 0);
}

/// An address that leads to the current master, and a connection that stays with the old one.
#[tokio::test]
async fn a_call_after_one_that_met_a_replica_goes_to_the_new_master() {
    let (one, other) = (RedisServer::start(&[]), RedisServer::start(&[]));
    let forwarder = Forwarder::to(one.address()).await;
    let store = RedisStore::connect(&forwarder.url(), patient()).await.unwrap();
    let mut servers = [&one, &other];
    for _ in 0..2 {
        let [old, new] = servers;
        new.db::<()>("REPLICAOF NO ONE").await;
        old.db::<()>(&format!("REPLICAOF 127.0.0.1 {}", new.address().port())).await;
        forwarder.lead_to(new.address());
        let refused = store.write(&KEY, Expected::Anything, mark()).await;
        let told = refused.expect_err("its connection leads to a replica").detail();
        assert!(told.contains("read-only replica"), "{told}");
        assert!(matches!(store.write(&KEY, Expected::Anything, mark()).await, Ok(Written::Done(_))));
        assert!(store.acquire(&KEY, &HOLDER, HOUR).await.unwrap());
        servers.reverse();
    }
}

#[tokio::test]
async fn a_node_of_a_cluster_is_refused_at_the_start() {
    let server = RedisServer::start_as_cluster();
    let refused = RedisStore::connect(&server.url(), patient()).await.err().expect("half of its keys fail");
    assert!(matches!(refused, StoreError::Unreachable(_)));
    assert!(refused.detail().contains("cluster"), "{}", refused.detail());
}

#[tokio::test]
async fn usage_is_known_where_memory_is_bounded() {
    let server = RedisServer::start(&[]);
    let store = RedisStore::connect(&server.url(), patient()).await.unwrap();
    assert_eq!(store.usage().await.unwrap(), None);
    server.db::<()>("CONFIG SET maxmemory 100mb").await;
    assert!(matches!(store.write(&KEY, Expected::Absent, mark()).await, Ok(Written::Done(_))));
    let Usage { used_bytes, capacity_bytes, entries } = store.usage().await.unwrap().unwrap();
    assert_eq!((capacity_bytes, entries), (100 << 20, 1));
    assert!((1..capacity_bytes).contains(&used_bytes), "{used_bytes}");
    server.db::<()>("ACL SETUSER shy on >secret ~* +@all -info").await;
    let url = server.url_as("shy");
    let shy = RedisStore::connect(&url, patient()).await.unwrap();
    assert_eq!(shy.usage().await.unwrap(), None);
}
