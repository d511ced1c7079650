//! The answers of forms that need a signed-in person when nobody is signed in. No layer checks the session first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};

use super::{ACCESS_TOKEN_LIFE, assert_said, change, routes_with, send};
use crate::browser::Browser;
use crate::store_outage::Away;
use crate::world::{TOKEN_MARK, World};

const FORMS: [&str; 4] = ["/update?password=password2", "/delete", "/resend", "/confirm?password=password1"];

async fn assert_refused(world: &World, browser: &Browser, expected: &str) {
    for form in FORMS {
        let mut browser = browser.clone();
        let before = browser.session_cookies();
        assert_said(&send(world, &mut browser, form).await, expected);
        assert_eq!(browser.session_cookies(), before, "{form}");
    }
}

#[tokio::test]
async fn nobody_does_anything_without_a_session() {
    let world = World::new().await;
    assert_refused(&world, &world.browser(), "SignedOut(None)").await;
}

#[tokio::test]
async fn a_session_that_timed_out_is_told_so() {
    let world = World::new().await;
    let browser = world.signed_in().await;
    world.advance(Duration::from_hours(7 * 24 + 1));
    assert_refused(&world, &browser, "SignedOut(Some(TimedOut))").await;
}

#[tokio::test]
async fn a_session_that_was_ended_elsewhere_is_told_why() {
    let world = World::new().await;
    let (mut browser, phone) = (world.signed_in().await, world.signed_in().await);
    let copy = browser.clone();
    browser.post("/api/sign-out", "").await;
    assert_refused(&world, &copy, "SignedOut(Some(SignedOut))").await;

    let mut browser = world.signed_in().await;
    assert_eq!(change(&world, &mut browser, "/update?password=password2").await.status, 200);
    assert_refused(&world, &phone, "SignedOut(Some(PasswordChanged))").await;

    let copy = browser.clone();
    assert_eq!(change(&world, &mut browser, "/delete").await.status, 200);
    assert_refused(&world, &copy, "SignedOut(Some(AccountDeleted))").await;
}

#[tokio::test]
async fn an_end_is_noted_once_for_each_form() {
    let ends = Ends::default();
    let _counting = metrics::set_default_local_recorder(&ends);
    let world = World::new().await;
    let (timed_out, ended) = (world.signed_in().await, world.signed_in().await);
    ended.clone().post("/api/sign-out", "").await;
    for (form, sent) in FORMS.iter().zip(1..) {
        send(&world, &mut ended.clone(), form).await;
        // The sign-out itself counts, too.
        assert_eq!(ends.0.load(Ordering::Relaxed), sent + 1, "{form}");
    }
    world.advance(Duration::from_hours(7 * 24 + 1));
    let before = ends.0.load(Ordering::Relaxed);
    for (form, sent) in FORMS.iter().zip(1..) {
        send(&world, &mut timed_out.clone(), form).await;
        assert_eq!(ends.0.load(Ordering::Relaxed), before + sent, "{form}");
    }
}

/// Counts the sessions that are reported as ended.
#[derive(Default)]
struct Ends(Arc<AtomicU64>);

impl metrics::Recorder for Ends {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let is_ours = key.name() == "ironleaf_signed_out_total";
        if is_ours { Counter::from_arc(Arc::clone(&self.0)) } else { Counter::noop() }
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test]
async fn a_grant_that_turns_out_to_be_over_is_the_reason() {
    let world = World::new().await;
    let browser = world.signed_in().await;
    world.revoke_every_token("user@test.com", "password1").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    for form in ["/update?password=password2", "/delete", "/resend", "/confirm?password=wrong-password"] {
        let answer = send(&world, &mut browser.clone(), form).await;
        assert_said(&answer, "SignedOut(Some(Rejected(InvalidGrant)))");
    }
}

#[tokio::test]
async fn a_session_over_a_lowered_budget_is_refused_before_a_token_is_spent() {
    let mark = format!("{TOKEN_MARK}{}", "x".repeat(5_000));
    let world = World::with(&[("CORE_API_TOKEN_MARK", &mark), ("SESSION_HEADER_BUDGET", "16384")]).await;
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    for form in FORMS {
        let expected =
            if form.starts_with("/confirm") { "SignIn(SessionTooLarge)" } else { "SessionTooLarge" };
        assert_said(&send(&world, &mut browser, form).await, expected);
    }
    let stats = world.stats();
    assert_eq!((stats.sign_ins, stats.refreshes_accepted, stats.families_revoked), (1, 0, 0));
    assert_eq!(browser.get("/account").await.status, 200, "nobody is signed out");
}

#[tokio::test]
async fn a_session_that_cannot_be_checked_does_what_its_access_token_can_and_no_more() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    browser.turn_to(routes_with(&world, Arc::new(Away)));
    assert_said(&browser.post("/resend", "").await, "None");

    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_eq!(browser.get("/who").await.body, "nobody false");
    for form in FORMS {
        let expected = if form.starts_with("/confirm") { "SignIn(Unavailable)" } else { "Unavailable" };
        assert_said(&browser.post(form, "").await, expected);
    }
    assert_eq!((world.stats().sign_ins, world.stats().refreshes_accepted), (1, 0));
    browser.turn_to(world.router.clone());
    assert_eq!(browser.get("/account").await.status, 200);
}
