use super::*;

#[tokio::test]
async fn the_session_ends_at_the_auth_server() {
    let world = World::new();
    let grant = world.grant().await;
    world.provider.sign_out(&caller(), &grant).await.unwrap();
    let asked = world.take_requests();
    let request = &asked[0];
    assert_eq!((request.uri().path(), request.body().as_ref()), ("/api/auth/sign-out", b"{}".as_slice()));
    assert_eq!(header(request, "content-type"), Some("application/json"));
    assert_eq!(header(request, "cookie"), Some(&*format!("{COOKIE}={VALUE}")));
    assert_eq!(header(request, "origin"), Some(ORIGIN));
}

#[tokio::test]
async fn a_dead_session_is_signed_out_and_a_refusal_is_reported() {
    let world = World::new();
    let grant = world.grant().await;
    world.answers(
        "/sign-out",
        [error(401, "UNAUTHORIZED"), throttled(), error(403, "INVALID_ORIGIN"), text(401, "<html>")],
    );
    assert_eq!(world.provider.sign_out(&caller(), &grant).await, Ok(()));
    let limited = world.provider.sign_out(&caller(), &grant).await;
    assert!(matches!(limited, Err(TransportError::NotSent(_))), "{limited:?}");
    for _ in 0..2 {
        let refused = world.provider.sign_out(&caller(), &grant).await;
        let Err(TransportError::Interrupted(detail)) = refused else { panic!("{refused:?}") };
        assert!(detail.starts_with("POST /api/auth/sign-out answered 40"), "{detail}");
    }
}
