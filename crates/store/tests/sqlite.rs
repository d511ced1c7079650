//! The SQLite store: the conformance suite, and its own tests.

#[path = "support/clock.rs"]
mod clock;

use std::{os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use clock::TestClock;
use ironleaf_store::{
    Body, Draft, Durability, Eviction, Expected, Holder, Key, SqliteSettings, SqliteStore, Store, Usage,
    Version, Written,
    conformance::{self, Subject},
};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

struct Sqlite {
    folder: TempDir,
    clock: TestClock,
    settings: SqliteSettings,
}

impl Sqlite {
    fn of(capacity_bytes: usize) -> Self {
        let settings = SqliteSettings { capacity_bytes, ..SqliteSettings::default() };
        Self { folder: TempDir::new().expect("a temporary folder"), clock: TestClock::default(), settings }
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.folder.path(), self.settings.clone(), self.clock.clock())
            .await
            .expect("a folder of our own opens")
    }
}

#[async_trait]
impl Subject for Sqlite {
    /// Each client has its own connections, as two processes would.
    async fn clients(&self) -> [Arc<dyn Store>; 2] {
        [Arc::new(self.open().await), Arc::new(self.open().await)]
    }

    async fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}

const KEY: Key = Key::from_bytes([7; 32]);
const HOUR: Duration = Duration::from_hours(1);

fn mark(bytes: &[u8]) -> Draft {
    Draft { mark: bytes.to_vec(), mark_ttl: HOUR, body: None, durability: Durability::Synced }
}

async fn put(store: &SqliteStore, key: Key, draft: Draft) -> Version {
    match store.write(&key, Expected::Anything, draft).await.expect("a living store writes") {
        Written::Done(version) => version,
        Written::Conflict => panic!("a write that expects anything is done"),
    }
}

/// Connects beside every connection of a store, as an administrator would.
async fn db_connect(folder: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}/store.sqlite3", folder.display()))
        .await
        .expect("the file is there")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_conforms() {
    conformance::check(&Sqlite::of(1 << 20)).await;
}

#[tokio::test]
async fn sqlite_conforms_at_its_size_bound() {
    conformance::check_size_bound(&Sqlite::of(64 << 10), 64 << 10).await;
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let sqlite = Sqlite::of(1 << 20);
    let store = sqlite.open().await;
    let body = Body { bytes: b"body".to_vec(), ttl: HOUR, eviction: Eviction::Last };
    let draft = Draft { body: Some(body), ..mark(b"mark") };
    let written = store.write(&KEY, Expected::Absent, draft).await.unwrap();
    assert!(store.acquire(&KEY, &Holder::from_bytes([1; 16]), HOUR).await.unwrap());
    store.close().await;

    let store = sqlite.open().await;
    let record = store.read(&[KEY]).await.unwrap().remove(0).unwrap();
    assert_eq!(Written::Done(record.version), written);
    assert_eq!((&record.mark[..], record.body.as_deref()), (&b"mark"[..], Some(&b"body"[..])));
    assert!(!store.acquire(&KEY, &Holder::from_bytes([2; 16]), HOUR).await.unwrap());
}

#[tokio::test]
async fn a_version_does_not_come_again_after_a_restart() {
    let sqlite = Sqlite::of(1 << 20);
    let mut versions = Vec::new();
    for _ in 0..3 {
        let store = sqlite.open().await;
        let Written::Done(version) = store.write(&KEY, Expected::Absent, mark(b"m")).await.unwrap() else {
            panic!("the record expired");
        };
        assert!(!versions.contains(&version));
        versions.push(version);
        sqlite.clock.advance(HOUR);
        // The write of another key sweeps the record away, and with it the highest row number.
        put(&store, Key::from_bytes([8; 32]), Draft { mark_ttl: Duration::ZERO, ..mark(b"") }).await;
        store.close().await;
    }
}

#[tokio::test]
async fn its_files_are_for_their_owner_only() {
    let sqlite = Sqlite::of(1 << 20);
    let file = sqlite.folder.path().join("store.sqlite3");
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = sqlite.open().await;
    put(&store, KEY, mark(b"m")).await;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(sqlite.folder.path()).unwrap() {
        let entry = entry.unwrap();
        names.push(entry.file_name().into_string().unwrap());
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            entry.path().display()
        );
    }
    names.sort();
    assert_eq!(names, ["store.lock", "store.sqlite3", "store.sqlite3-shm", "store.sqlite3-wal"]);
}

#[tokio::test]
async fn a_read_does_not_wait_for_a_writer_and_a_write_gives_up_in_time() {
    let mut sqlite = Sqlite::of(1 << 20);
    // Long enough to open the file on a busy machine.
    sqlite.settings.busy_timeout = Duration::from_secs(1);
    let store = sqlite.open().await;
    put(&store, KEY, mark(b"m")).await;

    let mut other = db_connect(sqlite.folder.path()).await;
    let transaction = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert!(store.read(&[KEY]).await.unwrap()[0].is_some());
    let refused = store.write(&KEY, Expected::Anything, mark(b"n")).await;
    assert!(matches!(refused, Err(ironleaf_store::StoreError::Unreachable(_))), "{refused:?}");
    assert!(store.check().await.is_err(), "a store that cannot be written is not ready");
    transaction.rollback().await.unwrap();
    put(&store, KEY, mark(b"n")).await;
}

#[test]
fn a_page_can_still_answer_after_waiting_for_a_write() {
    let settings = SqliteSettings::default();
    assert!(settings.turn_timeout + settings.busy_timeout <= Duration::from_secs(1));
}

#[tokio::test]
async fn readiness_writes_and_once_a_second_at_most() {
    let sqlite = Sqlite::of(1 << 20);
    let store = sqlite.open().await;
    let mut other = db_connect(sqlite.folder.path()).await;
    let mut count = async || -> i64 {
        sqlx::query_scalar("SELECT count FROM checks").fetch_one(&mut other).await.unwrap()
    };
    for asked in 1..=3 {
        for _ in 0..20 {
            store.check().await.unwrap();
        }
        assert_eq!(count().await, asked);
        sqlite.clock.advance(Duration::from_millis(999));
        store.check().await.unwrap();
        assert_eq!(count().await, asked);
        sqlite.clock.advance(Duration::from_millis(1));
    }
}

/// If nobody can write for a second, everybody who asks in that second is told, and then it is over.
#[tokio::test]
async fn a_store_that_cannot_be_written_is_not_ready_until_it_can() {
    let mut sqlite = Sqlite::of(1 << 20);
    sqlite.settings.busy_timeout = Duration::from_millis(1);
    let store = sqlite.open().await;
    let mut other = db_connect(sqlite.folder.path()).await;
    let transaction = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let told = store.check().await.unwrap_err().detail();
    assert!(told.contains("locked"), "{told}");
    transaction.rollback().await.unwrap();
    assert_eq!(store.check().await.unwrap_err().detail(), told);
    sqlite.clock.advance(Duration::from_secs(1));
    store.check().await.unwrap();
}

/// The process that took it was killed, and left only the file.
#[tokio::test]
async fn a_lease_that_was_taken_while_the_clock_was_ahead_ends_with_that() {
    let sqlite = Sqlite::of(1 << 20);
    let (dead, heir, other) =
        (Holder::from_bytes([1; 16]), Holder::from_bytes([2; 16]), Holder::from_bytes([3; 16]));
    let short = Duration::from_secs(10);
    sqlite.clock.advance(HOUR);
    let store = sqlite.open().await;
    assert!(store.acquire(&KEY, &dead, short).await.unwrap());
    drop(store);
    let store = sqlite.open().await;
    assert!(!store.acquire(&KEY, &heir, short).await.unwrap(), "it is held as long as the clock is the same");
    sqlite.clock.go_back(HOUR);
    assert!(store.acquire(&KEY, &heir, short).await.unwrap(), "nobody waits for the clock");
    assert!(!store.renew(&KEY, &dead, short).await.unwrap());
    assert!(!store.acquire(&KEY, &other, short).await.unwrap(), "and the new one is held");
    assert!(store.renew(&KEY, &heir, short).await.unwrap());
    // A difference within the clock skew proves nothing.
    sqlite.clock.go_back(Duration::from_secs(30));
    assert!(!store.acquire(&KEY, &other, short).await.unwrap());
}

#[tokio::test]
async fn usage_counts_records_leases_and_their_bytes() {
    let sqlite = Sqlite::of(1 << 20);
    let store = sqlite.open().await;
    put(&store, KEY, mark(b"mark")).await;
    assert!(store.acquire(&KEY, &Holder::from_bytes([1; 16]), HOUR).await.unwrap());
    let usage = store.usage().await.unwrap().unwrap();
    assert_eq!(usage, Usage { used_bytes: 256 + 4 + 128, capacity_bytes: 1 << 20, entries: 2 });
}

#[tokio::test]
async fn what_expired_leaves_the_file_in_small_steps() {
    let sqlite = Sqlite::of(1 << 20);
    let store = sqlite.open().await;
    for number in 0..12 {
        put(&store, Key::from_bytes([number; 32]), mark(b"m")).await;
        assert!(
            store.acquire(&Key::from_bytes([number; 32]), &Holder::from_bytes([1; 16]), HOUR).await.unwrap()
        );
    }
    sqlite.clock.advance(HOUR);
    let mut other = db_connect(sqlite.folder.path()).await;
    let mut left = Vec::new();
    for _ in 0..4 {
        put(&store, Key::from_bytes([99; 32]), mark(b"m")).await;
        let counts: (i64, i64) =
            sqlx::query_as("SELECT (SELECT count(*) FROM records), (SELECT count(*) FROM leases)")
                .fetch_one(&mut other)
                .await
                .unwrap();
        left.push(counts);
    }
    assert_eq!(left, [(9, 8), (5, 4), (1, 0), (1, 0)]);
    let used: (i64, i64, i64) = sqlx::query_as("SELECT fixed_bytes, first_bytes, last_bytes FROM used")
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert_eq!(used, (257, 0, 0), "the count comes back to the one record that lives");
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_store_working() {
    let sqlite = Sqlite::of(1 << 20);
    let store = sqlite.open().await;
    for number in 0..50 {
        // Dropped after its first step, somewhere in its transaction.
        let mut write = store.write(&KEY, Expected::Anything, mark(&[number]));
        for _ in 0..number {
            if futures_util::poll!(&mut write).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    assert!(matches!(store.write(&KEY, Expected::Anything, mark(b"z")).await, Ok(Written::Done(_))));
    let record = store.read(&[KEY]).await.unwrap().remove(0).unwrap();
    assert_eq!(record.mark, b"z");
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let sqlite = Sqlite::of(1 << 20);
    sqlite.open().await.close().await;
    let mut other = db_connect(sqlite.folder.path()).await;
    sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999, 'later', TRUE, x'00', 0)")
        .execute(&mut other)
        .await
        .unwrap();
    let opened = SqliteStore::open(sqlite.folder.path(), sqlite.settings.clone(), sqlite.clock.clock()).await;
    assert!(opened.is_err());
}
