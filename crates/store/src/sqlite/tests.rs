use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::{Body, Eviction, system_clock};

const KEY: Key = Key::from_bytes([7; 32]);
const HOLDER: Holder = Holder::from_bytes([1; 16]);
const HOUR: Duration = Duration::from_hours(1);

const FULL: i64 = 2;
const NORMAL: i64 = 1;

struct Bench {
    store: SqliteStore,
    folder: tempfile::TempDir,
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), SqliteSettings::default(), system_clock()).await.unwrap();
    Bench { store, folder }
}

fn draft(durability: Durability) -> Draft {
    Draft { mark: vec![7; 16], mark_ttl: HOUR, body: None, durability }
}

impl Bench {
    async fn write(&self, durability: Durability) -> Result<Written, StoreError> {
        self.store.write(&KEY, Expected::Anything, draft(durability)).await
    }

    fn synced_commits(&self) -> u32 {
        self.store.database.writer.synced_commits.load(Ordering::SeqCst)
    }
}

async fn mode(transaction: &mut Transaction<'_>) -> i64 {
    sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut **transaction).await.unwrap()
}

/// A lease, and the head written before and after the provider is called.
#[tokio::test]
async fn a_refresh_is_synced_twice() {
    let bench = bench().await;
    assert!(bench.store.acquire(&KEY, &HOLDER, HOUR).await.unwrap());
    bench.store.read(&[KEY]).await.unwrap();
    assert!(bench.store.renew(&KEY, &HOLDER, HOUR).await.unwrap());
    for _ in 0..2 {
        assert!(matches!(bench.write(Durability::Synced).await, Ok(Written::Done(_))));
    }
    bench.store.release(&KEY, &HOLDER).await.unwrap();
    assert_eq!(bench.synced_commits(), 2);
    assert!(matches!(bench.write(Durability::Relaxed).await, Ok(Written::Done(_))));
    bench.store.check().await.unwrap();
    assert_eq!(bench.synced_commits(), 2);
}

#[tokio::test]
async fn each_transaction_is_as_durable_as_it_was_asked_for() {
    let bench = bench().await;
    let database = &bench.store.database;
    let kinds = [Durability::Synced, Durability::Relaxed, Durability::Relaxed, Durability::Synced];
    // Twice: a statement that was already prepared would change nothing.
    for durability in kinds.into_iter().chain(kinds) {
        let mut transaction = database.begin(durability).await.unwrap();
        let journal: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *transaction).await.unwrap();
        let expected = if durability == Durability::Synced { FULL } else { NORMAL };
        assert_eq!((journal.as_str(), mode(&mut transaction).await), ("wal", expected));
        transaction.end(Ok(())).await.unwrap();
    }
}

#[tokio::test]
async fn a_transaction_that_was_dropped_leaves_the_next_as_durable_as_it_asks() {
    let bench = bench().await;
    let database = &bench.store.database;
    for dropped in [Durability::Relaxed, Durability::Synced] {
        for (next, expected) in [(Durability::Synced, FULL), (Durability::Relaxed, NORMAL)] {
            drop(database.begin(dropped).await.unwrap());
            let mut transaction = database.begin(next).await.unwrap();
            assert_eq!(mode(&mut transaction).await, expected);
            transaction.end(Ok(())).await.unwrap();
        }
    }
}

/// SQLite itself rolls back a transaction that finds the file full.
#[tokio::test]
async fn a_transaction_that_found_the_disk_full_leaves_a_connection_that_works() {
    let bench = bench().await;
    let mut writer = bench.store.database.writer.lend().await.unwrap();
    sqlx::query("PRAGMA max_page_count = 1").execute(&mut *writer).await.unwrap();
    writer.done();
    let body = Body { bytes: vec![7; 64 << 10], ttl: HOUR, eviction: Eviction::Last };
    let large = Draft { body: Some(body), ..draft(Durability::Synced) };
    let refused = bench.store.write(&KEY, Expected::Anything, large.clone()).await;
    assert!(matches!(refused, Err(StoreError::Full(Limit::Disk))), "{refused:?}");
    let written = bench.store.write(&KEY, Expected::Anything, large).await;
    assert!(matches!(written, Ok(Written::Done(_))), "{written:?}");
}

#[tokio::test]
async fn a_transaction_that_could_not_begin_or_commit_leaves_a_connection_that_works() {
    let bench = bench().await;
    for broken in ["COMMIT", "ROLLBACK; BEGIN; INSERT INTO records (key) VALUES (NULL)"] {
        let mut transaction = bench.store.database.begin(Durability::Synced).await.unwrap();
        // It has already ended, or cannot continue.
        let _ = sqlx::raw_sql(broken).execute(&mut *transaction).await;
        let ended = transaction.end(Err::<(), _>(StoreError::Full(Limit::Size))).await;
        assert!(ended.is_err());
        assert!(matches!(bench.write(Durability::Synced).await, Ok(Written::Done(_))));
    }
    let mut writer = bench.store.database.writer.lend().await.unwrap();
    sqlx::query("BEGIN").execute(&mut *writer).await.unwrap();
    writer.done();
    assert!(bench.write(Durability::Synced).await.is_err(), "there is a transaction in it");
    assert!(matches!(bench.write(Durability::Synced).await, Ok(Written::Done(_))));
}

/// Without connections that read, only what is known can be answered.
#[tokio::test]
async fn what_nobody_has_changed_is_not_read_again() {
    let bench = bench().await;
    let other = Key::from_bytes([8; 32]);
    assert!(matches!(bench.write(Durability::Synced).await, Ok(Written::Done(_))));
    let read = bench.store.read(&[KEY, other]).await.unwrap();
    assert!(read[0].is_some() && read[1].is_none());
    bench.store.database.readers.close().await;
    for _ in 0..3 {
        assert_eq!(bench.store.read(&[KEY, other]).await.unwrap(), read);
    }
    assert!(bench.store.read(&[other, KEY]).await.is_err(), "nobody has asked for these");
    assert!(matches!(bench.write(Durability::Relaxed).await, Ok(Written::Done(_))));
    assert!(bench.store.read(&[KEY, other]).await.is_err(), "it has changed");
}

/// A store, and a function that sets its clock to a number of seconds.
async fn bench_with_a_clock() -> (SqliteStore, tempfile::TempDir, impl Fn(u64)) {
    let now = Arc::new(AtomicU64::new(0));
    let read = Arc::clone(&now);
    let clock: Clock =
        Arc::new(move || UNIX_EPOCH + Duration::from_secs(1_000_000 + read.load(Ordering::SeqCst)));
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), SqliteSettings::default(), clock).await.unwrap();
    (store, folder, move |seconds| now.store(seconds, Ordering::SeqCst))
}

#[tokio::test]
async fn what_expires_is_not_answered_because_it_was_read_before() {
    let (store, _folder, set_clock) = bench_with_a_clock().await;
    let body = Body { bytes: vec![7], ttl: Duration::from_secs(10), eviction: Eviction::Last };
    let written = Draft { body: Some(body), mark_ttl: Duration::from_secs(20), ..draft(Durability::Synced) };
    let written = store.write(&KEY, Expected::Anything, written).await;
    assert!(matches!(written, Ok(Written::Done(_))));
    let read = async |seconds: u64| {
        set_clock(seconds);
        store.read(&[KEY]).await.unwrap().remove(0).map(|record| record.body.is_some())
    };
    for _ in 0..2 {
        // Back and forth, as a clock that is set.
        for (seconds, expected) in
            [(0, Some(true)), (9, Some(true)), (10, Some(false)), (19, Some(false)), (20, None)]
        {
            assert_eq!((seconds, read(seconds).await), (seconds, expected));
        }
    }
}

/// Writers and readers at once, in two stores of one folder: what a writer was told is there for whoever asks then.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_that_was_acknowledged_is_seen_by_everybody() {
    const CHANGES: u64 = 300;
    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteStore::open(folder.path(), SqliteSettings::default(), system_clock());
    let stores = [Arc::new(open().await.unwrap()), Arc::new(open().await.unwrap())];
    let told = Arc::new(AtomicU64::new(0));
    let reading: Vec<_> = (0..4)
        .map(|reader| {
            let (store, told) = (Arc::clone(&stores[reader % 2]), Arc::clone(&told));
            tokio::spawn(async move {
                let mut last = 0;
                while last < CHANGES {
                    let at_least = told.load(Ordering::SeqCst);
                    let record = store.read(&[KEY]).await.unwrap().remove(0);
                    last = record.map_or(0, |record| u64::from_be_bytes(record.mark.try_into().unwrap()));
                    assert!(last >= at_least, "{last} after {at_least}");
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for change in 1..=CHANGES {
        let mark = change.to_be_bytes().to_vec();
        let written = Draft { mark, ..draft(Durability::Relaxed) };
        let store = &stores[usize::from(change % 3 == 0)];
        let written = store.write(&KEY, Expected::Anything, written).await;
        assert!(matches!(written, Ok(Written::Done(_))));
        told.store(change, Ordering::SeqCst);
    }
    for reading in reading {
        reading.await.unwrap();
    }
}

impl Bench {
    async fn put(&self, number: u8) {
        let written = Draft { mark: vec![number], ..draft(Durability::Relaxed) };
        let written = self.store.write(&KEY, Expected::Anything, written).await;
        assert!(matches!(written, Ok(Written::Done(_))), "{written:?}");
    }

    async fn number(&self) -> u8 {
        self.store.read(&[KEY]).await.unwrap().remove(0).unwrap().mark[0]
    }

    /// Writes a number, and reads it until it is known.
    async fn changes(&self, number: u8) {
        self.put(number).await;
        for _ in 0..2 {
            assert_eq!(self.number().await, number);
        }
    }
}

/// SQLite removes the log with its last connection, and makes another one for the next.
#[tokio::test]
async fn what_is_known_survives_the_end_of_every_connection_that_works() {
    let bench = bench().await;
    for number in 0..6 {
        // The connection of a transaction that was dropped is closed.
        drop(bench.store.database.begin(Durability::Relaxed).await.unwrap());
        let too_many = vec![KEY; 40_000];
        assert!(
            bench.store.read(&too_many).await.is_err(),
            "SQLite does not take so many, and the reader is gone"
        );
        drop(bench.store.database.begin(Durability::Relaxed).await.unwrap());
        bench.changes(number).await;
    }
}

#[tokio::test]
async fn a_store_that_was_closed_knows_nothing() {
    let bench = bench().await;
    bench.changes(1).await;
    bench.store.close().await;
    assert!(bench.store.read(&[KEY]).await.is_err());
}

/// A second store in the same process must not take the first one's locks with it, which keep its log.
#[tokio::test]
async fn a_store_keeps_its_log_whoever_else_comes_and_goes() {
    let bench = bench().await;
    let folder = bench.folder.path();
    let index = folder.join("store.sqlite3-shm");
    let number = || std::fs::metadata(&index).map(|metadata| std::os::unix::fs::MetadataExt::ino(&metadata));
    bench.changes(1).await;
    let before = number().unwrap();
    for change in 2..5 {
        let other = SqliteStore::open(folder, SqliteSettings::default(), system_clock()).await.unwrap();
        other.close().await;
        // Another process: only there does SQLite see by the locks who has the file.
        let script = "import sqlite3, sys\nsqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM records').fetchone()";
        let file = folder.join("store.sqlite3");
        let asked = std::process::Command::new("python3").args(["-c", script]).arg(file).status().unwrap();
        assert!(asked.success());
        assert_eq!(number().unwrap(), before, "the log is still the same");
        bench.changes(change).await;
    }
}

#[tokio::test]
async fn a_store_behind_a_link_knows_its_own_log() {
    let folder = tempfile::tempdir().unwrap();
    let [real, linked] = ["real", "linked"].map(|name| folder.path().join(name));
    let open = |place: &Path| SqliteStore::open(place.to_owned(), SqliteSettings::default(), system_clock());
    open(&real).await.unwrap().close().await;
    std::fs::create_dir(&linked).unwrap();
    std::os::unix::fs::symlink(real.join("store.sqlite3"), linked.join("store.sqlite3")).unwrap();
    let bench = Bench { store: open(&linked).await.unwrap(), folder };
    bench.changes(1).await;
    bench.changes(2).await;
}

/// Whatever is done to the log, the content is what was written.
#[tokio::test]
async fn a_log_that_is_emptied_and_begun_again_is_no_old_one() {
    let bench = bench().await;
    let file = bench.folder.path().join("store.sqlite3");
    let admin = rusqlite::Connection::open(file).unwrap();
    let works = [
        "PRAGMA wal_checkpoint(PASSIVE)",
        "PRAGMA wal_checkpoint(RESTART)",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA wal_checkpoint(FULL)",
        "VACUUM",
        "BEGIN IMMEDIATE; DELETE FROM records; ROLLBACK",
    ];
    for (number, work) in (0..120).zip(works.into_iter().cycle()) {
        bench.changes(number).await;
        admin.execute_batch(work).unwrap();
        assert_eq!(bench.number().await, number, "{work}");
    }
}

#[tokio::test]
async fn records_are_known_until_the_first_of_them_ends() {
    let (store, _folder, set_clock) = bench_with_a_clock().await;
    let other = Key::from_bytes([8; 32]);
    for (key, seconds) in [(KEY, 10), (other, 20)] {
        let written = Draft { mark_ttl: Duration::from_secs(seconds), ..draft(Durability::Relaxed) };
        let written = store.write(&key, Expected::Anything, written).await;
        assert!(matches!(written, Ok(Written::Done(_))));
    }
    for (seconds, expected) in
        [(0, [true, true]), (9, [true, true]), (10, [false, true]), (20, [false, false])]
    {
        set_clock(seconds);
        for keys in [[KEY, other], [other, KEY]] {
            let found = store.read(&keys).await.unwrap();
            let there = |key| found[usize::from(keys[0] != key)].is_some();
            assert_eq!([there(KEY), there(other)], expected, "{seconds}");
        }
    }
}
