use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use ironleaf_session::{Secret, system_random};
use ironleaf_store::{Holder, MemoryStore, Written};

use super::*;

const START_SECS: u64 = 1_767_225_600;

/// Processes that share a store and a clock.
struct Deployment {
    store: Arc<MemoryStore>,
    seconds: Arc<AtomicU64>,
}

impl Deployment {
    fn new() -> Self {
        let seconds = Arc::new(AtomicU64::new(START_SECS));
        let store = Arc::new(MemoryStore::new(1 << 20, clock(&seconds)));
        Self { store, seconds }
    }

    fn clock(&self) -> Clock {
        clock(&self.seconds)
    }

    fn advance(&self, time: Duration) {
        self.seconds.fetch_add(time.as_secs(), Ordering::Relaxed);
    }

    /// A process that starts with this list.
    async fn start(&self, list: &[&str]) -> KeyRing {
        let evidence = Evidence::new(Arc::clone(&self.store) as Arc<dyn Store>, self.clock());
        evidence.judge(parse(list), None).await
    }

    /// A process that starts while the store is away.
    async fn start_alone(&self, list: &[&str], file: Option<&Path>) -> KeyRing {
        Evidence::new(Arc::new(Away), self.clock()).judge(parse(list), file).await
    }
}

fn clock(seconds: &Arc<AtomicU64>) -> Clock {
    let seconds = Arc::clone(seconds);
    Arc::new(move || UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::Relaxed)))
}

fn parse(list: &[&str]) -> KeyRing {
    KeyRing::parse(&list.join(",")).unwrap()
}

fn secrets() -> [String; 3] {
    [0, 1, 2].map(|_| Secret::generate(&system_random()).1)
}

fn sealing(keys: &KeyRing) -> KeyId {
    keys.roles().into_iter().find(|(_, role)| *role == KeyRole::Sealing).unwrap().0
}

/// The key of one secret.
fn id(secret: &str) -> KeyId {
    sealing(&parse(&[secret]))
}

/// A store that never answers.
struct Away;

#[async_trait]
impl Store for Away {
    async fn read(&self, _: &[Key]) -> Result<Vec<Option<Record>>, StoreError> {
        std::future::pending().await
    }

    async fn write(&self, _: &Key, _: Expected, _: Draft) -> Result<Written, StoreError> {
        std::future::pending().await
    }

    async fn acquire(&self, _: &Key, _: &Holder, _: Duration) -> Result<bool, StoreError> {
        std::future::pending().await
    }

    async fn renew(&self, _: &Key, _: &Holder, _: Duration) -> Result<bool, StoreError> {
        std::future::pending().await
    }

    async fn release(&self, _: &Key, _: &Holder) -> Result<(), StoreError> {
        std::future::pending().await
    }

    async fn check(&self) -> Result<(), StoreError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_process_that_starts_during_a_change_seals_with_the_old_key_until_the_delay_is_over() {
    let [new, old, _] = secrets();
    let deployment = Deployment::new();
    let running = deployment.start(&[&old]).await;
    assert_eq!(sealing(&running), id(&old));
    deployment.advance(Duration::from_hours(24));

    let started = deployment.start(&[&new, &old]).await;
    assert_eq!(sealing(&started), id(&old), "the running one has not loaded the new key");
    deployment.advance(Duration::from_secs(200));
    let later = deployment.start(&[&new, &old]).await;
    assert_eq!(sealing(&later), id(&old));
    deployment.advance(Duration::from_secs(100));
    assert_eq!(
        [&started, &later].map(sealing),
        [id(&new); 2],
        "the delay counts from the first that knew it"
    );
    assert_eq!(sealing(&deployment.start(&[&new, &old]).await), id(&new));
}

#[tokio::test]
async fn a_key_that_a_running_process_has_loaded_is_known_to_one_that_starts() {
    let [new, old, _] = secrets();
    let deployment = Deployment::new();
    let running = deployment.start(&[&old]).await;
    deployment.advance(Duration::from_hours(24));
    assert!(running.reload(&[&*new, &*old].join(","), &deployment.clock()).unwrap());
    let evidence = Evidence::new(Arc::clone(&deployment.store) as Arc<dyn Store>, deployment.clock());
    assert!(evidence.note(&running).await);
    deployment.advance(Duration::from_secs(299));
    let started = deployment.start(&[&new, &old]).await;
    assert_eq!([&running, &started].map(sealing), [id(&old); 2]);
    deployment.advance(Duration::from_secs(1));
    assert_eq!([&running, &started].map(sealing), [id(&new); 2]);
}

#[tokio::test]
async fn the_first_time_that_a_key_was_seen_is_never_moved() {
    let [new, old, _] = secrets();
    let deployment = Deployment::new();
    deployment.start(&[&old]).await;
    deployment.advance(Duration::from_hours(24));
    for _ in 0..5 {
        deployment.start(&[&new, &old]).await;
        deployment.advance(Duration::from_mins(1));
    }
    assert_eq!(sealing(&deployment.start(&[&new, &old]).await), id(&new));
}

#[tokio::test]
async fn a_single_secret_seals_at_once() {
    let [secret, ..] = secrets();
    let deployment = Deployment::new();
    assert_eq!(sealing(&deployment.start(&[&secret]).await), id(&secret));
}

#[tokio::test]
async fn where_nothing_is_known_the_last_secret_of_the_list_seals_until_the_delay_is_over() {
    let [newest, new, old] = secrets();
    let deployment = Deployment::new();
    let started = deployment.start(&[&newest, &new, &old]).await;
    assert_eq!(sealing(&started), id(&old));
    deployment.advance(Duration::from_mins(5));
    assert_eq!(sealing(&started), id(&newest));
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_the_time_of_the_file_decides() {
    let [new, old, _] = secrets();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets");
    std::fs::write(&path, "").unwrap();
    for (age, expected) in [(Duration::from_hours(1), &new), (Duration::from_mins(4), &old)] {
        let deployment = Deployment::new();
        let changed = (deployment.clock())() - age;
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(changed).unwrap();
        let before = tokio::time::Instant::now();
        let started = deployment.start_alone(&[&new, &old], Some(&path)).await;
        assert_eq!(sealing(&started), id(expected), "{age:?}");
        assert!(before.elapsed() <= 2 * PATIENCE, "a start that waits for the store");
        deployment.advance(Duration::from_mins(1));
        assert_eq!(sealing(&started), id(&new), "{age:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_neither_store_nor_file_the_delay_is_waited_out() {
    let [new, old, _] = secrets();
    let deployment = Deployment::new();
    let started = deployment.start_alone(&[&new, &old], None).await;
    deployment.advance(Duration::from_secs(299));
    assert_eq!(sealing(&started), id(&old));
    deployment.advance(Duration::from_secs(1));
    assert_eq!(sealing(&started), id(&new));
}

#[tokio::test]
async fn the_store_does_not_see_which_key_it_is() {
    let [secret, ..] = secrets();
    let id = id(&secret);
    assert!(!key(id).as_bytes().windows(8).any(|bytes| bytes == id.as_bytes()));
}
