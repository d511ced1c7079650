use std::time::Duration;

use http::header::HeaderValue;

use super::world::{CLIENT, Fault, World, caller};
use crate::{Asked, Observed, Request, SignInError};

const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn a_person_signs_in_and_calls_are_accepted(world: World) {
    let name = world.style.name;
    let signed_in = world.sign_in().await;
    let identity = signed_in.grant.identity.as_ref();
    assert!(identity.is_some_and(|identity| !identity.id.is_empty()), "{name}: a person has an identifier");
    assert!(signed_in.authenticated_at <= world.now(), "{name}: somebody proved who they are in the future");
    assert!(world.accepts(&signed_in.grant).await, "{name}: a call is refused after sign-in");
    assert_eq!(world.back_end.open_sessions(), 1, "{name}: one sign-in is one session");
    if let Some(end) = signed_in.grant.access_expires_at {
        let expected = world.now() + world.style.access_life;
        // Some APIs state the time in whole seconds.
        let early = expected.duration_since(end).unwrap_or(SECOND);
        assert!(
            early < SECOND,
            "{name}: the token ends its life after it was received, not {early:?} before"
        );
    }
}

pub(super) async fn wrong_credentials_sign_nobody_in(world: World) {
    let attempt = world.back_end.wrong_credentials(&*world.provider).await;
    let result = world.provider.sign_in(&caller(), attempt, None).await;
    world.no_secret_in(&result);
    let (name, error) = (world.style.name, result.err());
    assert_eq!(error, Some(SignInError::InvalidCredentials), "{name}");
    assert_eq!(world.back_end.open_sessions(), 0, "{name}: a refused sign-in left a session");
}

pub(super) async fn an_unreachable_back_end_is_not_a_wrong_password(world: World) {
    let attempt = world.back_end.right_credentials(&*world.provider).await;
    world.wire.breaks(Fault::Unreachable);
    let result = world.provider.sign_in(&caller(), attempt, None).await;
    world.no_secret_in(&result);
    let name = world.style.name;
    assert!(matches!(result, Err(SignInError::Unavailable(_))), "{name}: {result:?}");
}

pub(super) async fn the_browser_stays_behind_us(world: World) {
    let signed_in = world.sign_in().await;
    for mut call in world.back_end.calls() {
        let headers = call.headers_mut();
        for (header, value) in [
            ("authorization", "Bearer the-browsers"),
            ("cookie", "ironleaf-session=the-browsers"),
            ("origin", "https://the-browsers.example"),
            ("sec-fetch-site", "same-origin"),
            ("x-forwarded-for", "198.51.100.1"),
        ] {
            headers.append(header, HeaderValue::from_static(value));
        }
        world.provider.authorize(&caller(), &signed_in.grant, &mut call);
        speaks_for_us(&world, &call);
    }
    world.expire();
    let grant = world.renewed(&signed_in.grant).await;
    let _ = world.provider.sign_out(&caller(), &grant).await;
    let seen = world.wire.take_seen();
    assert!(!seen.is_empty(), "{}: nothing was sent", world.style.name);
    for request in seen {
        speaks_for_us(&world, &request);
    }
}

fn speaks_for_us(world: &World, request: &Request) {
    let (name, headers) = (world.style.name, request.headers());
    let forwarded: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let expected = world.back_end.is_told_the_address(request).then(|| CLIENT.to_string());
    let expected: Vec<_> = expected.iter().map(String::as_str).collect();
    assert_eq!(forwarded, expected, "{name}: the forwarded address");
    for (header, value) in headers {
        let of_browser = String::from_utf8_lossy(value.as_bytes()).contains("the-browsers");
        assert!(!of_browser, "{name}: the browser's {header} was passed on");
    }
    let fetch_metadata = headers.keys().any(|header| header.as_str().starts_with("sec-fetch-"));
    assert!(!fetch_metadata, "{name}: the browser's fetch metadata was passed on");
    world.no_secret_in(headers);
}

pub(super) async fn changed_credentials_are_picked_up(world: World) {
    let name = world.style.name;
    let mut grant = world.sign_in().await.grant;
    let Some(mut call) = world.back_end.change_credentials().await else {
        for mut call in world.back_end.calls() {
            world.provider.authorize(&caller(), &grant, &mut call);
            let asked = Asked::of(&call);
            let response = world.back_end.answer(call).await;
            let observed = world.provider.observe(&grant, &asked, &response);
            assert!(matches!(observed, Observed::Nothing), "{name}: something is new where nothing is");
        }
        assert!(world.accepts(&grant).await, "{name}: looking at an answer spoiled the grant");
        return;
    };
    world.provider.authorize(&caller(), &grant, &mut call);
    let asked = Asked::of(&call);
    let response = world.back_end.answer(call).await;
    match world.provider.observe(&grant, &asked, &response) {
        Observed::Lazily(change) | Observed::AtOnce(change) => change(&mut grant),
        Observed::Nothing => panic!("{name}: the change was not seen"),
    }
    let again = world.provider.observe(&grant, &asked, &response);
    assert!(matches!(again, Observed::Nothing), "{name}: the same change was seen twice");
    assert!(world.accepts(&grant).await, "{name}: the changed credentials are refused");
    world.expire();
    world.wire.take_seen();
    let grant = world.renewed(&grant).await;
    assert_eq!(world.wire.take_seen().len(), 1, "{name}: a refresh with known credentials is one call");
    assert!(world.accepts(&grant).await, "{name}: the renewed credentials are refused");
}
