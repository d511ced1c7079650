use futures_util::future::join_all;

use super::*;

const SLOW: Duration = Duration::from_millis(300);

#[tokio::test(start_paused = true)]
async fn concurrent_requests_refresh_once() {
    let bench = Bench::new().ends([(SLOW, End::Rotate)]).run();
    let lifecycle = bench.replica();
    pass(LIFE).await;
    let grant = first();
    let answers = join_all((0..200).map(|_| request(&lifecycle, 0, &grant))).await;
    assert_eq!(bench.presented(), ["t"]);
    for answer in answers {
        let Rotated { rotation, grant } = renewed(answer);
        assert_eq!((rotation, token(&grant).as_str()), (1, "t'"));
    }
    assert_eq!(bench.count(Event::Joined), 199);
}

#[tokio::test(start_paused = true)]
async fn concurrent_requests_at_two_replicas_refresh_once() {
    let bench = Bench::new().ends([(SLOW, End::Rotate)]).run();
    let (one, other) = (bench.replica(), bench.replica());
    pass(LIFE).await;
    let grant = first();
    let requests = (0..200).map(|n| request(if n % 2 == 0 { &one } else { &other }, 0, &grant));
    for answer in join_all(requests).await {
        assert_eq!(token(&renewed(answer).grant), "t'");
    }
    assert_eq!(bench.presented(), ["t"]);
    assert_eq!(bench.count(Event::WaitedForLease), 1);
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_does_not_cancel_the_refresh() {
    let bench = Bench::new().ends([(SLOW, End::Rotate)]).run();
    let lifecycle = bench.replica();
    pass(LIFE).await;
    let grant = first();
    let cut = timeout(Duration::from_millis(1), request(&lifecycle, 0, &grant)).await;
    assert!(cut.is_err(), "the request was answered before it could be cut off");
    pass(SLOW).await;
    assert_eq!(renewed(request(&lifecycle, 0, &grant).await).rotation, 1);
    assert_eq!(bench.presented(), ["t"]);
}

#[tokio::test(start_paused = true)]
async fn a_request_does_not_wait_longer_than_a_page_may_take() {
    let lives = LIFE.checked_sub(Duration::from_secs(5)).unwrap();
    let (slow, none) = (Duration::from_secs(7), Duration::ZERO);
    let healthy = || vec![(slow, End::Rotate)];
    let troubled = || vec![(none, End::NotSent), (slow, End::Rotate)];
    for (ends, after, waits) in [
        (healthy(), LIFE, 5_000),
        (troubled(), LIFE, 2_500),
        (healthy(), lives, 1_000),
        (troubled(), lives, 1_000),
    ] {
        let presented = ends.len();
        let bench = Bench::new().ends(ends).run();
        let lifecycle = bench.replica();
        pass(after).await;
        let begun = Instant::now();
        assert_unavailable(&request(&lifecycle, 0, &first()).await, after < LIFE);
        assert_eq!(begun.elapsed().as_millis(), waits);
        pass(slow).await;
        assert_eq!(renewed(request(&lifecycle, 0, &first()).await).rotation, 1, "the refresh went on");
        assert_eq!(bench.presented(), vec!["t"; presented]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_a_slow_refresh_and_has_its_page() {
    let takes = Duration::from_millis(4_900);
    let bench = Bench::new().ends([(takes, End::Rotate)]).run();
    let lifecycle = bench.replica();
    pass(LIFE).await;
    let begun = Instant::now();
    let (grant, other) = (first(), first());
    let late = async {
        pass(Duration::from_secs(3)).await;
        request(&lifecycle, 0, &other).await
    };
    let (whole, late) = tokio::join!(request(&lifecycle, 0, &grant), late);
    assert_eq!((renewed(whole).rotation, renewed(late).rotation), (1, 1));
    assert_eq!(begun.elapsed(), takes);
}

/// A request that waits longer than usual stops waiting when something goes wrong.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_turns_out_badly_is_waited_for_no_longer() {
    let (slow, none) = (Duration::from_secs(3), Duration::ZERO);
    let bench = Bench::new().ends([(slow, End::NotSent), (none, End::NotSent), (slow, End::Rotate)]).run();
    let lifecycle = bench.replica();
    pass(LIFE).await;
    let begun = Instant::now();
    assert_unavailable(&request(&lifecycle, 0, &first()).await, false);
    assert_eq!(begun.elapsed(), slow);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_panics_or_is_dropped_leaves_the_session_in_doubt() {
    let bench = Bench::new().ends([(SLOW, End::Rotate)]).run();
    let dropping: Spawner = Arc::new(|task: Task| {
        tokio::spawn(async move {
            let _ = timeout(SLOW / 2, task).await;
        });
    });
    let (crashing, surviving) = (bench.replica_on(dropping), bench.replica());
    pass(LIFE).await;
    assert_unavailable(&request(&crashing, 0, &first()).await, false);
    pass(Duration::from_secs(5)).await;
    assert_unavailable(&request(&surviving, 0, &first()).await, false);
    assert_eq!(bench.presented(), ["t"], "an heir does not present what may be spent");
    assert_eq!(bench.count(Event::Heir), 1);
}

#[tokio::test(start_paused = true)]
async fn the_old_access_token_serves_as_long_as_it_lives() {
    for end in [End::NotSent, End::InDoubt] {
        for (after_millis, lives) in [(95_000, true), (99_500, false), (100_000, false)] {
            let takes = Duration::from_millis(900);
            let bench = Bench::new().ends(std::iter::repeat_n((takes, end.clone()), 20)).run();
            pass(Duration::from_millis(after_millis)).await;
            assert_unavailable(&request(&bench.replica(), 0, &first()).await, lives);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_was_not_sent_is_tried_again_while_the_request_waits() {
    let none = Duration::ZERO;
    let bench = Bench::new().ends([(none, End::NotSent), (none, End::NotSent), (none, End::Rotate)]).run();
    pass(LIFE).await;
    assert_eq!(renewed(request(&bench.replica(), 0, &first()).await).rotation, 1);
    assert_eq!(bench.count(Event::NotSent), 2);
}
