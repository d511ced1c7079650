use super::*;

/// Renews the grant this many times, each time with the cookie of the last renewal. Returns the grants in order.
async fn rotate(bench: &Running, times: u64) -> Vec<Grant> {
    let mut grants = vec![first()];
    for rotation in 0..times {
        pass(LIFE).await;
        let current = &grants[usize::try_from(rotation).unwrap()];
        let Rotated { grant, .. } = renewed(request(&bench.replica(), rotation, current).await);
        grants.push(grant);
    }
    grants
}

#[tokio::test(start_paused = true)]
async fn a_cookie_of_an_older_rotation_adopts_the_head_without_asking() {
    let bench = Bench::new().run();
    rotate(&bench, 3).await;
    let Rotated { rotation, grant } = renewed(request(&bench.replica(), 0, &first()).await);
    assert_eq!((rotation, token(&grant).as_str()), (3, "t'''"));
    assert_eq!(bench.count(Event::Adopted { rotations_behind: 3 }), 1);
    assert_eq!(bench.presented().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_no_request_has_shown_waits_as_long_as_a_session_may_be_idle() {
    let bench = Bench::new().run();
    rotate(&bench, 3).await;
    pass(Duration::from_hours(7 * 24 - 1)).await;
    let Rotated { rotation, .. } = renewed(request(&bench.replica(), 0, &first()).await);
    assert_eq!(rotation, 4, "adopted, and renewed because it had ended");
    assert_eq!(bench.presented().last().unwrap(), "t'''");
}

#[tokio::test(start_paused = true)]
async fn a_spent_cookie_without_a_head_is_superseded_and_nobody_is_asked() {
    let bench = Bench::new().run();
    let grants = rotate(&bench, 1).await;
    assert!(matches!(request(&bench.replica(), 1, &grants[1]).await, Ensured::Usable(None)));
    pass(Duration::from_hours(25)).await;
    assert_ended(&request(&bench.replica(), 0, &first()).await, EndReason::Superseded);
    assert_eq!(bench.presented(), ["t"]);
    assert_eq!(
        renewed(request(&bench.replica(), 1, &grants[1]).await).rotation,
        2,
        "the browser's own goes on"
    );
}

#[tokio::test(start_paused = true)]
async fn a_head_is_kept_ten_minutes_after_a_request_has_shown_it() {
    let bench = Bench::new().run();
    let grants = rotate(&bench, 1).await;
    assert!(matches!(request(&bench.replica(), 1, &grants[1]).await, Ensured::Usable(None)));
    pass(Duration::from_mins(9)).await;
    renewed(request(&bench.replica(), 0, &first()).await);
    // The renewal wrote a new head that no cookie has shown yet, so the test starts again.
    let bench = Bench::new().run();
    let grants = rotate(&bench, 1).await;
    request(&bench.replica(), 1, &grants[1]).await;
    pass(Duration::from_mins(11)).await;
    assert_ended(&request(&bench.replica(), 0, &first()).await, EndReason::Superseded);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_grant_ends_the_session_everywhere_and_is_asked_about_once() {
    let bench = Bench::new().ends([(Duration::ZERO, End::Reject)]).run();
    let (one, other) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    let rejected = EndReason::Rejected(Rejection::InvalidGrant);
    assert_ended(&request(&one, 0, &first()).await, rejected);
    assert_ended(&request(&other, 0, &first()).await, rejected);
    assert_eq!(bench.presented(), ["t"]);
    assert_eq!(
        *bench.provider.ended.lock().unwrap(),
        [rejected],
        "the provider's side state is cleaned once"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_shows_nothing_to_the_browser_that_was_behind() {
    let bench = Bench::new().run();
    rotate(&bench, 2).await;
    pass(LIFE).await;
    // More than the attempts of one refresh.
    bench.provider.script.lock().unwrap().extend(vec![(Duration::ZERO, End::NotSent); 20]);
    assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
    pass(Duration::from_mins(30)).await;
    bench.provider.script.lock().unwrap().clear();
    assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 3);
}

#[tokio::test(start_paused = true)]
async fn a_cookie_that_is_newer_than_the_head_mends_it() {
    // The commit was lost with the store, and the browser sends the cookie that it was given.
    let bench = Bench::new().run();
    let newer = issued("newer", start());
    assert!(matches!(request(&bench.replica(), 1, &newer).await, Ensured::Usable(None)));
    pass(Duration::from_millis(1)).await;
    let late = request(&bench.replica(), 0, &first()).await;
    assert_eq!(token(&renewed(late).grant), "newer");
    assert!(bench.presented().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_an_older_rotation_does_not_end_a_newer_cookie() {
    for (reason, ends) in [
        (EndReason::Rejected(Rejection::Reused), false),
        (EndReason::Unresolved, false),
        (EndReason::SignedOut, true),
        (EndReason::AccountDeleted, true),
    ] {
        let bench = Bench::new().run();
        let dead =
            Head { rotation: 0, state: HeadState::Dead(reason), not_before: None, grant: None, shown: true };
        let keep = Keep { mark: Duration::from_hours(1), grant: Duration::ZERO, only_with_grant: false };
        let session = SessionKey::new(SESSION, 0);
        bench.heads.write(&session, None, &dead, keep).await.unwrap();
        assert_ended(&request(&bench.replica(), 0, &first()).await, reason);
        let newer = request(&bench.replica(), 1, &first()).await;
        assert_eq!(matches!(newer, Ensured::Ended(_)), ends, "{reason:?}: {newer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_was_adopted_and_refused_is_not_taken_for_shown() {
    let wait = End::Unspent(Some(Duration::from_secs(20)));
    for (refused, unread) in [(false, false), (true, false), (true, true)] {
        let bench = Bench::new().ends([(Duration::ZERO, End::Rotate), (Duration::ZERO, wait.clone())]).run();
        let lifecycle = bench.replica();
        pass(LIFE).await;
        let adopted = renewed(request(&lifecycle, 0, &first()).await);
        pass(LIFE).await;
        // The answer never arrives, and the adopted grant is not the one that the browser holds.
        if refused {
            *bench.heads.reads_until_lost.lock().unwrap() = unread.then_some(1);
            let session = SessionKey::new(SESSION, adopted.rotation);
            lifecycle.replace_refused(&Caller::default(), &session, &adopted.grant).await;
        } else {
            assert_unavailable(&request(&lifecycle, 0, &first()).await, false);
        }
        pass(Duration::from_hours(12)).await;
        assert_eq!(renewed(request(&lifecycle, 0, &first()).await).rotation, 2, "{refused}, {unread}");
    }
}
