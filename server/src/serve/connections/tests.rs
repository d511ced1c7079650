use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;
use crate::serve::head_timer::HEAD_TIMEOUT;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n";

/// One connection over a pipe, whose other end is the client's. It ends when what comes with it is dropped.
fn connect() -> (DuplexStream, CancellationToken, GracefulShutdown) {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let router =
        Router::new().route("/", get(async || "hello")).route("/echo", post(async |body: String| body));
    let (draining, graceful) = (CancellationToken::new(), GracefulShutdown::new());
    let connection = Connection { router, draining: draining.clone() };
    tokio::spawn(connection.run(server, ([127, 0, 0, 1], 1).into(), graceful.watcher()));
    (client, draining, graceful)
}

async fn answered(client: &mut DuplexStream) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b"hello") {
        assert_ne!(client.read_buf(&mut seen).await.unwrap(), 0, "closed after {seen:?}");
    }
    String::from_utf8(seen).unwrap()
}

/// How long it takes until the other side closes.
async fn closed(client: &mut DuplexStream) -> Duration {
    let began = Instant::now();
    let mut rest = Vec::new();
    // Whether it ends or breaks off is all one.
    let _ = client.read_to_end(&mut rest).await;
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn who_connects_and_says_nothing_is_cut_off() {
    let (mut client, _draining, _graceful) = connect();
    assert_eq!(closed(&mut client).await.as_secs(), HEAD_TIMEOUT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_byte_by_byte_is_cut_off() {
    let (mut client, _draining, _graceful) = connect();
    client.write_all(REQUEST).await.unwrap();
    answered(&mut client).await;
    let (mut reading, mut writing) = tokio::io::split(client);
    let began = Instant::now();
    let drip = async {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            tick.tick().await;
            writing.write_all(b"x").await.unwrap_or_default();
        }
    };
    let mut rest = Vec::new();
    tokio::select! {
        () = drip => {}
        _ = reading.read_to_end(&mut rest) => {}
    }
    assert_eq!(began.elapsed().as_secs(), HEAD_TIMEOUT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_outlives_the_minute_of_a_proxy() {
    let (mut client, _draining, _graceful) = connect();
    client.write_all(REQUEST).await.unwrap();
    answered(&mut client).await;
    tokio::time::advance(Duration::from_secs(61)).await;
    client.write_all(REQUEST).await.unwrap();
    answered(&mut client).await;
    assert_eq!(closed(&mut client).await.as_secs(), IDLE_TIMEOUT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_is_not_taken_for_a_slow_head() {
    let (mut client, _draining, _graceful) = connect();
    client.write_all(b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhel").await.unwrap();
    tokio::time::advance(HEAD_TIMEOUT * 2).await;
    client.write_all(b"lo").await.unwrap();
    assert!(answered(&mut client).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_too_large_is_refused() {
    let (mut client, _draining, _graceful) = connect();
    let (mut reading, mut writing) = tokio::io::split(&mut client);
    let cookie = "x".repeat(MAX_HEAD_BYTES);
    let send = async {
        let _ = writing.write_all(format!("GET / HTTP/1.1\r\nCookie: {cookie}\r\n\r\n").as_bytes()).await;
    };
    let mut answer = Vec::new();
    let ((), read) = tokio::join!(send, reading.read_to_end(&mut answer));
    assert!(read.is_ok() && answer.starts_with(b"HTTP/1.1 431"), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_comes_while_it_stops_is_answered_and_is_the_last() {
    let (mut client, draining, _graceful) = connect();
    client.write_all(REQUEST).await.unwrap();
    assert!(!answered(&mut client).await.contains("connection: close"));
    draining.cancel();
    client.write_all(REQUEST).await.unwrap();
    assert!(answered(&mut client).await.contains("connection: close"));
    assert_eq!(closed(&mut client).await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn one_connection_too_many_waits_for_another_to_end() {
    let mut gate = Gate::new(1);
    let room = gate.room().await;
    assert!(gate.room().now_or_never().is_none());
    drop(room);
    assert!(gate.room().now_or_never().is_some());
}
