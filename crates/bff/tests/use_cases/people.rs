//! What an administrator changes of a person ends the person's sessions, whatever becomes of the answer.

use crate::provider::{Answers, Known};
use crate::world::{Browser, World};

/// A clerk, and an administrator in another browser.
async fn before(answers: Answers) -> (World, Browser, Browser) {
    let world = World::new();
    let clerk = world.signed_in().await;
    world.provider.has_people(Known::Clerk, answers);
    world.provider.grant_roles(&["ADMIN"]);
    let mut administrator = world.browser();
    administrator.post("/sign-in?email=admin@test.com").await;
    assert_eq!(administrator.who().await, "admin@test.com [ADMIN] - true");
    (world, clerk, administrator)
}

async fn says(browser: &mut Browser, path: &str) -> String {
    browser.post(path).await.1
}

const TAKE: &str = "/take-role?id=42&version=";
const DELETE: &str = "/delete-person?id=42&version=";

#[tokio::test]
async fn whoever_loses_a_role_or_the_account_is_signed_out() {
    for (change, expected) in [(TAKE, "RoleTaken"), (DELETE, "AccountDeleted")] {
        let (_world, mut clerk, mut administrator) = before(Answers::Arrive).await;
        assert_eq!(says(&mut administrator, &format!("{change}Clerk")).await, "Ok(())");
        assert_eq!(clerk.get("/why").await.1, expected);
        assert_eq!(clerk.who().await, "nobody");
    }
}

#[tokio::test]
async fn so_it_is_if_the_answer_is_lost() {
    for change in [TAKE, DELETE] {
        let (_world, mut clerk, mut administrator) = before(Answers::AreLost).await;
        let answer = says(&mut administrator, &format!("{change}Clerk")).await;
        assert_eq!(answer, "Err(Account(Unavailable))");
        assert_eq!(clerk.who().await, "nobody");
    }
}

/// The change was made by a process that has ended before it ended the sessions.
#[tokio::test]
async fn who_repeats_a_change_that_is_made_already_ends_what_is_left() {
    for (change, known, expected) in [
        (format!("{TAKE}WithoutRole"), Known::WithoutRole, "Ok(())"),
        (format!("{TAKE}Clerk"), Known::WithoutRole, "Err(Outdated)"),
        (format!("{TAKE}Clerk"), Known::Deleted, "Err(Unknown)"),
        (format!("{DELETE}Clerk"), Known::Deleted, "Err(Unknown)"),
    ] {
        let (world, mut clerk, mut administrator) = before(Answers::Arrive).await;
        world.provider.has_people(known, Answers::Arrive);
        assert_eq!(says(&mut administrator, &change).await, expected);
        assert_eq!(clerk.who().await, "nobody", "{change}, {known:?}");
    }
}

/// Some back ends answer whoever may not see a person as if there were none.
#[tokio::test]
async fn nobody_but_an_administrator_ends_sessions_by_a_change_that_is_not_confirmed() {
    let (world, mut clerk, _) = before(Answers::Arrive).await;
    world.provider.grant_roles(&[]);
    let mut other = world.browser();
    other.post("/sign-in?email=other@test.com").await;
    for (change, known, expected) in [
        (TAKE, Known::Deleted, "Err(Unknown)"),
        (DELETE, Known::Deleted, "Err(Unknown)"),
        (TAKE, Known::WithoutRole, "Err(Outdated)"),
        (TAKE, Known::Clerk, "Err(Account(Unavailable))"),
        (DELETE, Known::Clerk, "Err(Account(Unavailable))"),
    ] {
        world.provider.has_people(known, Answers::AreLost);
        assert_eq!(says(&mut other, &format!("{change}Clerk")).await, expected);
    }
    assert!(clerk.who().await.starts_with("user@test.com"));
}
