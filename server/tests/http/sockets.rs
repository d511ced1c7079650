//! WebSockets to an API, with the token of the session on the handshake.

use std::time::Duration;

use futures_util::SinkExt;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use tokio_tungstenite::tungstenite::Message;

use crate::socket_api::{Served, Socket, end, next};

const ROUTE: &str = "/api/chat/={} upgrade=websocket";

/// Something goes there and back.
async fn echoes(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text)).await.unwrap();
    assert_eq!(next(socket).await, Some(Message::text(text)));
}

#[tokio::test]
async fn messages_of_any_size_pass_both_ways_and_the_token_goes_along() {
    let served = Served::with(ROUTE, &[]).await;
    let browser = served.world.signed_in().await;
    let protocols = [("sec-websocket-protocol", "chat, superchat")];
    let (mut socket, headers) = served.connect(&browser, "/api/chat/room?id=7", &protocols).await.unwrap();
    assert_eq!(headers["sec-websocket-protocol"], "superchat");
    echoes(&mut socket, "hello").await;
    for size in [125, 126, 65_535, 65_536, 3_000_000] {
        let message = Message::binary(vec![7; size]);
        socket.send(message.clone()).await.unwrap();
        assert_eq!(next(&mut socket).await, Some(message), "{size} bytes");
    }
    socket.send(Message::Ping("x".into())).await.unwrap();
    assert_eq!(next(&mut socket).await, Some(Message::Pong("x".into())));
    let [handshake] = &served.api.handshakes()[..] else { panic!("not once") };
    let token = handshake[AUTHORIZATION].to_str().unwrap();
    let token = token.strip_prefix("Bearer ").unwrap();
    assert!(!handshake.contains_key(COOKIE) && !handshake.contains_key("origin"));
    assert!(!headers.values().any(|value| value.to_str().unwrap().contains(token)));
}

#[tokio::test]
async fn who_may_not_gets_an_answer_and_the_api_sees_nothing() {
    let served = Served::with(
        "/api/chat/={} upgrade=websocket; /api/admin/={} upgrade=websocket who=role:ADMIN; /api/plain/={}",
        &[],
    )
    .await;
    let (stranger, person) = (served.world.browser(), served.world.signed_in().await);
    let (status, headers, body) = served.connect(&stranger, "/api/chat/room", &[]).await.unwrap_err();
    assert_eq!((status, &headers[CONTENT_TYPE]), (401, &"application/json".parse().unwrap()));
    assert!(body.contains(r#""code":"signed_out""#) && body.contains("/login"), "{body}");
    for (path, headers, status) in [
        ("/api/admin/room", &[][..], 403),
        ("/api/plain/room", &[], 403),
        ("/api/chat/room", &[("origin", "https://evil.example")], 403),
        ("/api/chat/room", &[("origin", "null")], 403),
        ("/api/chat/room", &[("sec-fetch-site", "cross-site")], 403),
        ("/api/chat/room", &[("sec-fetch-site", "same-site"), ("origin", "")], 403),
        ("/api/chat/room", &[("origin", "https://evil.example"), ("x-requested-with", "x")], 403),
        ("/api/chat/room", &[("origin", "")], 403),
        ("/api/chat/room", &[("content-length", "5")], 400),
        ("/api/chat/%2e%2e/room", &[], 400),
    ] {
        let refused = served.connect(&person, path, headers).await.map(|_| ()).unwrap_err();
        assert_eq!(refused.0, status, "{path} {headers:?}: {}", refused.2);
    }
    assert!(served.api.handshakes().is_empty());
    for headers in [
        &[("origin", "http://localhost:3000")][..],
        &[("sec-fetch-site", "same-origin")],
        &[("origin", ""), ("x-requested-with", "x")],
    ] {
        let (mut socket, _) = served.connect(&person, "/api/chat/room", headers).await.unwrap();
        echoes(&mut socket, "hello").await;
    }
}

#[tokio::test]
async fn a_token_is_renewed_before_the_handshake_or_once_after_a_401() {
    let served = Served::with(ROUTE, &[]).await;
    let browser = served.world.signed_in().await;
    served.world.advance(Duration::from_mins(21));
    let (mut socket, headers) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap();
    echoes(&mut socket, "hello").await;
    assert!(headers.contains_key("set-cookie"), "the browser gets the renewed session");
    assert_eq!(served.world.stats().refreshes_accepted, 1);
    // Within a minute after a renewal, a refusal is not taken for one of the token.
    served.world.advance(Duration::from_mins(2));
    served.api.refuse(1);
    let (mut socket, _) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap();
    echoes(&mut socket, "hello").await;
    let handshakes = served.api.handshakes();
    assert_eq!(handshakes.len(), 3);
    assert_ne!(handshakes[1][AUTHORIZATION], handshakes[2][AUTHORIZATION]);
    served.world.advance(Duration::from_mins(2));
    served.api.refuse(3);
    for handshakes in [5, 6] {
        let (status, _, _) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap_err();
        assert_eq!((status, served.api.handshakes().len()), (502, handshakes), "no token helps");
    }
}

#[tokio::test]
async fn a_socket_outlives_its_token_and_ends_with_its_session_wherever_that_ends() {
    let mut served = Served::with(ROUTE, &[]).await;
    let (browser, other) = (served.world.signed_in().await, served.world.signed_in().await);
    let (mut socket, _) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap();
    let (mut of_other_session, _) = served.connect(&other, "/api/chat/room", &[]).await.unwrap();
    served.world.advance(Duration::from_mins(21));
    // Another request renews the tokens, and the socket goes on.
    let mut tab = browser.clone();
    assert_eq!(tab.get("/account").await.status, 200);
    assert_eq!(served.world.stats().refreshes_accepted, 1);
    echoes(&mut socket, "still here").await;
    tab.turn_to(served.world.replica(&[]).await);
    tab.post("/api/sign-out", "").await;
    assert_eq!(end(&mut socket).await, Some((4401, "signed_out".to_owned())));
    assert_eq!(served.api.end().await, Some(1001), "the API learns it, too");
    echoes(&mut of_other_session, "another session").await;
}

#[tokio::test]
async fn a_socket_ends_when_the_session_is_too_old_or_the_account_is_gone() {
    let served =
        Served::with(ROUTE, &[("SESSION_ABSOLUTE_TIMEOUT", "1h"), ("SESSION_IDLE_TIMEOUT", "1h")]).await;
    let mut browser = served.world.signed_in().await;
    let (mut first, _) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap();
    served.world.advance(Duration::from_mins(61));
    assert_eq!(end(&mut first).await, Some((4401, "signed_out".to_owned())));
    browser = served.world.signed_in().await;
    let (mut second, _) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap();
    assert_eq!(browser.post("/api/delete-account", "confirm=on").await.status, 303);
    assert_eq!(end(&mut second).await, Some((4401, "signed_out".to_owned())));
}

#[tokio::test]
async fn either_side_may_end_a_socket() {
    let mut served = Served::with(ROUTE, &[]).await;
    let browser = served.world.signed_in().await;
    let (mut socket, _) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap();
    socket.send(Message::text("close")).await.unwrap();
    assert_eq!(end(&mut socket).await, Some((4000, "as asked".to_owned())));
    let (mut socket, _) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap();
    socket.close(None).await.unwrap();
    assert_eq!(end(&mut socket).await, None);
    assert_eq!(served.api.end().await, None);
    let (mut left, _) = served.connect(&browser, "/api/chat/leaves", &[]).await.unwrap();
    assert_eq!(end(&mut left).await, None, "an API that breaks off says nothing, and nothing is said for it");
    let (gone, _) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap();
    drop(gone);
    assert_eq!(served.api.end().await, None);
}

#[tokio::test]
async fn what_an_api_answers_instead_is_passed_on_and_another_upgrade_is_not() {
    let served = Served::with(ROUTE, &[]).await;
    let browser = served.world.signed_in().await;
    let (status, _, body) = served.connect(&browser, "/api/chat/refuses", &[]).await.unwrap_err();
    assert!(status == 418 && body.contains("an answer of the API"), "{body}");
    let (status, headers, _) = served.connect(&browser, "/api/chat/switches", &[]).await.unwrap_err();
    assert_eq!((status, headers.contains_key("upgrade")), (503, false));
    let mut tab = browser.clone();
    assert_eq!(tab.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_person_has_so_many_streams_and_others_have_their_own() {
    let served =
        Served::with(ROUTE, &[("PROXY_MAX_STREAMS_PER_PERSON", "2"), ("PROXY_MAX_STREAMS", "3")]).await;
    let (browser, tab) = (served.world.signed_in().await, served.world.signed_in().await);
    let other = served.world.administrator().await;
    let (mut first, _) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap();
    let (_second, _) = served.connect(&tab, "/api/chat/room", &[]).await.unwrap();
    let (status, headers, body) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap_err();
    assert_eq!((status, &headers[CONTENT_TYPE]), (429, &"application/json".parse().unwrap()));
    assert!(body.contains(r#""code":"too_many_streams""#) && headers.contains_key("retry-after"), "{body}");
    let (mut third, _) = served.connect(&other, "/api/chat/room", &[]).await.unwrap();
    echoes(&mut third, "hello").await;
    let (status, _, _) = served.connect(&other, "/api/chat/room", &[]).await.unwrap_err();
    assert_eq!(status, 429, "all places are taken");
    first.close(None).await.unwrap();
    assert_eq!(end(&mut first).await, None);
    let again = tokio::time::timeout(crate::socket_api::SOON, async {
        loop {
            if let Ok((socket, _)) = served.connect(&browser, "/api/chat/room", &[]).await {
                return socket;
            }
        }
    });
    echoes(&mut again.await.expect("its place is free again"), "hello").await;
}

#[tokio::test]
async fn a_process_that_stops_closes_its_sockets() {
    let mut served = Served::with(ROUTE, &[]).await;
    let browser = served.world.signed_in().await;
    let (mut socket, _) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap();
    echoes(&mut socket, "hello").await;
    let ended = tokio::spawn(async move { end(&mut socket).await });
    served.stopped().await;
    assert_eq!(ended.await.unwrap(), Some((1001, "restart".to_owned())));
    assert_eq!(served.api.end().await, Some(1001));
}

#[tokio::test]
async fn a_socket_on_which_nothing_moves_ends() {
    let mut served = Served::with(ROUTE, &[("PROXY_STREAM_IDLE_TIMEOUT", "1s")]).await;
    let browser = served.world.signed_in().await;
    let (mut socket, _) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap();
    echoes(&mut socket, "hello").await;
    assert_eq!(end(&mut socket).await, Some((1001, "idle".to_owned())));
    assert_eq!(served.api.end().await, Some(1001));
}

#[tokio::test]
async fn strangers_share_the_sockets_of_their_address() {
    let served = Served::with(
        "/api/news/={} who=anyone token=no upgrade=websocket",
        &[("PROXY_MAX_STREAMS_PER_PERSON", "1")],
    )
    .await;
    let stranger = served.world.browser();
    let mut sockets = Vec::new();
    for _ in 0..8 {
        sockets.push(served.connect(&stranger, "/api/news/room", &[]).await.unwrap().0);
    }
    let (status, _, _) = served.connect(&stranger, "/api/news/room", &[]).await.unwrap_err();
    assert_eq!(status, 429);
    echoes(&mut sockets[7], "hello").await;
    assert!(!served.api.handshakes()[0].contains_key(AUTHORIZATION));
}

#[tokio::test]
async fn a_socket_without_a_token_counts_for_its_person_and_ends_with_the_session() {
    let mut served =
        Served::with("/api/chat/={} upgrade=websocket token=no", &[("PROXY_MAX_STREAMS_PER_PERSON", "1")])
            .await;
    let (mut browser, other) = (served.world.signed_in().await, served.world.administrator().await);
    let (mut socket, _) = served.connect(&browser, "/api/chat/room", &[]).await.unwrap();
    assert_eq!(served.connect(&browser, "/api/chat/room", &[]).await.unwrap_err().0, 429);
    let (mut of_other, _) = served.connect(&other, "/api/chat/room", &[]).await.unwrap();
    assert!(served.api.handshakes().iter().all(|handshake| !handshake.contains_key(AUTHORIZATION)));
    browser.post("/api/sign-out", "").await;
    assert_eq!(end(&mut socket).await, Some((4401, "signed_out".to_owned())));
    assert_eq!(served.api.end().await, Some(1001));
    echoes(&mut of_other, "another person").await;
}
