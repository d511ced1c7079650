//! WebSockets to an API, through the proxy and a replica.

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::client::{Browser, ORIGIN, Speaks};
use crate::programs::Program;
use crate::world::World;

/// The path that leads to the API.
const CHAT: &str = "/api/chat/room";

pub(crate) async fn pass_through(program: &Program) {
    let Some(world) = World::behind(program).await else { return };
    let browser = Browser::at(&world.front, Ipv4Addr::new(127, 0, 0, 4), Speaks::Http1);
    let handshake = |site: &'static str| {
        let request = browser.get(CHAT).header("connection", "Upgrade").header("upgrade", "websocket");
        let request =
            request.header("sec-websocket-version", "13").header("sec-websocket-key", generate_key());
        request.header("origin", site)
    };
    assert_eq!(handshake("https://elsewhere.example").send().await.unwrap().status(), 403);
    let answer = handshake(ORIGIN).send().await.unwrap();
    assert_eq!(answer.status(), 101);
    let stream = answer.upgrade().await.unwrap();
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    for text in ["first", "second"] {
        socket.send(text.into()).await.unwrap();
        let echo = tokio::time::timeout(Duration::from_secs(10), socket.next()).await.unwrap();
        assert_eq!(echo.unwrap().unwrap().into_text().unwrap(), text);
    }
    assert_eq!(browser.get("/login").send().await.unwrap().status(), 200);
}
