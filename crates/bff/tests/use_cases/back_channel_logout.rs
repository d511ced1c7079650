//! The provider says that it has ended sessions.

use std::time::Duration;

use ironleaf_auth::EndReason;
use ironleaf_bff::LogoutFailure;

use crate::world::World;

fn form(token: &str) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("logout_token", token)
        .finish()
        .into_bytes()
}

/// Sessions that began in the same millisecond as their end would survive it.
async fn later(world: &World) {
    world.settled().await;
    world.advance(Duration::from_secs(1));
}

#[tokio::test]
async fn a_session_ends_alone_and_a_person_with_all_their_sessions() {
    let world = World::new();
    let (mut laptop, mut phone) = (world.signed_in().await, world.signed_in().await);
    let mut other = world.browser();
    other.post("/sign-in?email=other@test.com").await;
    later(&world).await;
    assert_eq!(world.bff.back_channel_logout(&form("sid sid-1 a")).await, Ok(()));
    assert_eq!(laptop.clone().get("/why").await.1, "EndedByProvider");
    assert_eq!(
        (laptop.who().await, phone.who().await.as_str()),
        ("nobody".to_owned(), "user@test.com [] - true")
    );
    assert_eq!(world.bff.back_channel_logout(&form("sub 42 b")).await, Ok(()));
    assert_eq!(phone.who().await, "nobody");
    assert_eq!(other.who().await, "other@test.com [] - true");
    world.settled().await;
    assert!(world.provider.ended().iter().all(|(_, reason)| *reason == EndReason::EndedByProvider));
}

#[tokio::test]
async fn a_person_who_signs_in_afterwards_stays() {
    let world = World::new();
    world.signed_in().await;
    later(&world).await;
    assert_eq!(world.bff.back_channel_logout(&form("sub 42 a")).await, Ok(()));
    later(&world).await;
    let mut browser = world.signed_in().await;
    assert_eq!(world.bff.back_channel_logout(&form("sub 42 a")).await, Err(LogoutFailure::Invalid));
    assert_eq!(browser.who().await, "user@test.com [] - true", "an old token was sent again");
}

#[tokio::test]
async fn a_token_is_accepted_once() {
    let world = World::new();
    for (id, expected) in [("a", Ok(())), ("a", Err(LogoutFailure::Invalid)), ("b", Ok(()))] {
        assert_eq!(world.bff.back_channel_logout(&form(&format!("sid sid-1 {id}"))).await, expected, "{id}");
    }
    // Both at once.
    let again = form("sid sid-1 c");
    let (one, other) =
        tokio::join!(world.bff.back_channel_logout(&again), world.bff.back_channel_logout(&again));
    assert_eq!([one, other].iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[tokio::test]
async fn what_is_no_single_valid_token_ends_nothing() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    later(&world).await;
    let two = [form("sid sid-1 a"), b"&".to_vec(), form("sid sid-1 b")].concat();
    for body in [&b""[..], b"x=1", b"logout_token=", b"\xff\xfe", &two, &form("sid sid-1"), &form("nonsense")]
    {
        let outcome = world.bff.back_channel_logout(body).await;
        assert_eq!(outcome, Err(LogoutFailure::Invalid), "{}", String::from_utf8_lossy(body));
    }
    assert_eq!(browser.who().await, "user@test.com [] - true");
}

#[tokio::test]
async fn a_token_that_cannot_be_used_yet_is_accepted_when_it_is_sent_again() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    later(&world).await;
    assert_eq!(world.bff.back_channel_logout(&form("down")).await, Err(LogoutFailure::Unavailable));
    world.take_store_away(true);
    assert_eq!(world.bff.back_channel_logout(&form("sid sid-1 a")).await, Err(LogoutFailure::Unavailable));
    later(&world).await;
    world.take_store_away(false);
    assert_eq!(browser.who().await, "user@test.com [] - true");
    assert_eq!(world.bff.back_channel_logout(&form("sid sid-1 a")).await, Ok(()));
    assert_eq!(browser.who().await, "nobody");
}

/// The person's browser waits for the answer at some providers.
#[tokio::test(start_paused = true)]
async fn nothing_is_waited_for() {
    let world = World::new();
    world.signed_in().await;
    let begun = tokio::time::Instant::now();
    assert_eq!(world.bff.back_channel_logout(&form("sub 42 a")).await, Ok(()));
    assert_eq!(begun.elapsed(), Duration::ZERO, "no timer was needed");
}

#[tokio::test]
async fn a_provider_that_hangs_up_does_not_cut_the_end_off() {
    let world = World::new();
    let mut browser = world.signed_in().await;
    later(&world).await;
    let body = form("sid sid-1 a");
    crate::world::polled(world.bff.back_channel_logout(&body), 1).await;
    world.settled().await;
    assert_eq!(browser.who().await, "nobody");
}
