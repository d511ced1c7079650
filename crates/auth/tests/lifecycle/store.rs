use super::*;

#[tokio::test(start_paused = true)]
async fn without_the_store_nothing_is_presented_that_could_be_spent() {
    let bench = Bench::new().run();
    let lifecycle = bench.replica();
    bench.take_store_away(true);
    assert!(matches!(request(&lifecycle, 0, &first()).await, Ensured::Usable(None)));
    pass(LIFE.checked_sub(Duration::from_secs(5)).unwrap()).await;
    assert_unavailable(&request(&lifecycle, 0, &first()).await, true);
    pass(Duration::from_secs(5)).await;
    assert_unavailable(&request(&lifecycle, 0, &first()).await, false);
    assert!(bench.presented().is_empty());
    bench.take_store_away(false);
    assert_eq!(renewed(request(&lifecycle, 0, &first()).await).rotation, 1);
}

#[tokio::test(start_paused = true)]
async fn without_the_store_a_repetition_is_made_only_while_the_provider_remembers() {
    for (after, presented) in [(LIFE, 1), (Duration::from_secs(569), 1), (Duration::from_secs(570), 0)] {
        let mut bench = Bench::new();
        bench.provider.repetition = RECOGNISED;
        let bench = bench.run();
        let lifecycle = bench.replica();
        bench.take_store_away(true);
        pass(after).await;
        let ensured = request(&lifecycle, 0, &first()).await;
        assert_eq!(bench.presented().len(), presented, "after {after:?}: {ensured:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_is_committed_once_the_store_is_back() {
    let bench = Bench::new().ends([(Duration::from_millis(200), End::Rotate)]).run();
    let lifecycle = bench.replica();
    pass(LIFE).await;
    let grant = first();
    let going_away = async {
        pass(Duration::from_millis(100)).await;
        bench.take_store_away(true);
    };
    let (answer, ()) = tokio::join!(request(&lifecycle, 0, &grant), going_away);
    assert_eq!(renewed(answer).rotation, 1, "a page is worth more than the certainty of a late tab");
    pass(Duration::from_mins(3)).await;
    let meanwhile = request(&lifecycle, 0, &first()).await;
    assert_eq!(renewed(meanwhile).rotation, 1, "whoever comes to this replica gets what it holds");
    bench.take_store_away(false);
    pass(Duration::from_secs(5)).await;
    assert_eq!(token(&renewed(request(&bench.replica(), 0, &first()).await).grant), "t''");
    assert_eq!(bench.presented(), ["t", "t'"], "the late tab was led to the newest grant");
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_another_replica_committed_meanwhile_is_not_given_back() {
    let mut bench = Bench::new();
    bench.provider.repetition = RECOGNISED;
    let bench = bench.run();
    let lifecycle = bench.replica();
    pass(LIFE).await;
    bench.take_store_away(true);
    renewed(request(&lifecycle, 0, &first()).await);
    // The result of the same refresh, repeated where the store can be reached. Its grant was shown, and forgotten after a while.
    let mark = Head { rotation: 1, state: HeadState::Idle, not_before: None, grant: None, shown: true };
    let keep = Keep { mark: Duration::from_hours(1), grant: Duration::ZERO, only_with_grant: false };
    let session = SessionKey::new(SESSION, 0);
    bench.heads.heads.write(&session, None, &mark, keep).await.unwrap().unwrap();
    bench.take_store_away(false);
    pass(Duration::from_secs(5)).await;
    assert!(bench.provider.signed_out.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_write_that_happened_although_the_store_did_not_say_so_costs_nothing() {
    let mut bench = Bench::new();
    bench.provider.repetition = Repetition::Never;
    let bench = bench.run();
    pass(LIFE).await;
    bench.heads.lose_answers_to_writes(2);
    assert_eq!(token(&renewed(request(&bench.replica(), 0, &first()).await).grant), "t'");
    assert_eq!(bench.presented(), ["t"]);
    assert_eq!(token(&renewed(request(&bench.replica(), 0, &first()).await).grant), "t'");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_the_store_ends_nothing_because_a_newer_grant_may_be_there() {
    for repetition in [Repetition::Free, RECOGNISED] {
        let mut bench = Bench::new();
        bench.provider.repetition = repetition;
        let bench = bench.ends([(Duration::ZERO, End::Reject)]).run();
        let lifecycle = bench.replica();
        pass(LIFE).await;
        bench.take_store_away(true);
        assert_unavailable(&request(&lifecycle, 0, &first()).await, false);
        bench.take_store_away(false);
        assert_eq!(renewed(request(&lifecycle, 0, &first()).await).rotation, 1, "{repetition:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_written_down_and_not_sent_is_recorded_as_not_sent_although_the_store_said_nothing() {
    let mut bench = Bench::new();
    bench.provider.repetition = Repetition::Never;
    let bench = bench.run();
    let (one, other) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    bench.heads.lose_answers_to_writes(1);
    bench.heads.goes_away_with_the_last_lost_answer.store(true, Ordering::SeqCst);
    assert_unavailable(&request(&one, 0, &first()).await, false);
    assert!(bench.presented().is_empty());
    bench.take_store_away(false);
    pass(Duration::from_mins(2)).await;
    assert_eq!(renewed(request(&other, 0, &first()).await).rotation, 1);
}

/// Another replica may have presented the token without being able to write that down.
#[tokio::test(start_paused = true)]
async fn what_is_read_from_a_store_that_takes_no_writes_does_not_show_that_nothing_was_presented() {
    let mut bench = Bench::new();
    bench.provider.repetition = RECOGNISED;
    let bench = bench.run();
    let lifecycle = bench.replica();
    pass(Duration::from_hours(1)).await;
    bench.heads.full.store(true, Ordering::SeqCst);
    // One read for the request, one under the lease, and one to see whether the write was done after all. That one is lost.
    for lost in 2..6 {
        *bench.heads.reads_until_lost.lock().unwrap() = Some(lost);
        assert_unavailable(&request(&lifecycle, 0, &first()).await, false);
        pass(Duration::from_mins(1)).await;
    }
    bench.take_store_away(true);
    assert_unavailable(&request(&lifecycle, 0, &first()).await, false);
    assert!(bench.presented().is_empty(), "{:?}", bench.presented());
    bench.take_store_away(false);
    bench.heads.full.store(false, Ordering::SeqCst);
    assert_eq!(renewed(request(&lifecycle, 0, &first()).await).rotation, 1);
}

/// The older cookies have valid tokens, and a mark without a grant would end them for no reason.
#[tokio::test(start_paused = true)]
async fn where_a_repetition_is_free_a_grant_that_finds_no_room_ends_no_older_cookie() {
    let mut bench = Bench::new();
    bench.provider.repetition = Repetition::Free;
    let bench = bench.run();
    let lifecycle = bench.replica();
    pass(LIFE).await;
    bench.heads.has_room_for_marks_only.store(true, Ordering::SeqCst);
    // The answer never arrives.
    assert_eq!(renewed(request(&lifecycle, 0, &first()).await).rotation, 1);
    pass(Duration::from_mins(5)).await;
    for lifecycle in [&lifecycle, &bench.replica()] {
        assert_eq!(renewed(request(lifecycle, 0, &first()).await).rotation, 1);
    }
    bench.heads.has_room_for_marks_only.store(false, Ordering::SeqCst);
    pass(Duration::from_mins(5)).await;
    renewed(request(&bench.replica(), 0, &first()).await);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_lease_of_another_does_not_present_what_that_one_may_have_presented_long_ago() {
    let mut bench = Bench::new();
    bench.provider.repetition = RECOGNISED;
    let bench = bench.run();
    let lifecycle = bench.replica();
    pass(Duration::from_hours(1)).await;
    let session = SessionKey::new(SESSION, 0);
    assert!(bench.heads.acquire(&session, &Holder::default(), Duration::from_hours(1)).await.unwrap());
    let grant = first();
    let going_away = async {
        pass(Duration::from_millis(500)).await;
        bench.take_store_away(true);
    };
    let (ensured, ()) = tokio::join!(request(&lifecycle, 0, &grant), going_away);
    assert_unavailable(&ensured, false);
    pass(Duration::from_mins(1)).await;
    assert!(bench.presented().is_empty(), "{:?}", bench.presented());
}

#[tokio::test(start_paused = true)]
async fn a_grant_is_kept_for_as_long_as_the_store_is_away() {
    let mut bench = Bench::new();
    bench.provider.repetition = RECOGNISED;
    let bench = bench.run();
    let lifecycle = bench.replica();
    pass(LIFE).await;
    bench.take_store_away(true);
    // The answer never arrives.
    renewed(request(&lifecycle, 0, &first()).await);
    pass(Duration::from_hours(5)).await;
    bench.take_store_away(false);
    pass(Duration::from_mins(1)).await;
    assert_eq!(token(&renewed(request(&bench.replica(), 0, &first()).await).grant), "t''");
    assert_eq!(bench.presented(), ["t", "t'"], "the late tab was led to the newest grant");
}
