mod property;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use tracing::Level;

use self::world::{Answer, Log, World, reset, unreachable_api};
use super::*;

#[test]
fn five_calls_without_an_answer_open_it() {
    for error in [reset(), unreachable_api()] {
        let world = World::new();
        world.calls_fail(4, &error);
        assert_eq!(world.state(), BreakerState::Closed);
        world.calls_fail(1, &error);
        assert_eq!(world.state(), BreakerState::Open);
    }
}

#[test]
fn an_open_breaker_says_that_nothing_was_sent_and_why() {
    let refused = World::opened().start().refused.unwrap();
    let cause =
        "the circuit breaker is open: the request was sent and no whole answer came back: connection reset";
    assert_eq!(refused, TransportError::NotSent(cause.to_owned()));
}

#[test]
fn ten_answers_that_say_unavailable_open_it_and_nine_do_not() {
    for code in [502, 503, 504] {
        let world = World::new();
        world.calls_are_answered(9, code);
        assert_eq!(world.state(), BreakerState::Closed);
        world.calls_are_answered(1, code);
        assert_eq!(world.state(), BreakerState::Open, "{code}");
    }
}

#[test]
fn answers_about_one_request_or_one_caller_never_open_it() {
    for code in [200, 303, 400, 401, 403, 404, 429, 500, 501] {
        let world = World::new();
        world.calls_are_answered(50, code);
        assert_eq!(world.state(), BreakerState::Closed, "{code}");
    }
}

#[test]
fn one_failing_call_among_answered_ones_does_not_open_it() {
    let world = World::new();
    for _ in 0..50 {
        world.calls_fail(4, &reset());
        world.calls_are_answered(1, 200);
    }
    assert_eq!(world.state(), BreakerState::Closed);
}

#[test]
fn slow_calls_that_fail_while_others_are_answered_do_not_open_it() {
    let world = World::new();
    let slow: Vec<_> = (0..20).map(|_| world.start()).collect();
    world.calls_are_answered(1, 200);
    world.advance(5_000);
    for call in slow {
        call.fails(reset());
    }
    assert_eq!(world.state(), BreakerState::Closed);
}

#[test]
fn failures_more_than_a_minute_apart_do_not_add_up() {
    let world = World::new();
    for _ in 0..20 {
        world.calls_fail(4, &reset());
        world.advance(60_001);
    }
    assert_eq!(world.state(), BreakerState::Closed);
}

#[test]
fn after_the_wait_one_call_probes_and_its_answer_closes() {
    let world = World::opened();
    world.advance(499);
    assert!(world.start().is_refused());
    world.advance(1);
    let probe = world.start();
    assert_eq!(world.state(), BreakerState::HalfOpen);
    assert!((0..200).all(|_| world.start().is_refused()));
    probe.answered(404);
    assert_eq!(world.state(), BreakerState::Closed);
    assert!(!world.start().is_refused());
}

#[test]
fn each_failed_probe_doubles_the_wait_up_to_the_longest() {
    let world = World::opened();
    for wait in [500, 1_000, 1_500, 1_500, 1_500] {
        world.advance(wait - 1);
        assert!(world.start().is_refused(), "before {wait} ms");
        world.advance(1);
        world.start().answered(503);
        assert_eq!(world.state(), BreakerState::Open);
    }
    world.advance(1_500);
    world.start().answered(200);
    world.calls_fail(5, &reset());
    world.advance(500);
    assert!(!world.start().is_refused(), "a new outage begins with the short wait");
}

#[test]
fn chance_takes_up_to_half_off_the_wait() {
    let world = World::with(0);
    world.calls_fail(5, &reset());
    world.advance(249);
    assert!(world.start().is_refused());
    world.advance(1);
    assert!(!world.start().is_refused());
}

#[test]
fn a_dropped_probe_hands_its_turn_to_the_next_call() {
    let world = World::opened();
    world.advance(500);
    for _ in 0..3 {
        drop(world.start());
    }
    world.start().answered(200);
    assert_eq!(world.state(), BreakerState::Closed);
}

#[test]
fn a_probe_given_up_while_it_hangs_has_failed() {
    let world = World::opened();
    world.advance(500);
    let probe = world.start();
    world.advance(1_000);
    drop(probe);
    world.advance(999);
    assert!(world.start().is_refused());
    world.advance(1);
    assert!(!world.start().is_refused());
}

#[test]
fn a_probe_nobody_waits_for_any_more_does_not_keep_it_half_open() {
    let world = World::opened();
    world.advance(500);
    let forgotten = world.start();
    world.advance(3_000);
    assert!(world.start().is_refused());
    assert_eq!(world.state(), BreakerState::Open);
    world.advance(1_000);
    let probe = world.start();
    assert!(!probe.is_refused());
    forgotten.answered(200);
    assert_eq!(world.state(), BreakerState::Closed, "a late answer is an answer");
    probe.fails(reset());
    assert_eq!(world.state(), BreakerState::Closed);
}

#[test]
fn calls_given_up_while_they_hang_open_it() {
    let world = World::new();
    let hanging: Vec<_> = (0..5).map(|_| world.start()).collect();
    world.advance(1_000);
    drop(hanging);
    assert_eq!(world.state(), BreakerState::Open);
    let refused = world.start().refused.unwrap().to_string();
    assert!(refused.ends_with("a call was given up after 1000 ms without an answer"), "{refused}");
}

#[test]
fn calls_dropped_by_an_impatient_browser_say_nothing() {
    let world = World::new();
    let closed_tabs: Vec<_> = (0..200).map(|_| world.start()).collect();
    world.advance(999);
    drop(closed_tabs);
    assert_eq!(world.state(), BreakerState::Closed);
}

#[tokio::test]
async fn a_call_that_its_caller_takes_back_says_nothing() {
    let settings = BreakerSettings::default();
    let breaker = CircuitBreaker::new((), settings, crate::system_clock(), crate::system_random());
    for _ in 0..20 {
        let taken_back =
            breaker.around(async { Err::<Result<http::Response<()>, _>, _>("the browser is gone") });
        assert_eq!(taken_back.await.unwrap_err(), "the browser is gone");
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    let failing = || async { Ok::<Result<http::Response<()>, _>, &str>(Err(reset())) };
    for _ in 0..5 {
        assert_eq!(breaker.around(failing()).await.unwrap().unwrap_err(), reset());
    }
    assert_eq!(breaker.state(), BreakerState::Open);
    let refused = breaker.around(failing()).await.unwrap().unwrap_err();
    assert!(matches!(refused, TransportError::NotSent(_)), "{refused:?}");
}

#[test]
fn what_began_before_the_outage_neither_closes_nor_prolongs_it() {
    let world = World::new();
    let early: Vec<_> = (0..20).map(|_| world.start()).collect();
    world.calls_fail(5, &reset());
    let mut early = early.into_iter();
    for call in early.by_ref().take(5) {
        call.answered(200);
    }
    assert_eq!(world.state(), BreakerState::Open);
    for call in early.by_ref().take(5) {
        call.fails(reset());
    }
    world.advance(500);
    world.start().answered(200);
    for call in early {
        call.fails(reset());
    }
    assert_eq!(world.state(), BreakerState::Closed);
}

#[test]
fn a_clock_that_steps_back_does_not_prolong_the_outage() {
    let world = World::opened();
    world.millis.fetch_sub(3_600_000, Ordering::SeqCst);
    assert!(world.start().is_refused());
    world.advance(500);
    assert!(!world.start().is_refused());
}

/// An API that hangs until the transport's own timeout.
struct Hanging(AtomicUsize);

#[async_trait]
impl Transport for Hanging {
    async fn send(&self, _: Request) -> Answer {
        self.0.fetch_add(1, Ordering::SeqCst);
        let never = tokio::time::timeout(Duration::from_secs(5), std::future::pending::<()>()).await;
        Err(TransportError::Interrupted(never.unwrap_err().to_string()))
    }
}

/// The clock of the paused runtime.
fn runtime_clock() -> Clock {
    let start = tokio::time::Instant::now();
    Arc::new(move || SystemTime::UNIX_EPOCH + start.elapsed())
}

fn before_hanging() -> Arc<CircuitBreaker<Hanging>> {
    let random: Random = Arc::new(|bytes| bytes.fill(0xff));
    let api = Hanging(AtomicUsize::new(0));
    Arc::new(CircuitBreaker::new(api, BreakerSettings::default(), runtime_clock(), random))
}

#[tokio::test(start_paused = true)]
async fn two_hundred_calls_that_hang_together_open_it_once() {
    let breaker = before_hanging();
    let calls: Vec<_> = (0..200)
        .map(|_| Arc::clone(&breaker))
        .map(|breaker| tokio::spawn(async move { breaker.send(Request::new(Bytes::new())).await }))
        .collect();
    for call in calls {
        assert!(matches!(call.await.unwrap(), Err(TransportError::Interrupted(_))));
    }
    assert_eq!(breaker.state(), BreakerState::Open);
    let start = tokio::time::Instant::now();
    for _ in 0..1_000 {
        let refused = breaker.send(Request::new(Bytes::new())).await;
        assert!(matches!(refused, Err(TransportError::NotSent(_))));
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(breaker.inner.0.load(Ordering::SeqCst), 200);
}

#[tokio::test(start_paused = true)]
async fn a_page_deadline_around_the_call_does_not_hide_a_hanging_api() {
    let breaker = before_hanging();
    for _ in 0..5 {
        let page = breaker.send(Request::new(Bytes::new()));
        assert!(tokio::time::timeout(Duration::from_secs(2), page).await.is_err());
    }
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn an_outage_is_a_warning_with_its_cause_and_one_line_when_it_is_over() {
    let log = Log::default();
    let outage = || {
        let world = World::opened();
        for _ in 0..10 {
            assert!(world.start().is_refused());
            world.advance(5_000);
            world.start().fails(reset());
        }
        world.advance(5_000);
        world.start().answered(200);
    };
    tracing::subscriber::with_default(log.clone(), || {
        outage();
        // Each log statement checks once whether anybody listens. Another test may be about to record there that nobody
        // does. By now it has done so, and this makes all of them check again.
        tracing::callsite::rebuild_interest_cache();
        log.0.lock().unwrap().clear();
        outage();
    });
    let lines = log.0.lock().unwrap();
    let loud: Vec<_> = lines.iter().filter(|(level, _)| *level <= Level::INFO).collect();
    assert_eq!(loud.len(), 2, "{loud:?}");
    assert_eq!((loud[0].0, loud[1].0), (Level::WARN, Level::INFO));
    assert!(loud[0].1.contains("connection reset"), "{}", loud[0].1);
    assert!(loud[1].1.contains("outage_secs=55;"), "{}", loud[1].1);
    assert!(loud.iter().all(|(_, line)| line.contains("to=\"api\";")), "{loud:?}");
}
