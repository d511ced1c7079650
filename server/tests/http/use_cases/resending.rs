//! Sending the verification e-mail again.

use super::{ACCESS_TOKEN_LIFE, assert_is, assert_said, assert_signed_in, change, links_to, verify};
use crate::world::World;

#[tokio::test]
async fn one_more_e_mail_goes_to_the_address_that_waits() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    assert_eq!(change(&world, &mut browser, "/update?email=new@test.com").await.status, 200);
    assert_eq!(links_to(&world, "new@test.com").await.len(), 1);
    let answer = change(&world, &mut browser, "/resend").await;
    assert_said(&answer, r#"Some("new@test.com")"#);
    assert_eq!(links_to(&world, "new@test.com").await.len(), 2);
    assert_is(&world, &mut browser, r#"user@test.com Some("new@test.com") true"#).await;
    verify(&world, "new@test.com").await;
    assert_signed_in(&mut browser, "new@test.com").await;
}

#[tokio::test]
async fn a_new_account_gets_its_e_mail_again() {
    let world = World::new().await;
    let mut browser = world.browser();
    assert_said(
        &change(&world, &mut browser, "/register?email=new@test.com&password=password2").await,
        "SignedIn",
    );
    assert_said(&change(&world, &mut browser, "/resend").await, r#"Some("new@test.com")"#);
    assert_eq!(links_to(&world, "new@test.com").await.len(), 2);
}

#[tokio::test]
async fn no_e_mail_goes_out_where_nothing_waits() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    assert_said(&change(&world, &mut browser, "/resend").await, "None");
    assert!(links_to(&world, "user@test.com").await.is_empty());
}

#[tokio::test]
async fn an_address_verified_in_another_browser_waits_no_more() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    assert_eq!(change(&world, &mut browser, "/update?email=new@test.com").await.status, 200);
    verify(&world, "new@test.com").await;
    assert_is(&world, &mut browser, r#"user@test.com Some("new@test.com") true"#).await;
    assert_said(&change(&world, &mut browser, "/resend").await, "None");
    assert_eq!(links_to(&world, "new@test.com").await.len(), 1);
    assert_is(&world, &mut browser, "new@test.com None true").await;
    world.advance(ACCESS_TOKEN_LIFE * 2);
    assert_signed_in(&mut browser, "new@test.com").await;
}
