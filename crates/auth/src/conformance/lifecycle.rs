//! The lifecycle with the provider: it loses nothing that it must keep, and sends no request that could harm other sessions.

use std::time::Duration;

use super::faults::{answer, throttled};
use super::style::{Reuse, Rotation};
use super::world::{Fault, World, caller};
use crate::{Asked, CLOCK_SKEW, EndReason, Ensured, Grant, Observed, Repetition};

const SECOND: Duration = Duration::from_secs(1);

/// Longer than any request waits, so the answer comes at once.
const WAIT_SECS: u64 = 20;

impl World {
    /// A signed-in person whose access token has expired by every clock.
    async fn expired(&self) -> Grant {
        let grant = self.sign_in().await.grant;
        self.expire();
        self.advance(2 * CLOCK_SKEW);
        self.wire.take_seen();
        grant
    }

    /// Advances the clock until everything that may be repeated is repeated.
    fn rest(&self) {
        self.advance(self.style.access_life + 4 * CLOCK_SKEW);
    }

    fn presentations(&self) -> usize {
        self.wire.take_seen().len()
    }
}

pub(super) async fn a_throttled_refresh_loses_nothing_and_waits_as_asked(world: World) {
    let name = world.style.name;
    let grant = world.expired().await;
    world.wire.breaks(Fault::Instead(throttled(WAIT_SECS)));
    for _ in 0..10 {
        let ensured = world.request(&grant).await;
        let Ensured::Unavailable { retry_after: Some(wait), .. } = ensured else {
            panic!("{name}: a throttled refresh came to {ensured:?}");
        };
        assert!(wait <= Duration::from_secs(WAIT_SECS), "{name}: asked to wait for {wait:?}");
        world.advance(SECOND);
    }
    assert_eq!(world.presentations(), 1, "{name}: presentations within the time to wait");
    world.wire.heals();
    world.advance(Duration::from_secs(WAIT_SECS));
    usable(&world, &grant).await;
}

pub(super) async fn an_answer_that_says_nothing_loses_nothing(world: World) {
    let name = world.style.name;
    let grant = world.expired().await;
    world.wire.breaks(Fault::Instead(answer(500, "Internal Server Error")));
    let ensured = world.request(&grant).await;
    world.wire.heals();
    if world.style.reuse == Reuse::EndsEverySession {
        return unresolved_alone(&world, &grant).await;
    }
    assert!(matches!(ensured, Ensured::Unavailable { .. }), "{name}: a 500 came to {ensured:?}");
    if let Repetition::AskAgain(rest) = world.provider.repetition(&grant) {
        world.advance(rest.answered + SECOND);
    }
    usable(&world, &grant).await;
}

pub(super) async fn a_lost_answer_costs_no_more_than_it_must(world: World) {
    let name = world.style.name;
    let elsewhere = world.sign_in().await.grant;
    world.advance(SECOND);
    let grant = world.expired().await;
    world.wire.breaks(Fault::AnswerLost);
    let ensured = world.request(&grant).await;
    assert!(matches!(ensured, Ensured::Unavailable { .. }), "{name}: a lost answer came to {ensured:?}");
    world.wire.heals();
    let is_kept = world.style.rotation == Rotation::Kept || world.style.reuse == Reuse::Recognised;
    if world.style.reuse == Reuse::EndsEverySession {
        unresolved_alone(&world, &grant).await;
    } else if is_kept {
        if world.style.reuse == Reuse::EndsTheSessionWhileAccessLives {
            world.rest();
        }
        usable(&world, &grant).await;
    } else {
        world.rest();
        let ensured = world.request(&grant).await;
        let reason = EndReason::Rejected(crate::Rejection::InvalidGrant);
        assert!(matches!(ensured, Ensured::Ended(end) if end == reason), "{name}: {ensured:?}");
    }
    world.renewed(&elsewhere).await;
}

/// What a refused call sets or clears says nothing about the grant, so `observe` must not be called.
pub(super) async fn an_answer_of_401_teaches_nothing(world: World) {
    let grant = world.sign_in().await.grant;
    world.expire();
    for mut call in world.back_end.calls() {
        world.provider.authorize(&caller(), &grant, &mut call);
        let asked = Asked::of(&call);
        let response = world.back_end.answer(call).await;
        let observed = world.provider.observe(&grant, &asked, &response);
        assert!(matches!(observed, Observed::Nothing), "{}: learned from a refusal", world.style.name);
    }
}

async fn usable(world: &World, grant: &Grant) {
    let name = world.style.name;
    let ensured = world.request(grant).await;
    let Ensured::Usable(Some(renewed)) = ensured else {
        panic!("{name}: a session was lost: {ensured:?}");
    };
    assert!(world.accepts(&renewed.grant).await, "{name}: a call is refused after the refresh");
}

/// The token is not presented to anybody again, and only this session ends.
async fn unresolved_alone(world: &World, grant: &Grant) {
    let name = world.style.name;
    world.wire.take_seen();
    world.rest();
    let ensured = world.request(grant).await;
    assert!(matches!(ensured, Ensured::Ended(EndReason::Unresolved)), "{name}: {ensured:?}");
    assert_eq!(world.presentations(), 0, "{name}: a token that may be spent was presented again");
}
