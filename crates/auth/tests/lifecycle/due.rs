use super::*;

#[tokio::test(start_paused = true)]
async fn the_leeway_is_never_more_than_a_quarter_of_the_life() {
    let due = |timing, after_secs| {
        let mut bench = Bench::new();
        bench.provider.timing = timing;
        bench.run().replica().due(&first(), start() + Duration::from_secs(after_secs))
    };
    let minute = RefreshTiming::Before(Duration::from_mins(1));
    for (timing, after_secs, expected) in [
        (minute, 74, Due::NotYet),
        (minute, 75, Due::Due),
        (minute, 99, Due::Due),
        (minute, 100, Due::Expired),
        (RefreshTiming::Before(Duration::from_secs(10)), 89, Due::NotYet),
        (RefreshTiming::Before(Duration::from_secs(10)), 90, Due::Due),
        (RefreshTiming::AfterExpiry, 129, Due::NotYet),
        (RefreshTiming::AfterExpiry, 130, Due::Expired),
        (RefreshTiming::On401, 1_000, Due::NotYet),
    ] {
        assert_eq!(due(timing, after_secs), expected, "{timing:?} after {after_secs} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_without_an_end_is_never_due() {
    let mut bench = Bench::new();
    bench.provider.timing = RefreshTiming::AfterExpiry;
    assert_eq!(bench.run().replica().due(&Grant::default(), start()), Due::NotYet);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_grant_asks_nobody() {
    let bench = Bench::new().run();
    let ensured = request(&bench.replica(), 0, &first()).await;
    assert!(matches!(ensured, Ensured::Usable(None)), "{ensured:?}");
    assert!(bench.presented().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_but_not_early_where_that_looks_like_theft() {
    for (timing, after, presented) in [
        (RefreshTiming::Before(Duration::ZERO), Duration::from_secs(5), 1),
        (RefreshTiming::On401, Duration::from_secs(5), 1),
        (RefreshTiming::AfterExpiry, Duration::from_secs(5), 0),
        (RefreshTiming::AfterExpiry, Duration::from_secs(69), 0),
        // Two clocks may differ by this much, so within it the refusal is right.
        (RefreshTiming::AfterExpiry, Duration::from_secs(70), 1),
        (RefreshTiming::AfterExpiry, LIFE, 1),
    ] {
        let mut bench = Bench::new();
        bench.provider.timing = timing;
        let bench = bench.run();
        pass(after).await;
        let session = SessionKey::new(SESSION, 0);
        let ensured = bench.replica().replace_refused(&Caller::default(), &session, &first()).await;
        assert_eq!(bench.presented().len(), presented, "{timing:?} after {after:?}: {ensured:?}");
        if presented == 0 {
            assert_unavailable(&ensured, false);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_by_the_head_where_there_is_a_newer_one() {
    let bench = Bench::new().run();
    pass(LIFE).await;
    renewed(request(&bench.replica(), 0, &first()).await);
    let session = SessionKey::new(SESSION, 0);
    let ensured = bench.replica().replace_refused(&Caller::default(), &session, &first()).await;
    assert_eq!(renewed(ensured).rotation, 1);
    assert_eq!(bench.presented(), ["t"]);
}

#[test]
fn a_session_key_does_not_print_the_identifier() {
    let text = format!("{:?}", SessionKey::new(b"identifier", 7));
    assert_eq!(text, "SessionKey { rotation: 7, .. }");
}
