//! Reading, writing, comparing, expiring.

use std::time::Duration;

use tokio::task::JoinSet;

use super::pair::{HALF, LIFE, Pair, RACERS, done, key, mark, with_body};
use crate::{Eviction, Expected, Key, MARK_MAX_BYTES, Version, Written};

pub(super) async fn check(store: &Pair<'_>) {
    reading(store).await;
    any_bytes(store).await;
    replacing(store).await;
    comparing(store).await;
    versions_never_repeat(store).await;
    body_before_mark(store).await;
    mark_takes_its_body(store).await;
    rewriting_sets_the_time(store).await;
    extreme_times(store).await;
    long_mark(store).await;
    race_for_an_absent_record(store).await;
    race_for_a_version(store).await;
}

async fn write(store: &Pair<'_>, key: Key, expected: Expected, draft: crate::Draft) -> Written {
    store.one().write(&key, expected, draft).await.expect("a living store writes")
}

async fn put(store: &Pair<'_>, key: Key, draft: crate::Draft) -> Version {
    done(write(store, key, Expected::Anything, draft).await, "a write that expects anything is done")
}

async fn reading(store: &Pair<'_>) {
    let keys: Vec<_> = (0..4).map(|number| key("reading", number)).collect();
    assert!(store.record(keys[0]).await.is_none(), "rule: a key that was never written has no record");
    let none = store.two().read(&[]).await.expect("a living store reads");
    assert!(none.is_empty(), "rule: a read of no keys answers with nothing");

    let draft = with_body(mark("one"), "body", LIFE, Eviction::Last);
    let version = put(store, keys[1], draft).await;
    put(store, keys[3], mark("three")).await;
    let record = store.record(keys[1]).await.expect("rule: what one client wrote the other reads");
    assert_eq!(record.version, version, "rule: a record carries the version its writer was told");
    assert_eq!(record.mark, b"one", "rule: a mark comes back as it was written");
    assert_eq!(record.body.as_deref(), Some(&b"body"[..]), "rule: a body comes back as it was written");

    let order = [keys[3], keys[0], keys[1], keys[3], keys[2]];
    let records = store.two().read(&order).await.expect("a living store reads");
    let marks: Vec<_> = records.iter().map(|record| record.as_ref().map(|record| &record.mark[..])).collect();
    let expected: [Option<&[u8]>; 5] = [Some(b"three"), None, Some(b"one"), Some(b"three"), None];
    assert_eq!(marks, expected, "rule: records come in the order of their keys, also for a key named twice");
}

async fn any_bytes(store: &Pair<'_>) {
    let key = key("any bytes", 0);
    let all: Vec<u8> = (0..=u8::MAX).cycle().take(64 * 1024).collect();
    let drafts = [
        with_body(mark(""), "", LIFE, Eviction::First),
        with_body(mark(&all[all.len() - MARK_MAX_BYTES..]), &all, LIFE, Eviction::Last),
        with_body(mark([0; MARK_MAX_BYTES]), [0], LIFE, Eviction::Last),
        mark("\r\n$-1\r\n"),
    ];
    for draft in drafts {
        put(store, key, draft.clone()).await;
        let record = store.record(key).await.expect("rule: an empty mark is a mark");
        assert!(record.mark == draft.mark, "rule: a mark may hold any bytes");
        let body = draft.body.map(|body| body.bytes);
        assert!(
            record.body == body,
            "rule: a body may hold any bytes, and an empty one is not the same as none"
        );
    }
}

async fn replacing(store: &Pair<'_>) {
    let key = key("replacing", 0);
    let first = put(store, key, with_body(mark("a"), "body", LIFE, Eviction::Last)).await;
    let second = put(store, key, mark("b")).await;
    assert_ne!(first, second, "rule: every write has a version of its own");
    let record = store.record(key).await.expect("rule: a replaced record is there");
    assert_eq!(record.mark, b"b", "rule: a write replaces the mark");
    assert_eq!(record.body, None, "rule: a draft without a body leaves none");
    let third = put(store, key, mark("b")).await;
    assert_ne!(second, third, "rule: writing the same again has a version of its own");
}

async fn comparing(store: &Pair<'_>) {
    let key = key("comparing", 0);
    let stranger = Expected::Version(Version::from_bytes([0xab; 16]));
    assert_eq!(
        write(store, key, stranger, mark("no")).await,
        Written::Conflict,
        "rule: where no record is, a write that expects a version is a conflict"
    );
    assert!(store.record(key).await.is_none(), "rule: a conflict writes nothing");

    let absent = write(store, key, Expected::Absent, mark("a")).await;
    let first = done(absent, "where no record is, a write that expects none is done");
    assert_eq!(
        write(store, key, Expected::Absent, mark("no")).await,
        Written::Conflict,
        "rule: where a record is, a write that expects none is a conflict"
    );
    let next = store.two().write(&key, Expected::Version(first), mark("b")).await;
    let second =
        done(next.expect("a living store writes"), "a version read by one client is good for the other");
    assert_eq!(
        write(store, key, Expected::Version(first), mark("no")).await,
        Written::Conflict,
        "rule: a write that expects an earlier version is a conflict"
    );
    let record = store.record(key).await.expect("rule: a conflict leaves the record there");
    assert_eq!((record.version, &record.mark[..]), (second, &b"b"[..]), "rule: a conflict changes nothing");
}

async fn versions_never_repeat(store: &Pair<'_>) {
    let key = key("versions", 0);
    let mut seen = vec![put(store, key, mark("a")).await];
    for _ in 0..3 {
        store.advance(LIFE).await;
        let again = write(store, key, Expected::Absent, mark("a")).await;
        let version = done(again, "a record whose time is over counts as absent");
        assert!(
            !seen.contains(&version),
            "rule: a version never comes again, also not after the record expired"
        );
        for old in &seen {
            assert_eq!(
                write(store, key, Expected::Version(*old), mark("no")).await,
                Written::Conflict,
                "rule: a version of an expired record does not match the one made after it"
            );
        }
        seen.push(version);
    }
}

async fn body_before_mark(store: &Pair<'_>) {
    let key = key("body before mark", 0);
    let version = put(store, key, with_body(mark("m"), "body", HALF / 2, Eviction::Last)).await;
    store.advance(HALF).await;
    let record = store.record(key).await.expect("rule: a mark outlives its body");
    assert_eq!(record.body, None, "rule: a body goes at its own time");
    assert_eq!(
        (record.version, &record.mark[..]),
        (version, &b"m"[..]),
        "rule: a body that goes changes nothing else"
    );
    let next = write(store, key, Expected::Version(version), mark("n")).await;
    done(next, "a version stays good when the body goes");

    let longer = super::pair::key("body before mark", 1);
    put(store, longer, with_body(mark("m"), "body", 3 * LIFE, Eviction::Last)).await;
    store.advance(HALF).await;
    let record = store.record(longer).await.expect("rule: a record lives for its mark's time");
    assert!(record.body.is_some(), "rule: a body lives for its time");
    store.advance(HALF).await;
    assert!(store.record(longer).await.is_none(), "rule: a body's longer time is cut to its mark's");
}

async fn mark_takes_its_body(store: &Pair<'_>) {
    let key = key("mark takes body", 0);
    put(store, key, with_body(mark("m"), "old body", LIFE, Eviction::Last)).await;
    store.advance(LIFE).await;
    assert!(store.record(key).await.is_none(), "rule: a record ends with its mark");
    put(store, key, mark("n")).await;
    let record = store.record(key).await.expect("rule: an expired record can be made anew");
    assert_eq!(record.body, None, "rule: a body never comes back with a later record");
}

async fn rewriting_sets_the_time(store: &Pair<'_>) {
    let (longer, shorter) = (key("rewriting", 0), key("rewriting", 1));
    put(store, longer, with_body(mark("m"), "body", LIFE, Eviction::Last)).await;
    put(store, shorter, mark("m")).await;
    store.advance(HALF).await;
    put(store, longer, with_body(mark("m"), "body", LIFE, Eviction::Last)).await;
    put(store, shorter, crate::Draft { mark_ttl: HALF / 2, ..mark("m") }).await;
    store.advance(HALF).await;
    let record = store.record(longer).await.expect("rule: a write starts the record's time anew");
    assert!(record.body.is_some(), "rule: a write starts the body's time anew");
    assert!(store.record(shorter).await.is_none(), "rule: a write can make a record's time shorter");
}

async fn extreme_times(store: &Pair<'_>) {
    let key = key("extreme times", 0);
    put(store, key, with_body(mark("m"), "body", Duration::ZERO, Eviction::Last)).await;
    let record = store.record(key).await.expect("rule: a body without time leaves its mark");
    assert_eq!(record.body, None, "rule: a body without time is not kept");
    put(store, key, crate::Draft { mark_ttl: Duration::ZERO, ..mark("m") }).await;
    assert!(store.record(key).await.is_none(), "rule: a mark without time ends the record");
    let endless = crate::Draft { mark_ttl: Duration::MAX, ..mark("m") };
    put(store, key, with_body(endless, "body", Duration::MAX, Eviction::First)).await;
    store.advance(LIFE).await;
    let record = store.record(key).await.expect("rule: the longest time is a time");
    assert!(record.body.is_some(), "rule: the longest time is a time for a body, too");
}

async fn long_mark(store: &Pair<'_>) {
    let key = key("long mark", 0);
    let client = store.clients[0].clone();
    let draft = mark([1; MARK_MAX_BYTES + 1]);
    let outcome = tokio::spawn(async move { client.write(&key, Expected::Anything, draft).await }).await;
    assert!(outcome.is_err_and(|error| error.is_panic()), "rule: a mark that is too long is a panic");
    assert!(store.record(key).await.is_none(), "rule: a mark that is too long is not written");
}

/// The versions of the racers' successful writes, and who wrote them.
async fn race(store: &Pair<'_>, key: Key, expected: Expected) -> Vec<(Version, u8)> {
    let mut racers = JoinSet::new();
    for number in 0..RACERS {
        let client = store.clients[usize::from(number % 2)].clone();
        racers.spawn(async move { (client.write(&key, expected, mark([number])).await, number) });
    }
    let mut winners = Vec::new();
    for (written, number) in racers.join_all().await {
        if let Written::Done(version) = written.expect("a living store answers every racer") {
            winners.push((version, number));
        }
    }
    winners
}

async fn race_for_an_absent_record(store: &Pair<'_>) {
    let key = key("race for absent", 0);
    let winners = race(store, key, Expected::Absent).await;
    assert_eq!(winners.len(), 1, "rule: of writes that all expect no record exactly one is done");
    let record = store.record(key).await.expect("rule: the winner's record is there");
    assert_eq!((record.version, record.mark[0]), winners[0], "rule: what is there is what the winner wrote");
}

async fn race_for_a_version(store: &Pair<'_>) {
    let key = key("race for version", 0);
    let mut version = put(store, key, mark("m")).await;
    for _ in 0..4 {
        let winners = race(store, key, Expected::Version(version)).await;
        assert_eq!(winners.len(), 1, "rule: of writes that all expect one version exactly one is done");
        let record = store.record(key).await.expect("rule: the winner's record is there");
        assert_eq!(
            (record.version, record.mark[0]),
            winners[0],
            "rule: what is there is what the winner wrote"
        );
        version = record.version;
    }
}
