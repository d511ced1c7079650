//! What an end reaches: every identifier that a session has had, sessions that began by other clocks, and sessions
//! after many other ends.

use std::time::Duration;

use ironleaf_auth::EndReason;

use crate::world::{Browser, World, pass};

const ALL: usize = tokio::sync::Semaphore::MAX_PERMITS;

#[tokio::test]
async fn an_end_by_the_identifier_of_a_renewal_reaches_the_cookies_before_it() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    world.provider.renew_sid("sid-renewed");
    world.advance(Duration::from_mins(30));
    assert!(browser.clone().who().await.starts_with("user@test.com"));
    world.settled().await;
    world.advance(Duration::from_secs(1));
    world.bff.end_by_sid("sid-renewed").await;
    for _ in 0..3 {
        assert_eq!(browser.who().await, "nobody");
    }
    world.settled().await;
    assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::EndedByProvider)]);
}

/// The end of the session in the answer was written before the answer arrived.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_brings_an_identifier_that_has_ended_is_not_kept() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    world.provider.renew_sid("sid-renewed");
    world.advance(Duration::from_mins(30));
    world.provider.refresh_gate.forget_permits(ALL);
    let mut tab = browser.clone();
    let refreshing = tokio::spawn(async move {
        tab.who().await;
        tab
    });
    pass(Duration::from_millis(10)).await;
    world.bff.end_by_sid("sid-renewed").await;
    world.provider.refresh_gate.add_permits(ALL);
    let mut tab = refreshing.await.unwrap();
    for _ in 0..3 {
        assert_eq!((tab.who().await, browser.who().await), ("nobody".to_owned(), "nobody".to_owned()));
        world.settled().await;
        world.advance(Duration::from_mins(30));
    }
    assert_eq!(world.provider.refreshes(), 1);
    assert_eq!(world.provider.signed_out(), ["1.1"], "what was just issued");
    assert_eq!(world.provider.ended(), [("1".to_owned(), EndReason::EndedByProvider)]);
}

#[tokio::test]
async fn an_end_ends_a_session_that_was_begun_after_one_by_a_clock_ahead() {
    for over_one_another in [0, 20] {
        let world = World::new();
        world.advance(Duration::from_secs(30));
        world.bff.end_by_owner("42", EndReason::PasswordChanged).await;
        world.set_back(Duration::from_secs(30));
        let mut browser = world.signed_in().await;
        for _ in 0..over_one_another {
            assert!(browser.post("/sign-in").await.0.is_success());
        }
        assert!(browser.who().await.starts_with("user@test.com"));
        world.advance(Duration::from_secs(5));
        world.bff.end_by_owner("42", EndReason::EndedByPerson).await;
        assert_eq!(browser.get("/why").await.1, "EndedByPerson", "{over_one_another}");
        assert!(world.signed_in().await.who().await.starts_with("user@test.com"));
        world.advance(Duration::from_hours(1));
        assert_eq!(browser.who().await, "nobody");
    }
}

#[tokio::test]
async fn a_session_that_many_others_have_ended_is_told() {
    let world = World::new();
    let mut phone = world.signed_in().await;
    end_others(&world).await;
    assert_eq!(phone.who().await, "nobody");
    world.settled().await;
    assert!(world.provider.signed_out().contains(&"1.0".to_owned()), "its grant lives on");
    assert_eq!(how_often_ended(&world, 1), 1);
}

#[tokio::test]
async fn an_end_from_outside_is_still_untold_after_many_others() {
    let world = World::new();
    let mut phone = world.signed_in().await;
    world.advance(Duration::from_secs(1));
    world.bff.end_by_owner("42", EndReason::PasswordChanged).await;
    end_others(&world).await;
    assert_eq!(phone.get("/why").await.1, "PasswordChanged");
    world.settled().await;
    assert_eq!(how_often_ended(&world, 1), 1);
}

/// By then only a few bytes are kept of them, and the store has had other work in between.
#[tokio::test]
async fn a_session_that_is_not_remembered_as_ended_is_told_once_however_often_its_cookies_come() {
    let world = World::new();
    let phone = world.signed_in().await;
    let mut copies = vec![phone.clone(), phone];
    copies.extend(end_others(&world).await);
    for _ in 0..3 {
        let mut requests = tokio::task::JoinSet::new();
        for mut copy in copies.iter().cloned() {
            requests.spawn(async move { copy.who().await });
        }
        assert!(requests.join_all().await.iter().all(|who| who == "nobody"));
        world.settled().await;
    }
    for number in 1..=MANY + 1 {
        assert_eq!(how_often_ended(&world, number), 1, "the end of {number}");
        let grant = format!("{number}.0");
        let told = world.provider.signed_out().into_iter().filter(|told| *told == grant).count();
        assert_eq!(told, 1, "the grant of {number}");
    }
}

/// More than the number that is remembered one by one.
const MANY: usize = 70;

/// Signs in and out repeatedly. Returns copies of the cookies.
async fn end_others(world: &World) -> Vec<Browser> {
    let mut copies = Vec::new();
    for _ in 0..MANY {
        world.advance(Duration::from_secs(1));
        let mut browser = world.signed_in().await;
        copies.push(browser.clone());
        browser.post("/sign-out").await;
    }
    world.settled().await;
    copies
}

fn how_often_ended(world: &World, number: usize) -> usize {
    let number = number.to_string();
    world.provider.ended().iter().filter(|(ended, _)| *ended == number).count()
}
