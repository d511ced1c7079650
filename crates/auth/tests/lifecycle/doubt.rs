use super::*;

fn in_doubt(times: usize) -> impl Iterator<Item = (Duration, End)> {
    std::iter::repeat_n((Duration::ZERO, End::InDoubt), times)
}

#[tokio::test(start_paused = true)]
async fn a_refresh_in_doubt_is_not_asked_again_before_the_wait_is_over() {
    let bench = Bench::new().ends(in_doubt(1)).run();
    let (one, other) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    assert_unavailable(&request(&one, 0, &first()).await, false);
    for _ in 0..5 {
        pass(Duration::from_secs(10)).await;
        let ensured = request(&other, 0, &first()).await;
        let Ensured::Unavailable { retry_after: Some(wait), .. } = ensured else {
            panic!("no time is named: {ensured:?}");
        };
        assert!(wait <= Duration::from_mins(1), "{wait:?}");
    }
    assert_eq!(bench.presented(), ["t"]);
    pass(Duration::from_secs(10)).await;
    assert_eq!(renewed(request(&other, 0, &first()).await).rotation, 1);
    assert_eq!(bench.count(Event::AskedAgainAfterDoubt), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_hours_loses_no_session() {
    let bench = Bench::new().ends(in_doubt(60)).run();
    pass(LIFE).await;
    for _ in 0..60 {
        assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
        pass(Duration::from_mins(2)).await;
    }
    assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_recognises_repetitions_is_asked_again_at_once() {
    let mut bench = Bench::new().ends(in_doubt(2));
    bench.provider.repetition = RECOGNISED;
    let bench = bench.run();
    pass(LIFE).await;
    assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1);
    assert_eq!(bench.presented(), ["t", "t", "t"]);
    assert_eq!(bench.count(Event::AskedAgainIdempotent), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_reuse_ends_every_session_of_the_person_is_never_asked_about_again() {
    let mut bench = Bench::new().ends(in_doubt(1));
    bench.provider.repetition = Repetition::Never;
    let bench = bench.run();
    pass(LIFE.checked_sub(Duration::from_secs(5)).unwrap()).await;
    assert_unavailable(&request(&bench.replica(), 0, &first()).await, true);
    assert_unavailable(&request(&bench.replica(), 0, &first()).await, true);
    pass(Duration::from_secs(5)).await;
    assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
    pass(Duration::from_mins(1)).await;
    assert_ended(&request(&bench.replica(), 0, &first()).await, EndReason::Unresolved);
    assert_eq!(bench.presented(), ["t"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_a_slow_holder_comes_before_the_session_is_given_up() {
    let mut bench = Bench::new().ends([(Duration::from_secs(20), End::Rotate)]);
    bench.provider.repetition = Repetition::Never;
    let bench = bench.run();
    let (slow, heir) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    assert_unavailable(&request(&slow, 0, &first()).await, false);
    bench.heads.break_lease(&SessionKey::new(SESSION, 0)).await;
    assert_unavailable(&request(&heir, 0, &first()).await, false);
    pass(Duration::from_secs(20)).await;
    assert_eq!(renewed(request(&heir, 0, &first()).await).rotation, 1);
}

#[tokio::test(start_paused = true)]
async fn past_the_window_a_repetition_is_a_reuse_and_waits_like_one() {
    let mut bench = Bench::new().ends(in_doubt(1));
    bench.provider.repetition = Repetition::Recognised { within: Duration::ZERO, then: Rest::SHORT };
    let bench = bench.run();
    pass(LIFE).await;
    assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
    assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
    assert_eq!(bench.presented(), ["t"]);
    pass(Duration::from_mins(1)).await;
    assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1);
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_was_suspended_before_it_sent_takes_the_lease_again_first() {
    let bench = Bench::new().run();
    pass(LIFE).await;
    bench.heads.suspend_after_next_write(Duration::from_mins(2));
    let session = SessionKey::new(SESSION, 0);
    let lifecycle = bench.replica();
    let grant = first();
    let taking_over = async {
        pass(Duration::from_millis(1)).await;
        bench.heads.break_lease(&session).await;
        assert!(bench.heads.acquire(&session, &Holder::default(), Duration::from_mins(1)).await.unwrap());
    };
    let (ensured, ()) = tokio::join!(request(&lifecycle, 0, &grant), taking_over);
    assert_unavailable(&ensured, false);
    assert!(bench.presented().is_empty(), "somebody else may have presented it meanwhile");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_the_lease_was_lost_still_counts() {
    let bench = Bench::new().ends([(Duration::from_secs(20), End::Rotate)]).run();
    // While a process is paused, nothing extends its lease.
    let (paused, other) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    assert_unavailable(&request(&paused, 0, &first()).await, false);
    let holder = Holder::default();
    let session = SessionKey::new(SESSION, 0);
    bench.heads.break_lease(&session).await;
    assert!(bench.heads.acquire(&session, &holder, Duration::ZERO).await.unwrap());
    assert_unavailable(&request(&other, 0, &first()).await, false);
    pass(Duration::from_secs(20)).await;
    assert_eq!(renewed(request(&other, 0, &first()).await).rotation, 1);
    assert_eq!(bench.presented(), ["t"]);
}

#[tokio::test(start_paused = true)]
async fn a_presentation_after_the_time_for_repetitions_can_be_repeated_in_its_turn() {
    let mut bench = Bench::new().ends(in_doubt(200));
    bench.provider.repetition = RECOGNISED;
    let bench = bench.run();
    pass(LIFE).await;
    assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
    pass(Duration::from_hours(12)).await;
    bench.provider.script.lock().unwrap().truncate(1);
    assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_is_asked_for_again_although_nobody_comes_for_hours() {
    let mut bench = Bench::new().ends(in_doubt(22));
    bench.provider.repetition = RECOGNISED;
    let bench = bench.run();
    pass(LIFE).await;
    assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
    pass(Duration::from_mins(10)).await;
    assert_eq!(bench.presented().len(), 23, "in doubt, then answered, and never again");
    pass(Duration::from_hours(5)).await;
    let found = renewed(request(&bench.replica(), 0, &first()).await);
    assert_eq!(
        (found.rotation, token(&found.grant).as_str()),
        (2, "t''"),
        "adopted, and renewed because it had ended"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_asks_on_past_the_window_or_where_repetitions_are_not_recognised() {
    for window in [Repetition::AskAgain(Rest::SHORT), RECOGNISED] {
        let mut bench = Bench::new().ends(in_doubt(1_000));
        bench.provider.repetition = window;
        let bench = bench.run();
        pass(LIFE).await;
        assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
        pass(Duration::from_mins(11)).await;
        let asked = bench.presented().len();
        assert_eq!(asked == 1, window != RECOGNISED, "{asked} times");
        pass(Duration::from_hours(5)).await;
        assert_eq!(bench.presented().len(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn an_heir_asks_at_once_while_the_repetition_may_be_recognised_by_the_clock_of_whoever_presented_it() {
    let mut bench = Bench::new();
    let within = Duration::from_mins(1);
    bench.provider.repetition = Repetition::Recognised { within, then: Rest::SHORT };
    let bench = bench.run();
    pass(LIFE).await;
    // By the heir's clock. By the clock of the crashed machine it may be ten seconds ago.
    let state = HeadState::Presented {
        first: start() + LIFE - Duration::from_secs(40),
        by: AttemptId::from_bytes([7; 8]),
    };
    let presented = Head { rotation: 0, state, not_before: None, grant: Some(first()), shown: true };
    let keep = Keep { mark: within, grant: within, only_with_grant: false };
    let session = SessionKey::new(SESSION, 0);
    bench.heads.heads.write(&session, None, &presented, keep).await.unwrap().unwrap();
    assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1);
}
