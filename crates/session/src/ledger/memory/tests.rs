use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use super::*;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn session(id: u8, created_at: u64) -> Identity {
    Identity {
        id: SessionId::from_bytes([id; 16]),
        owner: Owner::from_bytes([9; 16]),
        provider_sid: Some("sid".to_owned()),
        created_at: at(created_at),
        rotation: 0,
    }
}

fn ledger(capacity: usize, now: u64) -> MemoryLedger {
    MemoryLedger::new(capacity, Arc::new(move || at(now)))
}

/// A ledger whose clock shows the seconds in the cell.
fn moved_ledger(capacity: usize) -> (MemoryLedger, Arc<AtomicU64>) {
    let now = Arc::new(AtomicU64::new(0));
    let read = Arc::clone(&now);
    (MemoryLedger::new(capacity, Arc::new(move || at(read.load(Ordering::Relaxed)))), now)
}

fn shared(rotation: u64) -> Advance {
    let origin = RotationOrigin::Shared;
    Advance { rotation, origin, arrived_at: at(0), keep_until: at(100) }
}

/// A response's own change, for a request that arrived then.
fn own(rotation: u64, arrived_at: u64) -> Advance {
    Advance { origin: RotationOrigin::Own, arrived_at: at(arrived_at), ..shared(rotation) }
}

fn one(id: SessionId) -> Tombstone {
    Tombstone::Session { id, owner: Owner::from_bytes([9; 16]), created_at: at(0), is_replaced: false }
}

#[tokio::test]
async fn any_number_of_responses_leave_with_a_shared_rotation_and_one_with_a_change() {
    let (ledger, session) = (ledger(8, 0), session(1, 0));
    for (advance, expected) in [
        (shared(1), Passage::Free),
        (shared(1), Passage::Free),
        (own(1, 0), Passage::Overtaken),
        (own(2, 0), Passage::Free),
        (own(2, 0), Passage::Overtaken),
        (shared(1), Passage::Overtaken),
        (shared(2), Passage::Free),
        (own(3, 0), Passage::Free),
    ] {
        assert_eq!(ledger.advance(&session, &advance).await.unwrap(), expected, "{advance:?}");
    }
    ledger.end(&one(session.id), at(100)).await.unwrap();
    assert_eq!(ledger.advance(&session, &own(4, 0)).await.unwrap(), Passage::Ended);
}

#[tokio::test]
async fn a_browser_that_never_got_the_newest_cookie_goes_on_from_the_one_it_has() {
    let ((ledger, now), session) = (moved_ledger(8), session(1, 0));
    let leaves = async |advance| ledger.advance(&session, &advance).await.unwrap();
    assert_eq!(leaves(own(2, 0)).await, Passage::Free);
    now.store(61, Ordering::Relaxed);
    assert_eq!(
        leaves(own(2, 60)).await,
        Passage::Overtaken,
        "it may have been on its way when this one came in"
    );
    assert_eq!(leaves(own(2, 0)).await, Passage::Overtaken, "however slow its own response is");
    assert_eq!(leaves(Advance { arrived_at: at(61), ..shared(1) }).await, Passage::Free);
    assert_eq!(leaves(own(2, 61)).await, Passage::Free);
    assert_eq!(leaves(own(2, 61)).await, Passage::Overtaken, "one change, as ever");
}

#[tokio::test]
async fn the_highest_rotation_is_kept() {
    let (ledger, session) = (ledger(8, 0), session(1, 0));
    assert_eq!(ledger.standing(&session).await.unwrap().standing, Standing::Live { rotation: 0 });
    for (sent, known) in [(0, 0), (2, 2), (1, 2), (3, 3)] {
        let passage = ledger.advance(&session, &shared(sent)).await.unwrap();
        assert_eq!(passage, if sent < known { Passage::Overtaken } else { Passage::Free });
        assert_eq!(ledger.standing(&session).await.unwrap().standing, Standing::Live { rotation: known });
    }
}

#[tokio::test]
async fn an_owner_or_sid_tombstone_ends_the_sessions_that_began_before_it() {
    let owner = Tombstone::Owner { owner: Owner::from_bytes([9; 16]), not_before: at(10) };
    let sid = Tombstone::ProviderSid { sid: "sid".to_owned(), not_before: at(10) };
    for tombstone in [owner, sid] {
        let ledger = ledger(8, 0);
        ledger.end(&tombstone, at(100)).await.unwrap();
        assert_eq!(ledger.standing(&session(1, 9)).await.unwrap().standing, Standing::Ended);
        assert_eq!(ledger.standing(&session(1, 10)).await.unwrap().standing, Standing::Live { rotation: 0 });
    }
}

#[tokio::test]
async fn a_later_tombstone_never_weakens_an_earlier_one() {
    let ledger = ledger(8, 0);
    for not_before in [20, 10] {
        let tombstone = Tombstone::Owner { owner: Owner::from_bytes([9; 16]), not_before: at(not_before) };
        ledger.end(&tombstone, at(100)).await.unwrap();
    }
    assert_eq!(ledger.standing(&session(1, 19)).await.unwrap().standing, Standing::Ended);
}

#[tokio::test]
async fn a_tombstone_that_is_written_again_lives_as_long_as_the_longer_of_both() {
    let (ledger, now) = moved_ledger(8);
    let end = async |not_before, keep_until| {
        let owner = Owner::from_bytes([9; 16]);
        ledger.end(&Tombstone::Owner { owner, not_before: at(not_before) }, at(keep_until)).await.unwrap();
    };
    end(10, 100).await;
    end(20, 50).await;
    end(15, 200).await;
    for seconds in [99, 199] {
        now.store(seconds, Ordering::Relaxed);
        ledger.end(&one(SessionId::from_bytes([7; 16])), at(seconds)).await.unwrap();
        assert_eq!(ledger.standing(&session(1, 19)).await.unwrap().standing, Standing::Ended, "{seconds}");
    }
    now.store(200, Ordering::Relaxed);
    ledger.end(&one(SessionId::from_bytes([7; 16])), at(300)).await.unwrap();
    assert_eq!(ledger.tombstones(), 1, "the owner's time is over");
}

#[tokio::test]
async fn marks_whose_time_is_over_go_although_there_is_room() {
    let (ledger, now) = moved_ledger(100);
    for id in 1..=9 {
        ledger.end(&one(SessionId::from_bytes([id; 16])), at(u64::from(id))).await.unwrap();
    }
    assert_eq!(ledger.tombstones(), 9);
    now.store(5, Ordering::Relaxed);
    ledger.end(&one(SessionId::from_bytes([9; 16])), at(9)).await.unwrap();
    assert_eq!(ledger.tombstones(), 4);
}

#[tokio::test]
async fn a_full_ledger_drops_marks_whose_time_is_over_and_never_a_live_one() {
    let ledger = ledger(2, 50);
    let end = |id, keep_until| {
        let ledger = &ledger;
        async move { ledger.end(&one(SessionId::from_bytes([id; 16])), at(keep_until)).await }
    };
    end(1, 50).await.unwrap();
    end(2, 51).await.unwrap();
    end(3, 51).await.unwrap();
    let refused = end(4, 51).await.unwrap_err();
    assert!(
        matches!(refused, LedgerError::Full(_)) && refused.to_string().contains("keeps 2 tombstones"),
        "{refused}"
    );
    assert_eq!(ledger.tombstones(), 2);
    assert_eq!(ledger.standing(&session(2, 0)).await.unwrap().standing, Standing::Ended);
    assert_eq!(ledger.standing(&session(3, 0)).await.unwrap().standing, Standing::Ended);
}

#[tokio::test]
async fn rotations_never_take_the_room_of_tombstones() {
    let ledger = ledger(2, 0);
    for id in 1..=9 {
        ledger.advance(&session(id, 0), &shared(1)).await.unwrap();
    }
    assert_eq!(ledger.standing(&session(9, 0)).await.unwrap().standing, Standing::Live { rotation: 1 });
    assert_eq!(ledger.standing(&session(7, 0)).await.unwrap().standing, Standing::Live { rotation: 0 });
    ledger.end(&one(SessionId::from_bytes([1; 16])), at(100)).await.unwrap();
}
