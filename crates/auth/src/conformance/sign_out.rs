use std::time::Duration;

use super::world::{Fault, World, caller};
use crate::SignOutReturn;

pub(super) async fn the_back_end_forgets_the_session(world: World) {
    let name = world.style.name;
    let grant = world.sign_in().await.grant;
    world.advance(Duration::from_secs(1));
    leaves(&world, &grant).await;
    assert_eq!(
        world.accepts(&grant).await,
        !world.style.sign_out_ends_access,
        "{name}: whether the access token outlives the sign-out"
    );
    world.expire();
    world.rejected(&grant).await;
}

pub(super) async fn it_does_so_with_an_expired_access_token(world: World) {
    let grant = world.sign_in().await.grant;
    world.expire();
    leaves(&world, &grant).await;
    world.rejected(&grant).await;
}

pub(super) async fn only_this_session_ends(world: World) {
    let elsewhere = world.sign_in().await.grant;
    world.advance(Duration::from_secs(1));
    let grant = world.sign_in().await.grant;
    leaves(&world, &grant).await;
    world.expire();
    world.renewed(&elsewhere).await;
}

pub(super) async fn an_unreachable_back_end_is_reported(world: World) {
    let name = world.style.name;
    let grant = world.sign_in().await.grant;
    for fault in [Fault::Unreachable, Fault::AnswerLost] {
        world.wire.breaks(fault);
        let sign_out = world.provider.sign_out(&caller(), &grant).await;
        world.no_secret_in(&sign_out);
        assert!(sign_out.is_err(), "{name}: a failed sign-out looks like a good one");
    }
    world.wire.heals();
}

/// The grant may be refused only because it is spent, so the back end is asked whether the session is gone.
async fn leaves(world: &World, grant: &crate::Grant) {
    let name = world.style.name;
    let sessions = world.back_end.open_sessions();
    let sign_out = world.provider.sign_out(&caller(), grant).await;
    world.no_secret_in(&sign_out);
    assert_eq!(sign_out, Ok(()), "{name}: signing out failed");
    let back = SignOutReturn { uri: "https://app.test/".to_owned(), state: "a state".into() };
    let url = world.provider.sign_out_url(grant, &back);
    world.no_secret_in(&url);
    assert_eq!(url.is_some(), world.style.sign_out_redirects, "{name}: redirect");
    let left = world.back_end.open_sessions();
    assert_eq!(left + 1, sessions, "{name}: sign-out ends this session and no other");
}
