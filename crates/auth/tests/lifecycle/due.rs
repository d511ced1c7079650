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
async fn a_person_who_is_there_keeps_a_session_whose_end_a_refresh_moves() {
    let due = |timing, moves_end, grant: &Grant, after_secs| {
        let mut bench = Bench::new();
        (bench.provider.timing, bench.provider.moves_end) = (timing, moves_end);
        bench.run().replica().due(grant, start() + Duration::from_secs(after_secs))
    };
    let of = |access_secs, refresh_secs| {
        let mut grant = first();
        grant.access_lifetime = Some(Duration::from_secs(access_secs));
        grant.access_expires_at = Some(start() + Duration::from_secs(access_secs));
        grant.refresh_expires_at = Some(start() + Duration::from_secs(refresh_secs));
        grant
    };
    let minute = RefreshTiming::Before(Duration::from_mins(1));
    for (timing, grant, after_secs, expected) in [
        // A tenth of the refresh token's life has passed.
        (minute, of(10_000, 1_000), 99, Due::NotYet),
        (minute, of(10_000, 1_000), 100, Due::Due),
        (minute, of(10_000, 1_000), 2_000, Due::Due),
        // No more often than the leeway allows.
        (minute, of(10_000, 100), 59, Due::NotYet),
        (minute, of(10_000, 100), 60, Due::Due),
        // The access token ends before that.
        (minute, of(100, 7_000), 74, Due::NotYet),
        (RefreshTiming::AfterExpiry, of(10_000, 1_000), 900, Due::NotYet),
        (RefreshTiming::On401, of(10_000, 1_000), 900, Due::NotYet),
    ] {
        let found = due(timing, true, &grant, after_secs);
        assert_eq!(found, expected, "{timing:?} after {after_secs} s: {grant:?}");
    }
    assert_eq!(due(minute, false, &of(10_000, 1_000), 900), Due::NotYet, "a refresh would not move it");
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
        // A refusal says nothing about the clocks: a token that ended early is refused as well.
        (RefreshTiming::AfterExpiry, Duration::from_secs(70), 0),
        (RefreshTiming::AfterExpiry, Duration::from_secs(99), 0),
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
