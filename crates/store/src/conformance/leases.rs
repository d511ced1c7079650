//! There is one holder at a time; and what happens when a lease expires under its holder.

use tokio::task::JoinSet;

use super::pair::{HALF, LIFE, Pair, RACERS, done, holder, key, mark};
use crate::{Expected, Holder, Key, Store};

pub(super) async fn check(store: &Pair<'_>) {
    one_holder(store).await;
    time_runs_out(store).await;
    renewing(store).await;
    a_paused_holder_and_its_heir(store).await;
    releasing(store).await;
    apart_from_records(store).await;
    race_for_a_lease(store).await;
}

async fn acquire(client: &dyn Store, lease: Key, holder: Holder) -> bool {
    client.acquire(&lease, &holder, LIFE).await.expect("a living store leases")
}

async fn renew(client: &dyn Store, lease: Key, holder: Holder) -> bool {
    client.renew(&lease, &holder, LIFE).await.expect("a living store renews")
}

async fn release(client: &dyn Store, lease: Key, holder: Holder) {
    client.release(&lease, &holder).await.expect("a living store releases");
}

async fn one_holder(store: &Pair<'_>) {
    let (lease, other) = (key("one holder", 0), key("one holder", 1));
    let (first, second) = (holder(1), holder(2));
    assert!(acquire(store.one(), lease, first).await, "rule: a free lease can be taken");
    assert!(!acquire(store.two(), lease, second).await, "rule: a held lease is refused at the other client");
    assert!(!acquire(store.one(), lease, second).await, "rule: a held lease is refused at the same client");
    assert!(!renew(store.two(), lease, second).await, "rule: only its holder renews a lease");
    assert!(
        acquire(store.two(), lease, first).await,
        "rule: its holder may acquire a lease again, through any client"
    );
    assert!(acquire(store.two(), other, second).await, "rule: leases do not depend on each other");
}

async fn time_runs_out(store: &Pair<'_>) {
    let lease = key("time runs out", 0);
    assert!(acquire(store.one(), lease, holder(1)).await, "rule: a free lease can be taken");
    store.advance(HALF).await;
    assert!(!acquire(store.two(), lease, holder(2)).await, "rule: a lease is held for its time");
    store.advance(HALF).await;
    assert!(!renew(store.one(), lease, holder(1)).await, "rule: a lease that ran out cannot be renewed");
    assert!(acquire(store.two(), lease, holder(2)).await, "rule: a lease that ran out is free");
}

async fn renewing(store: &Pair<'_>) {
    for again in [false, true] {
        let lease = key("renewing", u16::from(again));
        assert!(acquire(store.one(), lease, holder(1)).await, "rule: a free lease can be taken");
        for _ in 0..3 {
            store.advance(HALF).await;
            let prolonged = if again {
                acquire(store.one(), lease, holder(1)).await
            } else {
                renew(store.one(), lease, holder(1)).await
            };
            assert!(prolonged, "rule: its holder renews a lease before its time is over");
            assert!(!acquire(store.two(), lease, holder(2)).await, "rule: a renewed lease is held");
        }
        store.advance(LIFE).await;
        assert!(acquire(store.two(), lease, holder(2)).await, "rule: a renewed lease runs out, too");
    }
}

async fn a_paused_holder_and_its_heir(store: &Pair<'_>) {
    let lease = key("paused holder", 0);
    let (paused, heir) = (holder(1), holder(2));
    assert!(acquire(store.one(), lease, paused).await, "rule: a free lease can be taken");
    store.advance(LIFE).await;
    assert!(acquire(store.two(), lease, heir).await, "rule: an heir takes a lease that ran out");
    assert!(
        !renew(store.one(), lease, paused).await,
        "rule: a paused holder does not renew its heir's lease"
    );
    assert!(
        !acquire(store.one(), lease, paused).await,
        "rule: a paused holder does not take its heir's lease"
    );
    release(store.one(), lease, paused).await;
    assert!(
        !acquire(store.one(), lease, holder(3)).await,
        "rule: a paused holder does not release its heir's lease"
    );
    store.advance(HALF).await;
    assert!(
        renew(store.two(), lease, heir).await,
        "rule: an heir holds its lease whatever the paused holder does"
    );
}

async fn releasing(store: &Pair<'_>) {
    let lease = key("releasing", 0);
    release(store.one(), lease, holder(1)).await;
    assert!(
        acquire(store.one(), lease, holder(1)).await,
        "rule: releasing what nobody holds changes nothing"
    );
    release(store.two(), lease, holder(1)).await;
    assert!(!renew(store.one(), lease, holder(1)).await, "rule: a released lease cannot be renewed");
    assert!(acquire(store.two(), lease, holder(2)).await, "rule: a released lease is free at once");
}

async fn apart_from_records(store: &Pair<'_>) {
    let key = key("apart", 0);
    assert!(acquire(store.one(), key, holder(1)).await, "rule: a free lease can be taken");
    assert!(store.record(key).await.is_none(), "rule: a lease is not a record");
    let written = store.one().write(&key, Expected::Absent, mark("m")).await.expect("a living store writes");
    done(written, "a record may have the key of a held lease");
    assert!(
        !acquire(store.two(), key, holder(2)).await,
        "rule: writing a record leaves the lease of its key held"
    );
    release(store.one(), key, holder(1)).await;
    assert!(store.record(key).await.is_some(), "rule: releasing a lease leaves the record of its key there");
}

async fn race_for_a_lease(store: &Pair<'_>) {
    let lease = key("race for a lease", 0);
    for round in 0..3 {
        let mut racers = JoinSet::new();
        for number in 0..RACERS {
            let client = store.clients[usize::from(number % 2)].clone();
            racers.spawn(async move { (acquire(&*client, lease, holder(number)).await, number) });
        }
        let outcome = racers.join_all().await;
        let winners: Vec<_> = outcome.into_iter().filter(|(won, _)| *won).map(|(_, number)| number).collect();
        assert_eq!(winners.len(), 1, "rule: of holders that race for a lease exactly one takes it");
        if round == 0 {
            release(store.two(), lease, holder(winners[0])).await;
        } else {
            store.advance(LIFE).await;
        }
    }
}
