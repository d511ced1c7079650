//! The SQLite store on a disk that is full, and then has space again.

#[path = "support/clock.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod clock;

use std::{path::Path, process::Command, time::Duration};

use clock::TestClock;
use ironleaf_store::{
    Body, Draft, Durability, Eviction, Expected, Key, Limit, SqliteSettings, SqliteStore, Store, StoreError,
    Written,
};
use tempfile::TempDir;

const HOUR: Duration = Duration::from_hours(1);

/// A separate disk for a test, in memory.
struct Disk(TempDir);

impl Disk {
    /// `None` if this user may not mount one.
    fn of(size: &str) -> Option<Self> {
        let folder = TempDir::new().expect("a temporary folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder.path());
        mount.output().is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).output();
    }
}

fn key(number: u16) -> Key {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    Key::from_bytes(bytes)
}

fn draft(body_bytes: usize) -> Draft {
    let body = Body { bytes: vec![7; body_bytes], ttl: HOUR, eviction: Eviction::Last };
    Draft { mark: vec![7; 16], mark_ttl: HOUR, body: Some(body), durability: Durability::Synced }
}

#[tokio::test]
async fn a_full_disk_is_told_and_what_follows_works() {
    let Some(disk) = Disk::of("1500k") else {
        eprintln!("left out: this user may not mount a tmpfs");
        return;
    };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![7; 512 << 10]).unwrap();
    let folder = disk.path().join("store");
    let clock = TestClock::default();
    let store = SqliteStore::open(&folder, SqliteSettings::default(), clock.clock()).await.unwrap();

    let mut refused = 0;
    for number in 0..1000 {
        match store.write(&key(number), Expected::Absent, draft(16 << 10)).await {
            Ok(written) => assert!(matches!(written, Written::Done(_))),
            Err(StoreError::Full(Limit::Disk)) => refused += 1,
            Err(error) => panic!("after {refused} that were refused as full: {error:?}"),
        }
        if refused == 5 {
            break;
        }
    }
    assert_eq!(refused, 5, "the disk is full long before");
    assert!(is_told(&store, &clock).await, "readiness takes the last pages, one each second");
    assert!(store.read(&[key(0)]).await.unwrap()[0].is_some(), "it still reads");

    std::fs::remove_file(ballast).unwrap();
    let written = store.write(&key(9999), Expected::Absent, draft(1 << 10)).await;
    assert!(matches!(written, Ok(Written::Done(_))), "{written:?}");
    clock.advance(Duration::from_secs(1));
    store.check().await.unwrap();
}

async fn is_told(store: &SqliteStore, clock: &TestClock) -> bool {
    for _ in 0..20 {
        clock.advance(Duration::from_secs(1));
        if let Err(error) = store.check().await {
            assert_eq!(error.to_string(), "the store is full: there is no room left on its disk");
            return true;
        }
    }
    false
}
