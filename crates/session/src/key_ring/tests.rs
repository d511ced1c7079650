use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

fn secret(byte: u8) -> Secret {
    Secret::from_bytes(vec![byte; 32]).unwrap()
}

fn ring(bytes: &[u8]) -> KeyRing {
    KeyRing::new(bytes.iter().copied().map(secret)).unwrap()
}

fn key_id(byte: u8) -> KeyId {
    Keys::derive(&secret(byte)).id
}

fn session(byte: u8) -> SessionId {
    SessionId::from_bytes([byte; 16])
}

/// A clock that shows the seconds in the cell.
fn clock() -> (Clock, Arc<AtomicU64>) {
    let seconds = Arc::new(AtomicU64::new(1_000_000));
    let read = Arc::clone(&seconds);
    (Arc::new(move || UNIX_EPOCH + Duration::from_secs(read.load(Ordering::Relaxed))), seconds)
}

#[test]
fn a_list_is_refused_with_the_place_of_what_is_wrong() {
    let good = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";
    assert_eq!(KeyRing::parse(" ").unwrap_err(), KeyRingError::Empty);
    assert_eq!(KeyRing::new([]).unwrap_err(), KeyRingError::Empty);
    let error = KeyRing::parse(&format!("{good},")).unwrap_err();
    assert_eq!(error, KeyRingError::Secret { position: 2, error: SecretError::TooShort { bytes: 0 } });
    assert_eq!(
        KeyRing::parse(&format!("{good}, {good}")).unwrap_err(),
        KeyRingError::Repeated { position: 2 }
    );
}

#[test]
fn the_first_secret_seals_and_all_unseal() {
    let ring = ring(&[2, 1]);
    assert_eq!(ring.sealing_keys().id, key_id(2));
    assert!(ring.find(key_id(2)).is_some_and(|(_, newest)| newest));
    assert!(ring.find(key_id(1)).is_some_and(|(_, newest)| !newest));
    assert!(ring.find(key_id(3)).is_none());
}

#[test]
fn a_secret_added_at_run_time_unseals_at_once_and_seals_after_the_delay() {
    let (clock, seconds) = clock();
    let ring = ring(&[1]);
    let clone = ring.clone();
    assert_eq!(ring.replace([secret(2), secret(1)], &clock), Ok(true));

    assert_eq!(clone.sealing_keys().id, key_id(1));
    assert!(clone.find(key_id(2)).is_some_and(|(_, newest)| newest), "a replica that is ahead is not undone");
    assert!(clone.find(key_id(1)).is_some_and(|(_, newest)| newest));
    seconds.fetch_add(299, Ordering::Relaxed);
    assert_eq!(clone.sealing_keys().id, key_id(1));
    seconds.fetch_add(1, Ordering::Relaxed);
    assert_eq!(clone.sealing_keys().id, key_id(2));
    assert!(clone.find(key_id(1)).is_some_and(|(_, newest)| !newest));
}

/// A ring of these secrets at the start of a process. Each has been known for this many seconds.
fn started(known: &[(u8, Option<u64>)], clock: &Clock) -> KeyRing {
    let now = clock();
    let known_since = |id| {
        let (_, age) = known.iter().find(|(byte, _)| key_id(*byte) == id).unwrap();
        age.map(|age| now - Duration::from_secs(age))
    };
    ring(&known.iter().map(|(byte, _)| *byte).collect::<Vec<_>>()).seals_after(known_since, clock)
}

#[test]
fn at_start_the_first_secret_seals_that_everybody_has_known_for_the_delay() {
    let (long, delay) = (Some(86_400), 300);
    // The list with the age of each secret, the one that seals at once, and the one that seals after how many seconds.
    for (known, at_once, later) in [
        (&[(1, None)][..], 1, (0, 1)),
        (&[(1, Some(0))], 1, (0, 1)),
        (&[(2, long), (1, long)], 2, (0, 2)),
        (&[(2, Some(0)), (1, long)], 1, (300, 2)),
        (&[(2, None), (1, long)], 1, (300, 2)),
        (&[(2, Some(100)), (1, long)], 1, (200, 2)),
        (&[(2, Some(delay)), (1, long)], 2, (0, 2)),
        // The evidence of the old secret was lost.
        (&[(2, Some(100)), (1, None)], 1, (200, 2)),
        (&[(2, None), (1, None)], 1, (300, 2)),
        (&[(3, Some(0)), (2, Some(200)), (1, long)], 1, (100, 2)),
        (&[(3, Some(0)), (2, Some(200)), (1, long)], 1, (300, 3)),
        (&[(3, Some(0)), (2, Some(0)), (1, None)], 1, (300, 3)),
        (&[(3, Some(0)), (2, long), (1, long)], 2, (300, 3)),
    ] {
        let (clock, seconds) = clock();
        let ring = started(known, &clock);
        assert_eq!(ring.sealing_keys().id, key_id(at_once), "{known:?}");
        let (after, then) = later;
        if after > 0 {
            seconds.fetch_add(after - 1, Ordering::Relaxed);
            assert_ne!(ring.sealing_keys().id, key_id(then), "{known:?}");
            seconds.fetch_add(1, Ordering::Relaxed);
        }
        assert_eq!(ring.sealing_keys().id, key_id(then), "{known:?}");
    }
}

#[test]
fn a_clock_that_was_ahead_delays_a_key_no_longer_than_the_delay() {
    let (clock, seconds) = clock();
    let ring = ring(&[2, 1]).seals_after(|_| Some(clock() + Duration::from_hours(9_000)), &clock);
    assert_eq!(ring.sealing_keys().id, key_id(1));
    seconds.fetch_add(300, Ordering::Relaxed);
    assert_eq!(ring.sealing_keys().id, key_id(2));
}

#[test]
fn a_secret_that_is_added_after_the_start_waits_for_itself_alone() {
    let (clock, seconds) = clock();
    let ring = started(&[(2, Some(100)), (1, Some(86_400))], &clock);
    seconds.fetch_add(100, Ordering::Relaxed);
    assert_eq!(ring.replace([secret(3), secret(2), secret(1)], &clock), Ok(true));
    for (seconds_later, sealing) in [(99, 1), (1, 2), (199, 2), (1, 3)] {
        seconds.fetch_add(seconds_later, Ordering::Relaxed);
        assert_eq!(ring.sealing_keys().id, key_id(sealing), "{seconds_later}");
    }
}

#[test]
fn the_roles_say_which_key_seals_and_from_when_the_next_one_does() {
    let (clock, _) = clock();
    let ring = started(&[(3, Some(100)), (2, Some(86_400)), (1, None)], &clock);
    let from = clock() + Duration::from_secs(200);
    let expected =
        [(key_id(3), KeyRole::Pending { from }), (key_id(2), KeyRole::Sealing), (key_id(1), KeyRole::Old)];
    assert_eq!(ring.roles(), expected);
}

#[test]
fn loading_the_same_list_again_does_not_begin_the_delay_anew() {
    let (clock, seconds) = clock();
    let ring = ring(&[1]).with_sealing_delay(MINUTE);
    assert_eq!(ring.replace([secret(2), secret(1)], &clock), Ok(true));
    seconds.fetch_add(59, Ordering::Relaxed);
    assert_eq!(ring.replace([secret(2), secret(1)], &clock), Ok(false));
    assert_eq!(ring.replace([secret(3), secret(2), secret(1)], &clock), Ok(true));
    seconds.fetch_add(1, Ordering::Relaxed);
    assert_eq!(ring.sealing_keys().id, key_id(2), "the third one has a delay of its own");
}

#[test]
fn a_bad_list_leaves_the_ring_as_it_was() {
    let (clock, _) = clock();
    let ring = ring(&[1]);
    assert!(ring.reload("", &clock).is_err());
    assert!(ring.reload("short", &clock).is_err());
    assert_eq!(ring.sealing_keys().id, key_id(1));
}

#[test]
fn where_no_old_secret_stays_the_first_new_one_seals_at_once() {
    let (clock, _) = clock();
    let ring = ring(&[1]);
    assert_eq!(ring.replace([secret(3), secret(2)], &clock), Ok(true));
    assert_eq!(ring.sealing_keys().id, key_id(3));
    assert!(ring.find(key_id(1)).is_none());
}

#[test]
fn an_old_key_is_retirable_after_an_idle_timeout_without_a_sighting() {
    let (clock, seconds) = clock();
    let idle = 10 * MINUTE;
    let ring = ring(&[2, 1]);
    let retirable =
        || ring.evidence(idle, clock()).iter().map(|key| key.is_retirable(idle, clock())).collect::<Vec<_>>();

    seconds.fetch_add(3600, Ordering::Relaxed);
    assert_eq!(retirable(), [false, false], "nothing was watched yet");
    ring.sighted(key_id(1), session(7), clock());
    seconds.fetch_add(599, Ordering::Relaxed);
    ring.sighted(key_id(2), session(8), clock());
    assert_eq!(retirable(), [false, false]);
    seconds.fetch_add(1, Ordering::Relaxed);
    assert_eq!(retirable(), [false, true]);
    seconds.fetch_add(3600, Ordering::Relaxed);
    assert_eq!(retirable(), [false, true], "the key that seals is never retirable");
}

#[test]
fn a_session_is_counted_under_the_key_it_came_under_last() {
    let (clock, seconds) = clock();
    let ring = ring(&[2, 1]);
    let counts = || ring.evidence(MINUTE, clock()).iter().map(|key| key.sessions).collect::<Vec<_>>();
    ring.sighted(key_id(1), session(7), clock());
    ring.sighted(key_id(1), session(8), clock());
    assert_eq!(counts(), [0, 2]);
    ring.sighted(key_id(2), session(7), clock());
    assert_eq!(counts(), [1, 1]);
    seconds.fetch_add(60, Ordering::Relaxed);
    assert_eq!(counts(), [0, 0], "an idle session is not counted");
}

#[test]
fn debug_shows_key_ids_and_nothing_else() {
    assert_eq!(format!("{:?}", ring(&[1])), format!("[KeyId({})]", key_id(1)));
}
