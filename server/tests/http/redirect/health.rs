//! What supervisors see of a provider that is not the core API.

use ironleaf_auth::BreakerState;

use super::world::World;

#[tokio::test]
async fn a_provider_that_is_away_is_named_and_takes_nobody_out() {
    let world = World::new().await;
    for (is_down, breaker, word) in [
        (false, BreakerState::Closed, "ok"),
        (false, BreakerState::Open, "unreachable"),
        (false, BreakerState::HalfOpen, "unreachable"),
        // It was never found, and too few calls have failed for the breaker.
        (true, BreakerState::Closed, "unreachable"),
        (false, BreakerState::Closed, "ok"),
    ] {
        world.provider.is_down(is_down);
        world.breaker_is(breaker);
        let ready = world.server().get("/health/ready").await;
        let body = format!(r#"{{"core_api":"ok","ok":true,"provider":"{word}","store":"ok"}}"#);
        assert_eq!((ready.status, ready.body), (200, body));
    }
}
