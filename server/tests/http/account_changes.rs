//! The effects of a new address, a new password and a deleted account, on this session and on others.

use std::time::Duration;

use bytes::Bytes;
use futures_util::poll;
use http::header::AUTHORIZATION;
use ironleaf_auth::Transport as _;

use crate::browser::SESSION;
use crate::network::Outcome;
use crate::use_cases::{
    ACCESS_TOKEN_LIFE, assert_signed_in, assert_signed_out, change, routes, sign_in_past_us, verify,
};
use crate::world::World;

#[tokio::test]
async fn after_a_new_address_the_session_is_refreshed_before_and_after_it_is_verified() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let answer = change(&world, &mut browser, "/update?email=New@test.com").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"user@test.com Some("new@test.com")"#));

    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut browser, "user@test.com").await;
    verify(&world, "new@test.com").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut browser, "new@test.com").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut browser, "new@test.com").await;
    assert_eq!((world.stats().refreshes_accepted, world.stats().families_revoked), (3, 0));
    assert_eq!(world.stats().refreshes_refused, 1, "the old address, once");
}

#[tokio::test]
async fn a_tab_with_the_cookie_from_before_the_new_address_refreshes_after_it_is_verified() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    let oldest = browser.clone();
    assert_signed_in(&mut browser, "user@test.com").await;
    let before = browser.clone();
    assert_eq!(change(&world, &mut browser, "/update?email=new@test.com").await.status, 200);
    verify(&world, "new@test.com").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    for mut late in [before, oldest, browser] {
        assert_signed_in(&mut late, "new@test.com").await;
    }
    assert_eq!((world.stats().refreshes_accepted, world.stats().families_revoked), (2, 0));
}

#[tokio::test]
async fn an_address_changed_in_another_browser_is_learned_for_every_tab_of_this_one() {
    let world = World::new().await;
    let (mut browser, mut elsewhere) = (world.signed_in().await, world.signed_in().await);
    let mut late = browser.clone();
    assert_eq!(change(&world, &mut elsewhere, "/update?email=new@test.com").await.status, 200);
    assert_signed_in(&mut browser, "user@test.com").await;
    verify(&world, "new@test.com").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut late, "new@test.com").await;
    assert_signed_in(&mut browser, "new@test.com").await;
    assert_eq!(world.stats().families_revoked, 0);
}

#[tokio::test]
async fn an_address_that_is_taken_or_none_changes_nothing() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let before = browser.session().cloned();
    let long = format!("/update?email={}@test.com", "a".repeat(300));
    for (path, expected) in [
        ("/update?email=admin@test.com", "EmailTaken"),
        ("/update?email=nonsense", r#"field: "email", reason: NotAccepted"#),
        (&long, r#"field: "email", reason: NotAccepted"#),
        ("/update?password=short", r#"field: "password", reason: TooShort"#),
    ] {
        let answer = change(&world, &mut browser, path).await;
        assert!(answer.status == 409 && answer.body.contains(expected), "{path}: {}", answer.body);
    }
    assert_eq!(browser.session(), before.as_ref());
    assert_signed_in(&mut browser, "user@test.com").await;
}

#[tokio::test]
async fn the_address_that_the_person_has_already_is_not_verified_anew() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let answer = change(&world, &mut browser, "/update?email=User@test.com").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "user@test.com None"));
    let answer = change(&world, &mut browser, "/update?email=user@test.com&password=password2").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "user@test.com None"));
    world.core_api.settled().await;
    let mails = world.core_api.outbox().await.unwrap();
    let asks = mails.iter().find(|stored| stored.message.subject.starts_with("Verify"));
    assert!(asks.is_none(), "{asks:?}");
}

#[tokio::test]
async fn whether_an_address_is_new_is_for_the_core_api_to_say() {
    let world = World::new().await;
    let (mut browser, mut elsewhere) = (world.signed_in().await, world.signed_in().await);
    assert_eq!(change(&world, &mut elsewhere, "/update?email=new@test.com").await.status, 200);
    verify(&world, "new@test.com").await;
    let answer = change(&world, &mut browser, "/update?email=user@test.com").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"new@test.com Some("user@test.com")"#));
}

#[tokio::test]
async fn a_new_password_keeps_this_session_and_ends_every_other_one() {
    let world = World::new().await;
    let (mut browser, mut phone) = (world.signed_in().await, world.signed_in().await);
    let mut admin = world.browser();
    admin.sign_in("admin@test.com", "password1").await;
    let mut copy = browser.clone();

    let answer = change(&world, &mut browser, "/update?password=password2").await;
    assert_eq!((answer.status, answer.set_cookies(SESSION).len()), (200, 1));
    world.settled().await;
    assert_eq!(world.stats().families_revoked, 2, "the phone's, and what this session had before");
    assert_signed_out(&mut phone, "S9").await;
    assert_signed_out(&mut copy, "S9").await;
    assert_signed_in(&mut admin, "admin@test.com").await;

    // At another replica, and much later.
    browser.turn_to(world.replica(&[]).await);
    for _ in 0..3 {
        assert_signed_in(&mut browser, "user@test.com").await;
        world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    }
    assert_eq!(phone.sign_in("user@test.com", "password1").await.location(), "/login");
    assert_eq!(phone.sign_in("user@test.com", "password2").await.location(), "/");
    assert_signed_in(&mut phone, "user@test.com").await;
    assert_signed_in(&mut browser, "user@test.com").await;
    assert_eq!(world.stats().families_revoked, 2);
}

#[tokio::test]
async fn address_and_password_change_together() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let answer = change(&world, &mut browser, "/update?email=new@test.com&password=password2").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"user@test.com Some("new@test.com")"#));
    verify(&world, "new@test.com").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut browser, "new@test.com").await;
}

#[tokio::test]
async fn a_new_password_without_a_new_sign_in_leaves_this_session_as_it_was() {
    let world = World::new().await;
    let (mut browser, mut phone) = (world.signed_in().await, world.signed_in().await);
    let before = browser.session().cloned();
    world.network.fail("/auth/tokens", Outcome::Reset);
    let answer = change(&world, &mut browser, "/update?password=password2").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    world.network.heal();
    assert_eq!(browser.session(), before.as_ref());
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut browser, "user@test.com").await;
    assert_signed_out(&mut phone, "S3").await;
}

#[tokio::test]
async fn a_new_password_ends_the_others_although_the_connection_was_closed() {
    let world = World::new().await;
    let (mut browser, mut phone) = (world.signed_in().await, world.signed_in().await);
    world.advance(Duration::from_secs(1));
    browser.turn_to(routes(&world));
    {
        let mut request = Box::pin(browser.post("/update?password=password2", ""));
        for _ in 0..5 {
            assert!(poll!(request.as_mut()).is_pending());
        }
    }
    // The old family is revoked last.
    while world.stats().families_revoked < 2 {
        tokio::task::yield_now().await;
    }
    assert_signed_out(&mut phone, "S9").await;
    assert_eq!(world.browser().sign_in("user@test.com", "password2").await.location(), "/");
}

#[tokio::test]
async fn a_change_asks_for_a_refresh_first_where_one_is_due() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    let answer = change(&world, &mut browser, "/update?password=password2").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_signed_in(&mut browser, "user@test.com").await;

    world.revoke_every_token("user@test.com", "password2").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    let answer = change(&world, &mut browser, "/update?password=password3").await;
    assert_eq!((answer.status, answer.body.as_str()), (409, "SignedOut(Some(Rejected(InvalidGrant)))"));
}

#[tokio::test]
async fn a_deleted_account_ends_this_session_and_every_other_one() {
    let world = World::new().await;
    let (mut browser, mut phone) = (world.signed_in().await, world.signed_in().await);
    let mut admin = world.browser();
    admin.sign_in("admin@test.com", "password1").await;
    let mut copy = browser.clone();

    let answer = change(&world, &mut browser, "/delete").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let removal = answer.set_cookies(SESSION);
    assert!(removal.len() == 1 && removal[0].contains("Max-Age=0"), "{removal:?}");
    assert!(browser.get("/").await.body.contains(r#"href="/login""#));
    phone.turn_to(world.replica(&[]).await);
    assert_signed_out(&mut phone, "S6").await;
    assert_signed_out(&mut copy, "S6").await;
    assert_signed_in(&mut admin, "admin@test.com").await;
    assert_eq!(world.browser().sign_in("user@test.com", "password1").await.location(), "/login");
}

#[tokio::test]
async fn an_account_that_somebody_else_deleted_ends_its_sessions_with_the_next_request() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let (id, access_token) = sign_in_past_us(&world).await;
    let request = http::Request::delete(format!("http://core-api.test/v1/user/users/{id}"))
        .header(AUTHORIZATION, format!("Bearer {access_token}"))
        .body(Bytes::new())
        .unwrap();
    assert_eq!(world.network.send(request).await.unwrap().status(), 204);
    assert_signed_out(&mut browser, "S3").await;
}
