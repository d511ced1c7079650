use super::*;

async fn sign_out(lifecycle: &Lifecycle, rotation: u64, grant: &Grant) {
    let session = SessionKey::new(SESSION, rotation);
    let _ = lifecycle.end(&Caller::default(), &session, grant, EndReason::SignedOut).await;
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_ends_the_newest_grant_whatever_cookie_it_came_with() {
    let bench = Bench::new().run();
    pass(LIFE).await;
    renewed(request(&bench.replica(), 0, &first()).await);
    sign_out(&bench.replica(), 0, &first()).await;
    assert_eq!(*bench.provider.signed_out.lock().unwrap(), ["t'"]);
    assert_eq!(*bench.provider.ended.lock().unwrap(), [EndReason::SignedOut]);
    assert_ended(&request(&bench.replica(), 0, &first()).await, EndReason::SignedOut);
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_waits_for_the_refresh_that_is_under_way() {
    let bench = Bench::new().ends([(Duration::from_secs(1), End::Rotate)]).run();
    let (one, other) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    let grant = first();
    let leaving = async {
        pass(Duration::from_millis(100)).await;
        sign_out(&other, 0, &grant).await;
    };
    let (answer, ()) = tokio::join!(request(&one, 0, &grant), leaving);
    renewed(answer);
    assert_eq!(
        *bench.provider.signed_out.lock().unwrap(),
        ["t'"],
        "the grant of the refresh, not the spent one"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_refreshes_after_a_sign_out() {
    let bench = Bench::new().run();
    sign_out(&bench.replica(), 0, &first()).await;
    pass(LIFE).await;
    assert_ended(&request(&bench.replica(), 0, &first()).await, EndReason::SignedOut);
    assert!(bench.presented().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_is_issued_after_the_session_ended_is_given_back() {
    let bench = Bench::new().ends([(Duration::from_secs(1), End::Rotate)]).run();
    let (one, other) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    let grant = first();
    let leaving = async {
        pass(Duration::from_millis(100)).await;
        bench.heads.break_lease(&SessionKey::new(SESSION, 0)).await;
        sign_out(&other, 0, &grant).await;
    };
    let (answer, ()) = tokio::join!(request(&one, 0, &grant), leaving);
    assert_ended(&answer, EndReason::SignedOut);
    assert_eq!(*bench.provider.signed_out.lock().unwrap(), ["t", "t'"]);
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_goes_on_when_nobody_waits_for_it() {
    let bench = Bench::new().run();
    let session = SessionKey::new(SESSION, 0);
    drop(bench.replica().end(&Caller::default(), &session, &first(), EndReason::SignedOut));
    pass(Duration::from_millis(1)).await;
    assert_eq!(*bench.provider.signed_out.lock().unwrap(), ["t"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_may_be_spent_is_not_shown_where_its_reuse_ends_every_session_of_the_person() {
    let mut bench = Bench::new().ends([(Duration::ZERO, End::InDoubt)]);
    bench.provider.repetition = Repetition::Never;
    let bench = bench.run();
    pass(LIFE).await;
    assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
    sign_out(&bench.replica(), 0, &first()).await;
    assert!(bench.provider.signed_out.lock().unwrap().is_empty());
    assert_eq!(bench.count(Event::RevocationFailed), 1);
    assert_ended(&request(&bench.replica(), 0, &first()).await, EndReason::SignedOut);
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_with_a_superseded_cookie_ends_the_session_and_the_refresh_that_is_under_way() {
    let bench =
        Bench::new().ends([(Duration::ZERO, End::Rotate), (Duration::from_secs(1), End::Rotate)]).run();
    let (one, other) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    let second = renewed(request(&one, 0, &first()).await).grant;
    // The grant is shown, and the one that an older cookie would adopt is forgotten.
    assert!(matches!(request(&one, 1, &second).await, Ensured::Usable(None)));
    pass(LIFE + Duration::from_mins(11)).await;
    let leaving = async {
        pass(Duration::from_millis(100)).await;
        // The lease expired while its holder stood still.
        bench.heads.break_lease(&SessionKey::new(SESSION, 0)).await;
        sign_out(&other, 0, &first()).await;
    };
    let (answer, ()) = tokio::join!(request(&one, 1, &second), leaving);
    assert_ended(&answer, EndReason::SignedOut);
    assert!(
        bench.provider.signed_out.lock().unwrap().contains(&"t''".to_owned()),
        "what was issued is given back"
    );
    assert_ended(&request(&other, 1, &second).await, EndReason::SignedOut);
}

#[tokio::test(start_paused = true)]
async fn whatever_ends_a_session_its_side_state_is_cleaned_once() {
    for reason in
        [EndReason::SignedOut, EndReason::TimedOut, EndReason::Superseded, EndReason::EndedByProvider]
    {
        let bench = Bench::new().run();
        let session = SessionKey::new(SESSION, 0);
        for _ in 0..3 {
            let _ = bench.replica().end(&Caller::default(), &session, &first(), reason).await;
            pass(Duration::from_secs(30)).await;
        }
        assert_eq!(*bench.provider.ended.lock().unwrap(), [reason]);
        assert_eq!(*bench.provider.signed_out.lock().unwrap(), ["t"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_that_a_crash_cut_off_is_told_when_the_cookie_comes_again() {
    let bench = Bench::new().run();
    let session = SessionKey::new(SESSION, 0);
    let state = HeadState::Ending { reason: EndReason::SignedOut, unspent: true };
    let ending =
        Head { rotation: 1, state, not_before: None, grant: Some(issued("t'", start())), shown: false };
    let keep = Keep { mark: Duration::from_hours(1), grant: Duration::from_hours(1), only_with_grant: false };
    bench.heads.write(&session, None, &ending, keep).await.unwrap();
    assert_ended(&request(&bench.replica(), 0, &first()).await, EndReason::SignedOut);
    let _ = bench.replica().end(&Caller::default(), &session, &first(), EndReason::TimedOut).await;
    assert_eq!(*bench.provider.signed_out.lock().unwrap(), ["t'"], "the newest grant");
    pass(Duration::from_millis(1)).await;
    assert_eq!(
        *bench.provider.ended.lock().unwrap(),
        [EndReason::SignedOut],
        "the reason of whoever was first"
    );
}

/// A provider may refresh to sign out. Whoever finds such a sign-out unfinished cannot know whether the token is spent.
#[tokio::test(start_paused = true)]
async fn a_sign_out_that_a_crash_cut_off_is_not_repeated_where_its_refresh_could_be_a_reuse() {
    for (repetition, told) in [(Repetition::Never, 1), (Repetition::AskAgain(Rest::SHORT), 2)] {
        let mut bench = Bench::new();
        bench.provider.repetition = repetition;
        let bench = bench.run();
        let away = || TransportError::NotSent("connection refused".to_owned());
        bench.provider.sign_outs.lock().unwrap().extend((0..2).map(|_| away()));
        sign_out(&bench.replica(), 0, &first()).await;
        // The first process stops here: its sign-out is not finished, and its lease expires.
        bench.heads.break_lease(&SessionKey::new(SESSION, 0)).await;
        sign_out(&bench.replica(), 0, &first()).await;
        assert_eq!(bench.provider.signed_out.lock().unwrap().len(), told, "{repetition:?}");
    }
}

/// A replica that has not read the new secret yet is asked to end the session. It must revoke the newest grant all the same.
#[tokio::test(start_paused = true)]
async fn a_grant_that_cannot_be_opened_yet_is_revoked_once_it_can_be() {
    for repetition in [Repetition::Never, Repetition::AskAgain(Rest::SHORT)] {
        let mut bench = Bench::new();
        bench.provider.repetition = repetition;
        let bench = bench.run();
        pass(LIFE).await;
        renewed(request(&bench.replica(), 0, &first()).await);
        bench.heads.lacks_key.store(true, Ordering::SeqCst);
        let begun = Instant::now();
        sign_out(&bench.replica(), 0, &first()).await;
        assert!(begun.elapsed() < Duration::from_secs(1), "nobody waits for the key: {:?}", begun.elapsed());
        pass(Duration::from_mins(5)).await;
        assert_eq!(*bench.provider.signed_out.lock().unwrap(), [""; 0]);
        bench.heads.lacks_key.store(false, Ordering::SeqCst);
        pass(Duration::from_mins(1)).await;
        assert_eq!(*bench.provider.signed_out.lock().unwrap(), ["t'"], "{repetition:?}");
        assert_eq!(*bench.provider.ended.lock().unwrap(), [EndReason::SignedOut]);
        assert_ended(&request(&bench.replica(), 0, &first()).await, EndReason::SignedOut);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_never_comes_is_waited_for_ten_minutes() {
    let bench = Bench::new().run();
    pass(LIFE).await;
    renewed(request(&bench.replica(), 0, &first()).await);
    bench.heads.lacks_key.store(true, Ordering::SeqCst);
    sign_out(&bench.replica(), 0, &first()).await;
    pass(Duration::from_mins(11)).await;
    assert_eq!(*bench.provider.signed_out.lock().unwrap(), ["t"], "of what is known");
    assert_eq!(*bench.provider.ended.lock().unwrap(), [EndReason::SignedOut]);
}

/// An outage of a quarter of an hour must not leave a grant valid for a month.
#[tokio::test(start_paused = true)]
async fn a_provider_that_is_away_is_told_once_it_is_back() {
    let bench = Bench::new().run();
    let away = || TransportError::NotSent("connection refused".to_owned());
    bench.provider.sign_outs.lock().unwrap().extend((0..6).map(|_| away()));
    let begun = Instant::now();
    sign_out(&bench.replica(), 0, &first()).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "nobody waits for it");
    pass(Duration::from_mins(30)).await;
    assert_eq!(bench.count(Event::RevocationFailed), 6);
    assert_eq!(bench.count(Event::Revoked), 1);
    assert_eq!(*bench.provider.ended.lock().unwrap(), [EndReason::SignedOut], "once");
}
