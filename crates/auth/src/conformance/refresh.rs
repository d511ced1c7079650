use std::time::Duration;

use super::style::{Reuse, Rotation};
use super::world::{Fault, World, caller};
use crate::{Due, Ensured, RefreshTiming, Repetition};

const SECOND: Duration = Duration::from_secs(1);
/// The largest difference between two clocks.
const SKEW: Duration = Duration::from_secs(30);

pub(super) async fn an_expired_grant_is_renewed(world: World) {
    let name = world.style.name;
    let grant = world.sign_in().await.grant;
    world.expire();
    assert!(!world.accepts(&grant).await, "{name}: an expired access token is accepted");
    world.wire.take_seen();
    let renewed = world.renewed(&grant).await;
    assert_eq!(world.wire.take_seen().len(), 1, "{name}: a refresh is one call");
    assert!(world.accepts(&renewed).await, "{name}: a call is refused after the refresh");

    let field = world.style.refresh_field;
    assert!(renewed.field(field).is_some(), "{name}: the refresh token is gone");
    let kept = grant.field(field) == renewed.field(field);
    assert_eq!(kept, world.style.rotation == Rotation::Kept, "{name}: {:?}", world.style.rotation);
    let declared = match world.provider.repetition(&renewed) {
        Repetition::Free => &[Reuse::Free][..],
        Repetition::Recognised { .. } => &[Reuse::Recognised],
        Repetition::AskAgain(_) => &[Reuse::EndsTheSession, Reuse::EndsTheSessionWhileAccessLives],
        Repetition::Never => &[Reuse::EndsEverySession],
    };
    assert!(
        declared.contains(&world.style.reuse),
        "{name}: {declared:?} is declared for {:?}",
        world.style.reuse
    );
    world.expire();
    world.renewed(&renewed).await;
}

pub(super) async fn a_refresh_is_due_when_the_style_says(world: World) {
    let (name, life) = (world.style.name, world.style.access_life);
    let grant = world.sign_in().await.grant;
    assert_eq!(world.provider.refresh_timing(&grant), world.style.timing, "{name}");
    let signed_in_at = world.now();
    let due_after = |after: Duration| world.lifecycle.due(&grant, signed_in_at + after);
    let (before, after) = match world.style.timing {
        RefreshTiming::Before(_) => (Due::Due, Due::Expired),
        RefreshTiming::AfterExpiry => (Due::NotYet, Due::Expired),
        RefreshTiming::On401 => (Due::NotYet, Due::NotYet),
    };
    let moved_end = grant.refresh_expires_at.filter(|_| {
        matches!(world.style.timing, RefreshTiming::Before(_)) && world.provider.refresh_moves_end(&grant)
    });
    let until_end = moved_end.and_then(|end| end.duration_since(signed_in_at).ok());
    // Where the grant would end first, it is refreshed after a tenth of that time.
    match until_end.map(|until_end| until_end / 10).filter(|tenth| *tenth < life / 2) {
        None => assert_eq!(due_after(life / 2), Due::NotYet, "{name}: half of the life is left"),
        Some(tenth) => {
            assert_eq!(due_after(tenth / 2), Due::NotYet, "{name}: the end of the grant is far");
            assert_eq!(due_after(life / 2), Due::Due, "{name}: the end of the grant comes nearer");
        }
    }
    assert_eq!(due_after(life.saturating_sub(SECOND)), before, "{name}: a second is left");
    assert_eq!(due_after(life + SKEW + SECOND), after, "{name}: the access token has ended");

    world.advance(if before == Due::Due { life.saturating_sub(SECOND) } else { life + SKEW + SECOND });
    let session = World::session();
    let ensured = if after == Due::NotYet {
        world.lifecycle.replace_refused(&caller(), &session, &grant).await
    } else {
        let head = world.lifecycle.read_head(&session).await;
        world.lifecycle.ensure_fresh(&caller(), &session, &grant, head).await
    };
    world.no_secret_in(&ensured);
    let Ensured::Usable(Some(renewed)) = ensured else {
        panic!("{name}: not refreshed when it was due: {ensured:?}");
    };
    assert!(world.accepts(&renewed.grant).await, "{name}: a refresh when it was due cost the session");
}

pub(super) async fn reuse_costs_what_is_declared(world: World) {
    let elsewhere = world.sign_in().await.grant;
    world.advance(SECOND);
    let spent = world.sign_in().await.grant;
    world.expire();
    let newest = world.renewed(&spent).await;

    if matches!(world.style.reuse, Reuse::Free | Reuse::Recognised) {
        world.renewed(&spent).await;
        world.expire();
        world.renewed(&newest).await;
        world.renewed(&elsewhere).await;
        return;
    }
    world.rejected(&spent).await;
    world.expire();
    world.rejected(&newest).await;
    if world.style.reuse == Reuse::EndsEverySession {
        world.rejected(&elsewhere).await;
    } else {
        world.renewed(&elsewhere).await;
    }
}

pub(super) async fn an_ended_session_is_rejected(world: World) {
    let grant = world.sign_in().await.grant;
    world.back_end.end_sessions().await;
    world.expire();
    world.rejected(&grant).await;
}

pub(super) async fn a_terminal_answer_is_rejected(world: World, index: usize) {
    let grant = world.sign_in().await.grant;
    world.expire();
    let answer = world.back_end.terminal_answers().swap_remove(index);
    world.wire.breaks(Fault::Instead(answer));
    world.rejected(&grant).await;
    world.wire.heals();
}
