use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ironleaf_store::{Draft, Entry, EntryDraft, Expected, Holder, Key, Record, Store, StoreError, Written};

use super::{CHROME, FIREFOX, PAGE, at, devices, ids, is_signed_in, page, signed_in};
use crate::world::World;

/// The store is away: the page has what it knows, and nobody is told that a session is over that may not be.
#[tokio::test]
async fn while_the_store_is_away_the_page_says_that_it_does_not_know_all() {
    let world = World::new().await;
    let away = Arc::new(AtomicBool::new(false));
    let replica =
        world.replica_at(Arc::new(MayBeAway { store: world.store(), away: Arc::clone(&away) })).await;
    let mut firefox = signed_in(&world, &replica, FIREFOX, 1).await;
    let chrome = signed_in(&world, &replica, CHROME, 2).await;
    let id = ids(&page(&mut firefox).await).remove(0);
    away.store(true, Ordering::SeqCst);
    let shown = page(&mut firefox).await;
    assert_eq!(devices(&shown), ["Firefox on Linux"]);
    assert!(shown.contains("Some of your sessions may be missing here."), "{shown}");
    for (form, fields) in
        [("/api/end-session", format!("id={id}")), ("/api/end-other-sessions", String::new())]
    {
        assert_eq!(firefox.post(form, &fields).await.location(), PAGE, "{form}");
        assert!(page(&mut firefox).await.contains("We cannot reach our servers right now."), "{form}");
    }
    away.store(false, Ordering::SeqCst);
    // What was asked for is done once the store is back.
    world.settled().await;
    assert!(!at(chrome, &replica).await && is_signed_in(&mut firefox).await);
    assert_eq!(devices(&page(&mut firefox).await), ["Firefox on Linux"]);
}

struct MayBeAway {
    store: Arc<dyn Store>,
    away: Arc<AtomicBool>,
}

impl MayBeAway {
    fn reachable(&self) -> Result<&dyn Store, StoreError> {
        let is_away = self.away.load(Ordering::SeqCst);
        if is_away { Err(StoreError::Unreachable("away".into())) } else { Ok(&*self.store) }
    }
}

#[async_trait]
impl Store for MayBeAway {
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
        self.reachable()?.check().await
    }

    async fn put_entry(&self, index: &Key, name: &Key, draft: EntryDraft) -> Result<bool, StoreError> {
        self.reachable()?.put_entry(index, name, draft).await
    }

    async fn entries(&self, index: &Key) -> Result<Vec<Entry>, StoreError> {
        self.reachable()?.entries(index).await
    }

    async fn remove_entries(&self, index: &Key, names: &[Key]) -> Result<(), StoreError> {
        self.reachable()?.remove_entries(index, names).await
    }
}
