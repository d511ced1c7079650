//! Only people with certain roles are signed in.

use std::time::Duration;

use http::StatusCode;
use ironleaf_auth::EndReason;

use crate::world::World;

const NOT_ALLOWED: &str = "SignIn(NotAllowed)";

#[tokio::test]
async fn who_has_none_of_the_roles_is_refused_and_their_grant_is_given_back() {
    let world = World::for_roles(&["ADMIN", "EVALUATOR"]);
    world.provider.grant_roles(&["GUEST"]);
    let mut browser = world.browser();
    let (_, url) = browser.get("/start").await;
    let state = url.split("state=").nth(1).unwrap();
    let answer = browser.get(&format!("/finish?code=a-code&state={state}")).await;
    assert_eq!(answer, (StatusCode::CONFLICT, NOT_ALLOWED.to_owned()));
    assert_eq!(browser.post("/sign-in").await, (StatusCode::CONFLICT, "NotAllowed".to_owned()));
    assert_eq!(browser.who().await, "nobody");
    world.settled().await;
    assert_eq!(world.provider.signed_out(), ["1.0", "2.0"]);
}

/// The provider still knows the person who may not sign in, and would send them back without a word.
#[tokio::test]
async fn whoever_was_refused_can_choose_another_account() {
    let world = World::for_roles(&["ADMIN"]);
    let mut browser = world.browser();
    for (roles, is_asked, who) in [
        (&["GUEST"], false, "nobody"),
        (&["GUEST"], true, "nobody"),
        (&["ADMIN"], true, "user@test.com [ADMIN] - true"),
        (&["ADMIN"], false, "user@test.com [ADMIN] - true"),
    ] {
        world.provider.grant_roles(roles);
        let (_, url) = browser.get("/start").await;
        let state = url.split("state=").nth(1).unwrap();
        assert_eq!(world.provider.authorizations().last().unwrap().0, is_asked, "{roles:?}");
        browser.get(&format!("/finish?code=a-code&state={state}")).await;
        assert_eq!(browser.who().await, who);
    }
}

#[tokio::test]
async fn one_of_the_roles_is_enough() {
    let world = World::for_roles(&["ADMIN", "EVALUATOR"]);
    world.provider.grant_roles(&["GUEST", "EVALUATOR"]);
    assert_eq!(world.signed_in().await.who().await, "user@test.com [GUEST,EVALUATOR] - true");
}

/// Names are compared as they are written.
#[tokio::test]
async fn a_role_of_nearly_the_same_name_is_another_one() {
    let world = World::for_roles(&["ADMIN"]);
    for role in ["admin", "ADMIN ", "ADMINS"] {
        world.provider.grant_roles(&[role]);
        assert_eq!(world.browser().post("/sign-in").await.1, "NotAllowed", "{role}");
    }
}

#[tokio::test]
async fn a_renewal_without_the_role_ends_the_session() {
    let world = World::for_roles(&["ADMIN"]);
    world.provider.grant_roles(&["ADMIN"]);
    let mut browser = world.signed_in().await;
    world.provider.grant_roles(&[]);
    assert_eq!(browser.who().await, "user@test.com [ADMIN] - true", "nothing has been renewed yet");
    world.advance(Duration::from_mins(30));
    let mut copy = browser.clone();
    assert_eq!(browser.who().await, "nobody");
    world.settled().await;
    assert_eq!(copy.get("/why").await.1, "NotAllowed");
    assert_eq!(copy.who().await, "nobody");
    world.settled().await;
    assert_eq!(world.provider.signed_out(), ["1.1"], "the renewed grant is given back");
    assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::NotAllowed)]);
}

#[tokio::test]
async fn a_call_of_an_api_is_not_sent_with_a_grant_that_lost_the_role() {
    let world = World::for_roles(&["ADMIN"]);
    world.provider.grant_roles(&["ADMIN"]);
    let mut browser = world.signed_in().await;
    world.provider.grant_roles(&["GUEST"]);
    world.advance(Duration::from_mins(30));
    assert_eq!(browser.get("/call").await.1, "SignedOut");
    assert!(world.provider.calls().is_empty());
}
