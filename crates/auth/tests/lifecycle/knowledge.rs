//! Known facts are kept: a refresh that was not sent, or was refused unspent, is not in doubt, and an answer that came
//! is not still awaited.

use futures_util::future::join_all;

use super::*;

const STYLES: [Repetition; 5] = [
    Repetition::Free,
    RECOGNISED,
    Repetition::AskAgain(Rest::SHORT),
    Repetition::AskAgain(Rest::of(LIFE)),
    Repetition::Never,
];

fn of(repetition: Repetition) -> Bench {
    let mut bench = Bench::new();
    bench.provider.repetition = repetition;
    bench
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_because_the_lease_was_lost_is_recorded_as_not_sent() {
    for style in STYLES {
        let bench = of(style).run();
        pass(LIFE).await;
        bench.heads.suspend_after_next_write(Duration::from_mins(2));
        assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1, "{style:?}");
        assert_eq!(bench.presented(), ["t"], "{style:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_by_a_second_keeps_no_refresh_from_being_sent() {
    for style in STYLES {
        let bench = of(style).run();
        pass(LIFE + Duration::from_secs(5)).await;
        *bench.heads.setting_back.lock().unwrap() = Duration::from_secs(1);
        assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1, "{style:?}");
        assert_eq!(bench.count(Event::Overtaken), 0, "{style:?}: written and sent at once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_refresh_keeps_the_session_and_waits_as_long_as_it_was_asked_to() {
    let wait = Duration::from_secs(20);
    for style in STYLES {
        let bench = of(style).ends([(Duration::ZERO, End::Unspent(Some(wait)))]).run();
        let lifecycle = bench.replica();
        pass(LIFE).await;
        for second in 0..17 {
            let ensured = request(&lifecycle, 0, &first()).await;
            let Ensured::Unavailable { retry_after: Some(left), .. } = ensured else {
                panic!("{style:?}, second {second}: {ensured:?}");
            };
            assert!(left <= wait, "{style:?}: {left:?}");
            pass(Duration::from_secs(1)).await;
        }
        assert_eq!(bench.presented().len(), 1, "{style:?}");
        pass(Duration::from_secs(3)).await;
        assert_eq!(renewed(request(&lifecycle, 0, &first()).await).rotation, 1, "{style:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_could_not_be_written_down_at_once_is_written_as_soon_as_the_store_is_back() {
    for style in STYLES {
        let answered_after = Duration::from_millis(200);
        let bench = of(style).ends([(answered_after, End::Unspent(Some(Duration::from_mins(3))))]).run();
        let (asked, other) = (bench.replica(), bench.replica());
        pass(LIFE).await;
        let begun = tokio::spawn(async move { request(&asked, 0, &first()).await });
        pass(answered_after / 2).await;
        bench.take_store_away(true);
        pass(answered_after).await;
        bench.take_store_away(false);
        assert_unavailable(&begun.await.unwrap(), false);
        for _ in 0..12 {
            pass(Duration::from_secs(10)).await;
            assert_unavailable(&request(&other, 0, &first()).await, false);
        }
        assert_eq!(bench.presented().len(), 1, "{style:?}");
        pass(Duration::from_mins(2)).await;
        assert_eq!(renewed(request(&other, 0, &first()).await).rotation, 1, "{style:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_wait_is_waited_out_while_the_request_waits() {
    let wait = Some(Duration::from_secs(1));
    for style in STYLES {
        let bench = of(style).ends([(Duration::ZERO, End::Unspent(wait))]).run();
        pass(LIFE).await;
        let begun = Instant::now();
        assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1, "{style:?}");
        assert!(begun.elapsed() >= Duration::from_secs(1), "{style:?}: {:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn another_process_waits_longer_by_as_much_as_clocks_may_differ() {
    let bench = Bench::new().ends([(Duration::ZERO, End::Unspent(Some(Duration::from_secs(20))))]).run();
    let (asked, other) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    assert_unavailable(&request(&asked, 0, &first()).await, false);
    pass(Duration::from_secs(21)).await;
    assert_unavailable(&request(&other, 0, &first()).await, false);
    assert_eq!(bench.presented().len(), 1);
    pass(CLOCK_SKEW).await;
    assert_eq!(renewed(request(&other, 0, &first()).await).rotation, 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_no_longer_than_the_longest_that_there_is_whatever_clock_wrote_it_down() {
    let absurd = Duration::from_secs(u64::MAX / 4);
    for written_ahead in [Duration::ZERO, Duration::from_hours(24)] {
        let bench = Bench::new().ends([(Duration::ZERO, End::Unspent(Some(absurd)))]).run();
        let lifecycle = bench.replica();
        pass(LIFE + written_ahead).await;
        assert_unavailable(&request(&lifecycle, 0, &first()).await, false);
        // The clock was ahead by this much, and is right again.
        *bench.heads.set_back.lock().unwrap() = written_ahead;
        let other = bench.replica();
        for _ in 0..2 {
            if !written_ahead.is_zero() {
                assert_unavailable(&request(&other, 0, &first()).await, false);
            }
            pass(Duration::from_secs(5 * 60 + 16)).await;
        }
        assert_eq!(renewed(request(&other, 0, &first()).await).rotation, 1, "{written_ahead:?}");
        assert_eq!(bench.presented().len(), 2);
    }
}

/// Once the clock is right again, nobody waits for the day that it was ahead.
#[tokio::test(start_paused = true)]
async fn a_doubt_of_a_wrong_clock_is_over_as_soon_as_any_other_is() {
    let ahead = Duration::from_hours(24);
    for style in [RECOGNISED, Repetition::AskAgain(Rest::SHORT)] {
        let bench = of(style).ends(std::iter::repeat_n((Duration::ZERO, End::InDoubt), 500)).run();
        pass(LIFE + ahead).await;
        assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
        *bench.heads.set_back.lock().unwrap() = ahead;
        bench.provider.script.lock().unwrap().clear();
        let other = bench.replica();
        let _ = request(&other, 0, &first()).await;
        pass(Duration::from_mins(2)).await;
        assert_eq!(renewed(request(&other, 0, &first()).await).rotation, 1, "{style:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_that_says_nothing_is_asked_again_after_a_short_pause() {
    for style in [Repetition::Free, RECOGNISED, Repetition::AskAgain(Rest::SHORT)] {
        let bench = of(style).ends([(Duration::ZERO, End::Answered)]).run();
        pass(LIFE).await;
        assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1, "{style:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_replica_does_not_wait_longer_after_a_whole_answer_either() {
    let bench = Bench::new().ends(vec![(Duration::from_secs(2), End::Answered)]).run();
    pass(LIFE).await;
    assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
    pass(Duration::from_secs(1)).await;
    assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1);
}

#[tokio::test(start_paused = true)]
async fn where_an_early_refresh_is_a_theft_a_lost_answer_waits_for_the_unseen_access_token_to_end() {
    for (end, under_way) in [(End::InDoubt, Rest::SHORT.unanswered), (End::Answered, Duration::ZERO)] {
        let mut bench = of(Repetition::AskAgain(Rest::of(LIFE))).ends([(Duration::ZERO, end)]);
        bench.provider.timing = RefreshTiming::AfterExpiry;
        let bench = bench.run();
        pass(LIFE + CLOCK_SKEW).await;
        assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
        for _ in 0..9 {
            pass(LIFE / 10).await;
            assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
        }
        assert_eq!(bench.presented(), ["t"]);
        // A request without an answer may have arrived as late as that, and may have been answered then.
        let soon = Duration::from_secs(5);
        pass((LIFE / 10 + CLOCK_SKEW + under_way).checked_sub(soon).unwrap()).await;
        assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
        pass(soon).await;
        assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1);
    }
}

/// The provider counts from when it issued the access token that nobody received. No clock of ours shows that time.
#[tokio::test(start_paused = true)]
async fn where_an_early_refresh_is_a_theft_a_machine_whose_clock_is_ahead_does_not_ask_early() {
    for (end, under_way) in [(End::InDoubt, Rest::SHORT.unanswered), (End::Answered, Duration::ZERO)] {
        let mut bench = of(Repetition::AskAgain(Rest::of(LIFE))).ends([(Duration::ZERO, end)]);
        bench.provider.timing = RefreshTiming::AfterExpiry;
        let bench = bench.run();
        pass(LIFE + CLOCK_SKEW).await;
        assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
        let ahead = CLOCK_SKEW.checked_sub(Duration::from_secs(1)).unwrap();
        *bench.heads.skipped.lock().unwrap() += ahead;
        pass((LIFE + under_way).checked_sub(Duration::from_secs(5)).unwrap()).await;
        assert_unavailable(&request(&bench.replica(), 0, &first()).await, false);
        assert_eq!(bench.presented(), ["t"]);
        pass(Duration::from_secs(6)).await;
        assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_store_could_not_be_told_is_known_to_the_process() {
    for end in [End::NotSent, End::Unspent(Some(Duration::ZERO))] {
        let bench = of(Repetition::Never).ends([(Duration::from_millis(300), end)]).run();
        let lifecycle = bench.replica();
        pass(LIFE).await;
        let grant = first();
        let going_away = async {
            pass(Duration::from_millis(100)).await;
            bench.take_store_away(true);
        };
        let (ensured, ()) = tokio::join!(request(&lifecycle, 0, &grant), going_away);
        assert_unavailable(&ensured, false);
        pass(Duration::from_mins(5)).await;
        bench.take_store_away(false);
        assert_eq!(renewed(request(&lifecycle, 0, &first()).await).rotation, 1);
        assert_eq!(bench.count(Event::Heir), 0, "it is no heir of itself");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_end_is_not_written_over_what_an_heir_has_done() {
    let slow = [(Duration::from_secs(20), End::NotSent), (Duration::ZERO, End::InDoubt)];
    let mut bench = Bench::new().ends(slow);
    bench.provider.repetition = Repetition::Recognised { within: Duration::from_mins(10), then: Rest::SHORT };
    let bench = bench.run();
    let (slow, heir) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    assert_unavailable(&request(&slow, 0, &first()).await, false);
    let session = SessionKey::new(SESSION, 0);
    bench.heads.break_lease(&session).await;
    bench.provider.script.lock().unwrap().extend(vec![(Duration::ZERO, End::InDoubt); 100]);
    assert_unavailable(&request(&heir, 0, &first()).await, false);
    pass(Duration::from_secs(20)).await;
    let kept = bench.heads.read(&session).await.unwrap().unwrap();
    assert!(matches!(kept.head.state, HeadState::InDoubt { .. } | HeadState::Presented { .. }), "{kept:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_without_the_store_is_kept_beside_what_another_replica_has_learned_meanwhile() {
    let bench = of(RECOGNISED).run();
    let (alone, other) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    bench.take_store_away(true);
    assert_eq!(token(&renewed(request(&alone, 0, &first()).await).grant), "t'");
    // The other replica reaches the store. It writes what an answer told, next to tokens that are spent by now.
    let amended = Head {
        rotation: 1,
        state: HeadState::Idle,
        not_before: None,
        grant: Some(first().for_identity(Identity::new("1", "new@test.com"))),
        shown: false,
    };
    let keep = Keep { mark: Duration::from_hours(1), grant: Duration::from_hours(1), only_with_grant: false };
    let session = SessionKey::new(SESSION, 0);
    bench.heads.heads.write(&session, None, &amended, keep).await.unwrap().unwrap();
    bench.take_store_away(false);
    pass(Duration::from_secs(5)).await;
    let found = renewed(request(&other, 0, &first()).await);
    assert_eq!(
        (found.rotation, token(&found.grant).as_str()),
        (2, "t'"),
        "the fresh tokens, and newer than both"
    );
    assert_eq!(found.grant.identity.unwrap().email.as_deref(), Some("new@test.com"), "with what was learned");
    assert_eq!(bench.presented(), ["t"]);
}

#[tokio::test(start_paused = true)]
async fn without_the_store_a_token_that_may_have_been_replaced_early_is_not_presented() {
    let window = Duration::from_mins(10);
    let life = Duration::from_mins(20);
    let long_lived = || {
        let mut grant = first();
        (grant.access_expires_at, grant.access_lifetime) = (Some(start() + life), Some(life));
        grant
    };
    // Another replica had a valid access token refused right after the sign-in.
    let bench = of(RECOGNISED).run();
    let (early, alone) = (bench.replica(), bench.replica());
    let session = SessionKey::new(SESSION, 0);
    renewed(early.replace_refused(&Caller::default(), &session, &long_lived()).await);
    bench.take_store_away(true);
    pass(life).await;
    assert_unavailable(&request(&alone, 0, &long_lived()).await, false);
    assert_eq!(bench.presented(), ["t"], "past its window the repetition would be a reuse");

    // This process saw the token unspent a moment ago, so it can only have been presented within the window.
    for (ago, presented) in [(window / 2, 1), (window, 0)] {
        let bench = of(RECOGNISED).run();
        let alone = bench.replica();
        pass(life.checked_sub(ago).unwrap()).await;
        request(&alone, 0, &long_lived()).await;
        bench.take_store_away(true);
        pass(ago).await;
        request(&alone, 0, &long_lived()).await;
        assert_eq!(bench.presented().len(), presented, "seen {ago:?} ago");
    }
}

#[tokio::test(start_paused = true)]
async fn one_refresh_of_a_session_goes_on_without_anybody_waiting_however_many_came() {
    let bench = of(RECOGNISED).ends(vec![(Duration::ZERO, End::Answered); 10_000]).run();
    let lifecycle = bench.replica();
    pass(LIFE).await;
    for _ in 0..50 {
        assert_unavailable(&request(&lifecycle, 0, &first()).await, false);
    }
    pass(Duration::from_secs(10)).await;
    let asked = bench.presented().len();
    pass(Duration::from_mins(1)).await;
    let alone = bench.presented().len() - asked;
    assert!((1..=6).contains(&alone), "asked {alone} times in a minute");
}

#[tokio::test(start_paused = true)]
async fn so_many_refreshes_of_a_process_go_on_without_anybody_waiting_and_no_more() {
    let bench = of(RECOGNISED).ends(vec![(Duration::ZERO, End::Answered); 100_000]).run();
    let lifecycle = bench.replica();
    pass(LIFE).await;
    let requests = (0_u32..500).map(|number| {
        let lifecycle = lifecycle.clone();
        async move {
            let session = SessionKey::new(&number.to_be_bytes(), 0);
            let head = lifecycle.read_head(&session).await;
            lifecycle.ensure_fresh(&Caller::default(), &session, &first(), head).await
        }
    });
    join_all(requests).await;
    pass(Duration::from_mins(1)).await;
    let asked = bench.presented().len();
    pass(Duration::from_secs(46)).await;
    let alone = bench.presented().len() - asked;
    assert!((64..=128).contains(&alone), "{alone} presentations within a pause of the slowest pace");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_to_end_does_not_wait_for_what_the_next_one_can_do() {
    let bench = of(RECOGNISED).ends(vec![(Duration::ZERO, End::InDoubt); 100_000]).run();
    let running = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&running);
    let spawner: Spawner = Arc::new(move |task: Task| {
        let counted = Arc::clone(&counted);
        counted.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            task.await;
            counted.fetch_sub(1, Ordering::SeqCst);
        });
    });
    let lifecycle = bench.replica_on(spawner);
    pass(LIFE).await;
    assert_unavailable(&request(&lifecycle, 0, &first()).await, false);
    pass(Duration::from_secs(9)).await;
    assert_eq!(running.load(Ordering::SeqCst), 1, "it goes on asking");
    lifecycle.close();
    pass(Duration::from_millis(1)).await;
    assert_eq!(running.load(Ordering::SeqCst), 0);
    assert_unavailable(&request(&lifecycle, 0, &first()).await, false);
    pass(Duration::from_secs(9)).await;
    assert_eq!(running.load(Ordering::SeqCst), 0, "and none goes on any more");
}
