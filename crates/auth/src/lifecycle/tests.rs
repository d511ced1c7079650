use std::sync::Mutex;
use std::time::UNIX_EPOCH;

use async_trait::async_trait;

use super::*;
use crate::{Request, ReuseCost, SignIn, SignInError, SignOut, SignedIn};

/// Refreshes end as scripted, and the clock moves by as much as that takes.
struct Scripted {
    timing: RefreshTiming,
    takes: Duration,
    now: Arc<Mutex<SystemTime>>,
    ends: Mutex<Vec<RefreshOutcome>>,
}

#[async_trait]
impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }
    async fn sign_in(&self, _: &Caller, _: SignIn) -> Result<SignedIn, SignInError> {
        Err(SignInError::Unsupported)
    }
    fn authorize(&self, _: &Caller, _: &Grant, _: &mut Request) {}
    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        self.timing
    }
    fn reuse_cost(&self) -> ReuseCost {
        ReuseCost::Family
    }
    fn refresh_is_idempotent(&self, _: &Grant) -> bool {
        false
    }
    async fn refresh(&self, _: &Caller, _: &Grant) -> RefreshOutcome {
        *self.now.lock().unwrap() += self.takes;
        self.ends.lock().unwrap().pop().expect("one refresh more than expected")
    }
    async fn sign_out(&self, _: &Caller, _: &Grant) -> SignOut {
        SignOut::default()
    }
}

const LIFE: Duration = Duration::from_secs(100);

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000)
}

fn grant() -> Grant {
    let mut grant = Grant::default().with(1, "old");
    grant.access_expires_at = Some(start() + LIFE);
    grant.access_lifetime = Some(LIFE);
    grant
}

fn lifecycle(
    timing: RefreshTiming,
    after_secs: u64,
    takes_secs: u64,
    ends: Vec<RefreshOutcome>,
) -> Lifecycle {
    let now = Arc::new(Mutex::new(start() + Duration::from_secs(after_secs)));
    let clock: Clock = {
        let now = Arc::clone(&now);
        Arc::new(move || *now.lock().unwrap())
    };
    let takes = Duration::from_secs(takes_secs);
    Lifecycle::new(Arc::new(Scripted { timing, takes, now, ends: Mutex::new(ends) }), clock)
}

async fn ensured(after_secs: u64, takes_secs: u64, end: RefreshOutcome) -> Ensured {
    let lifecycle =
        lifecycle(RefreshTiming::Before(Duration::from_secs(10)), after_secs, takes_secs, vec![end]);
    lifecycle.ensure_fresh(&Caller::default(), &SessionKey::new(b"id", 3), &grant()).await
}

#[test]
fn the_leeway_is_never_more_than_a_quarter_of_the_life() {
    let due = |timing, after_secs| {
        let lifecycle = lifecycle(timing, 0, 0, Vec::new());
        lifecycle.due(&grant(), start() + Duration::from_secs(after_secs))
    };
    let minute = RefreshTiming::Before(Duration::from_mins(1));
    for (timing, after_secs, expected) in [
        (minute, 74, Due::NotYet),
        (minute, 75, Due::Due),
        (minute, 99, Due::Due),
        (minute, 100, Due::Expired),
        (RefreshTiming::Before(Duration::from_secs(10)), 89, Due::NotYet),
        (RefreshTiming::Before(Duration::from_secs(10)), 90, Due::Due),
        (RefreshTiming::AfterExpiry, 99, Due::NotYet),
        (RefreshTiming::AfterExpiry, 100, Due::Expired),
        (RefreshTiming::On401, 1_000, Due::NotYet),
    ] {
        assert_eq!(due(timing, after_secs), expected, "{timing:?} after {after_secs} s");
    }
}

#[test]
fn a_grant_without_an_end_is_never_due() {
    let lifecycle = lifecycle(RefreshTiming::AfterExpiry, 0, 0, Vec::new());
    assert_eq!(lifecycle.due(&Grant::default(), start()), Due::NotYet);
}

#[tokio::test]
async fn a_fresh_grant_asks_nobody() {
    let lifecycle = lifecycle(RefreshTiming::Before(Duration::from_secs(10)), 5, 0, Vec::new());
    let ensured = lifecycle.ensure_fresh(&Caller::default(), &SessionKey::new(b"id", 0), &grant()).await;
    assert!(matches!(ensured, Ensured::Current), "{ensured:?}");
}

#[tokio::test]
async fn a_due_grant_is_renewed_or_ended() {
    let renewed = Grant::default().with(1, "new");
    let Ensured::Rotated(grant) = ensured(95, 0, RefreshOutcome::Rotated(renewed.clone())).await else {
        panic!("not rotated");
    };
    assert_eq!(grant, renewed);
    let ended = ensured(95, 0, RefreshOutcome::Rejected(Rejection::Reused)).await;
    assert!(matches!(ended, Ensured::Ended(Rejection::Reused)), "{ended:?}");
}

#[tokio::test]
async fn the_old_access_token_serves_as_long_as_it_lives() {
    for (after_secs, takes_secs, lives) in [(95, 0, true), (95, 4, true), (95, 5, false), (100, 0, false)] {
        for end in [RefreshOutcome::NotSent("down".to_owned()), RefreshOutcome::InDoubt("reset".to_owned())] {
            let ensured = ensured(after_secs, takes_secs, end).await;
            let Ensured::Unavailable { access_lives, .. } = ensured else {
                panic!("an unreachable provider decided something: {ensured:?}");
            };
            assert_eq!(access_lives, lives, "after {after_secs} s and a try of {takes_secs} s");
        }
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_but_not_early_where_that_looks_like_theft() {
    let session = SessionKey::new(b"id", 0);
    let rotated = || vec![RefreshOutcome::Rotated(Grant::default())];
    for timing in [RefreshTiming::Before(Duration::ZERO), RefreshTiming::On401] {
        let lifecycle = lifecycle(timing, 5, 0, rotated());
        let ensured = lifecycle.replace_refused(&Caller::default(), &session, &grant()).await;
        assert!(matches!(ensured, Ensured::Rotated(_)), "{timing:?}: {ensured:?}");
    }
    let early = lifecycle(RefreshTiming::AfterExpiry, 5, 0, Vec::new());
    let ensured = early.replace_refused(&Caller::default(), &session, &grant()).await;
    assert!(matches!(ensured, Ensured::Unavailable { access_lives: false, .. }), "{ensured:?}");
    let late = lifecycle(RefreshTiming::AfterExpiry, 100, 0, rotated());
    let ensured = late.replace_refused(&Caller::default(), &session, &grant()).await;
    assert!(matches!(ensured, Ensured::Rotated(_)), "{ensured:?}");
}

#[test]
fn a_session_key_does_not_print_the_identifier() {
    let text = format!("{:?}", SessionKey::new(b"identifier", 7));
    assert_eq!(text, "SessionKey { rotation: 7, .. }");
}
