//! New accounts, and the sign-in after the registration.

use std::time::Duration;

use futures_util::poll;

use super::{assert_is, assert_said, assert_signed_in, assert_signed_out, links_to, routes, send};
use crate::network::{Moment, Outcome};
use crate::world::{TOKEN_MARK, World};

const REGISTER: &str = "/register?email=New@test.com&password=password2";

#[tokio::test]
async fn whoever_registers_is_signed_in_and_gets_an_e_mail() {
    let world = World::new().await;
    let mut browser = world.browser();
    assert_said(&send(&world, &mut browser, REGISTER).await, "SignedIn");
    assert_is(&world, &mut browser, r#"new@test.com Some("new@test.com") true"#).await;
    assert_signed_in(&mut browser, "new@test.com").await;
    assert_eq!(links_to(&world, "new@test.com").await.len(), 1);
    assert_eq!(world.browser().sign_in("new@test.com", "password2").await.location(), "/");
}

#[tokio::test]
async fn what_the_core_api_refuses_creates_nothing_and_signs_nobody_in() {
    let world = World::new().await;
    let mut browser = world.browser();
    let long = format!("/register?email={}@test.com&password=password2", "a".repeat(300));
    for (path, expected) in [
        ("/register?email=User@test.com&password=password1", "EmailTaken"),
        ("/register?email=nonsense&password=password2", r#"field: "email", reason: NotAccepted"#),
        (&long, r#"field: "email", reason: NotAccepted"#),
        ("/register?email=new@test.com&password=short", r#"field: "password", reason: TooShort"#),
        ("/register?email=new@test.com", "Invalid(["),
    ] {
        let answer = send(&world, &mut browser, path).await;
        assert!(answer.status == 409 && answer.body.contains(expected), "{path}: {}", answer.body);
        assert!(browser.session().is_none(), "{path}");
    }
    assert_eq!(world.stats().sign_ins, 0);
    assert_eq!(world.browser().sign_in("new@test.com", "password2").await.location(), "/login");
}

#[tokio::test]
async fn a_registration_counts_although_nobody_could_be_signed_in_after_it() {
    let world = World::new().await;
    for (moment, email) in [(Moment::Before, "new@test.com"), (Moment::After, "other@test.com")] {
        let mut browser = world.browser();
        world.network.fail_at(moment, "/auth/tokens", Outcome::Reset);
        let path = format!("/register?email={email}&password=password2");
        assert_said(&send(&world, &mut browser, &path).await, "NotSignedIn");
        assert!(browser.session().is_none());
        world.network.heal();
        assert_eq!(browser.sign_in(email, "password2").await.location(), "/");
        assert_signed_in(&mut browser, email).await;
    }
}

#[tokio::test]
async fn a_registration_takes_the_place_of_the_session_before_it() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let mut copy = browser.clone();
    assert_said(&send(&world, &mut browser, REGISTER).await, "SignedIn");
    assert_signed_in(&mut browser, "new@test.com").await;
    assert_signed_out(&mut copy, "S2").await;
    world.settled().await;
    assert_eq!(world.stats().families_revoked, 1);
}

#[tokio::test]
async fn a_registration_that_fails_leaves_whoever_is_signed_in() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let before = browser.session().cloned();
    world.network.cut();
    assert_said(&send(&world, &mut browser, REGISTER).await, "Unavailable");
    world.network.heal();
    world.network.fail("/user/users", Outcome::Answer(429, "{}"));
    let answer = send(&world, &mut browser, REGISTER).await;
    assert_said(&answer, "TooManyRequests { retry_after: Some(30s) }");
    world.network.heal();
    assert_eq!(browser.session(), before.as_ref());
    assert_signed_in(&mut browser, "user@test.com").await;
}

#[tokio::test]
async fn a_registration_goes_on_although_the_connection_was_closed() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.turn_to(routes(&world));
    {
        let mut request = Box::pin(browser.post(REGISTER, ""));
        for _ in 0..3 {
            assert!(poll!(request.as_mut()).is_pending());
        }
    }
    while world.stats().sign_ins < 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(links_to(&world, "new@test.com").await.len(), 1);
}

#[tokio::test]
async fn a_core_api_that_hangs_does_not_hang_a_registration() {
    let world = World::new().await;
    tokio::time::pause();
    for (endpoint, expected) in [("/user/users", "Unavailable"), ("/auth/tokens", "NotSignedIn")] {
        world.network.fail(endpoint, Outcome::Hang);
        let begun = tokio::time::Instant::now();
        assert_said(&send(&world, &mut world.browser(), REGISTER).await, expected);
        assert!(begun.elapsed() < Duration::from_secs(11), "{endpoint}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_registration_whose_session_would_be_too_large_leaves_no_grant_behind() {
    let mark = format!("{TOKEN_MARK}{}", "x".repeat(5_000));
    let world = World::with(&[("CORE_API_TOKEN_MARK", &mark), ("SESSION_HEADER_BUDGET", "16384")]).await;
    let mut browser = world.browser();
    assert_said(&send(&world, &mut browser, REGISTER).await, "NotSignedIn");
    assert!(browser.session_cookies().is_empty());
    world.settled().await;
    assert_eq!((world.stats().sign_ins, world.stats().families_revoked), (1, 1));
}
