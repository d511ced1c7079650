use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_util::sync::DropGuard;

use super::*;
use crate::serve::head_timer::HEAD_TIMEOUT;
use crate::serve::socket::{DISCARD_TIMEOUT, STALL_TIMEOUT};

/// Larger than all buffers on the way together.
const LARGE: usize = 1 << 20;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n";

/// One connection over a pipe, with the end of the client. It ends when the other returned values are dropped.
fn connect() -> (DuplexStream, CancellationToken, DropGuard) {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let router = Router::new()
        .route("/", get(async || "hello"))
        .route("/echo", post(async |body: String| body))
        .route("/large", get(async || vec![b'x'; LARGE]));
    let (draining, closing) = (CancellationToken::new(), CancellationToken::new());
    let connection = Connection {
        router,
        draining: draining.clone(),
        closing: closing.clone(),
        room: Arc::default(),
        waiting_for: None,
    };
    tokio::spawn(connection.run(server, ([127, 0, 0, 1], 1).into(), ()));
    (client, draining, closing.drop_guard())
}

async fn answered(client: &mut DuplexStream) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b"hello") {
        assert_ne!(client.read_buf(&mut seen).await.unwrap(), 0, "closed after {seen:?}");
    }
    String::from_utf8(seen).unwrap()
}

/// The time until the other side closes.
async fn closed(client: &mut DuplexStream) -> Duration {
    let began = Instant::now();
    let mut rest = Vec::new();
    // An orderly end and a reset are equally good.
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
    gate.opens().await;
    let first = gate.place();
    assert!(gate.opens().now_or_never().is_none());
    gate.opens().await;
    assert!(gate.place().is_some_and(|place| place.rooms.is_some()), "a spare place");
    drop(first);
    assert!(gate.opens().now_or_never().is_some());
    assert!(gate.place().is_some_and(|place| place.rooms.is_none()));
}

/// Starts a server at its own address. Returns the address and the task.
async fn serving(router: Router, max_connections: usize) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(answer(listener, router, max_connections, std::future::pending())))
}

/// Sends one request and returns all bytes until the other side closes.
async fn asked(address: SocketAddr, head: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(format!("{head} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").as_bytes())
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Closing with unread data makes the operating system send a reset, which overtakes the answer about every second
/// time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_before_the_whole_request_arrives() {
    let (address, server) =
        serving(Router::new().route("/", post(async || StatusCode::PAYLOAD_TOO_LARGE)), 10).await;
    let of_each = [(300_000, 300_000), (60_000, 60_000), (3_000_000, 3_000_000), (1_000_000, 10)].repeat(20);
    for (length, sent) in of_each.into_iter().chain([(40_000_000, 40_000_000); 3]) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b'x'; sent]).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 413") && answer.contains("connection: close"),
            "{length}: {answer}"
        );
    }
    server.abort();
}

#[tokio::test(start_paused = true)]
async fn who_goes_on_sending_is_cut_off() {
    let (mut client, _draining, _graceful) = connect();
    client.write_all(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100000000\r\n\r\n").await.unwrap();
    let (mut reading, mut writing) = tokio::io::split(client);
    let began = Instant::now();
    let drip = async {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        loop {
            tick.tick().await;
            writing.write_all(b"x").await?;
        }
    };
    let read = async {
        let mut answer = String::new();
        reading.read_to_string(&mut answer).await.map(|_| answer)
    };
    let (ended, answer): (io::Result<()>, _) = tokio::join!(drip, read);
    assert!(ended.is_err() && answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 405")));
    assert_eq!(began.elapsed().as_secs(), DISCARD_TIMEOUT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_nothing_left_to_read_closes_at_once() {
    let (mut client, draining, _graceful) = connect();
    draining.cancel();
    client.write_all(b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello").await.unwrap();
    assert!(answered(&mut client).await.starts_with("HTTP/1.1 200"));
    assert_eq!(closed(&mut client).await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn who_reads_nothing_is_cut_off() {
    let (mut client, _draining, _graceful) = connect();
    client.write_all(b"GET /large HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
    let part = STALL_TIMEOUT * 2 / 3;
    for _ in 0..3 {
        // Even one byte is progress.
        tokio::time::sleep_until(Instant::now() + part).await;
        client.read_exact(&mut [0; 100]).await.unwrap();
    }
    tokio::time::sleep_until(Instant::now() + part * 2).await;
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert!(rest.len() < LARGE, "the whole answer came");
}

#[tokio::test]
async fn an_idle_connection_makes_room_for_the_next() {
    let (address, server) = serving(Router::new().route("/", get(async || "hello")), 2).await;
    let mut idle = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"hello") {
            stream.read_buf(&mut seen).await.unwrap();
        }
        idle.push(stream);
    }
    for _ in 0..20 {
        let began = Instant::now();
        assert!(asked(address, "GET /").await.unwrap().ends_with("hello"));
        assert!(began.elapsed() < Duration::from_secs(1));
    }
    // The connection that was idle for longest went first.
    assert_eq!(idle[0].read(&mut [0; 1]).await.unwrap(), 0);
    server.abort();
}

#[tokio::test]
async fn health_has_a_place_of_its_own_and_others_are_told_to_come_back() {
    let hold = post(async |_: String| std::future::pending::<()>().await);
    let router = Router::new()
        .route("/hold", hold)
        .route("/health/live", get(async || "ok"))
        .route("/", get(async || "hello"));
    let (address, server) = serving(router, 1).await;
    let mut busy = TcpStream::connect(address).await.unwrap();
    busy.write_all(b"POST /hold HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx").await.unwrap();
    let ask = |path: &'static str| async move { asked(address, &format!("GET {path}")).await.unwrap() };
    let (waiting, health) = tokio::join!(ask("/"), ask("/health/live"));
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("ok"), "{health}");
    assert!(waiting.starts_with("HTTP/1.1 503") && waiting.contains("retry-after: 1"), "{waiting}");
    drop(busy);
    let answer = ask("/").await;
    assert!(answer.ends_with("hello"), "{answer}");
    server.abort();
}

#[tokio::test]
async fn a_connection_that_has_said_nothing_yet_is_not_the_one_that_makes_room() {
    let hold = post(async |_: String| std::future::pending::<()>().await);
    let router = Router::new().route("/hold", hold).route("/health/live", get(async || "ok"));
    let (address, server) = serving(router, 1).await;
    let mut busy = TcpStream::connect(address).await.unwrap();
    busy.write_all(b"POST /hold HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx").await.unwrap();
    for full in [true, false] {
        let mut late = TcpStream::connect(address).await.unwrap();
        tokio::time::sleep_until(Instant::now() + SPARE_AFTER * 4).await;
        late.write_all(b"GET /health/live HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        late.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("ok"), "{full}: {answer:?}");
        if full {
            busy.shutdown().await.unwrap();
        }
    }
    server.abort();
}

#[tokio::test]
async fn every_request_that_waits_gets_the_room_that_there_is() {
    let router = Router::new().route("/echo", post(async |body: String| body));
    let (address, server) = serving(router, 2).await;
    let slow = |body: &'static str| async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        tokio::time::sleep_until(Instant::now() + SPARE_PATIENCE / 2).await;
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(body.as_bytes()) {
            assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "{}", String::from_utf8_lossy(&seen));
        }
        // It stays open for the next request.
        (stream, String::from_utf8(seen).unwrap())
    };
    let answers = futures_util::future::join_all(["one", "two", "three", "four"].map(slow)).await;
    for (_, answer) in &answers {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    server.abort();
}

#[tokio::test(start_paused = true)]
async fn a_request_that_comes_while_another_is_answered_is_answered_as_well() {
    let (mut client, _draining, _graceful) = connect();
    client.write_all(b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhel").await.unwrap();
    tokio::time::advance(Duration::from_millis(10)).await;
    client.write_all(b"lo").await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    let mut seen = Vec::new();
    while String::from_utf8_lossy(&seen).matches("hello").count() < 2 {
        assert_ne!(client.read_buf(&mut seen).await.unwrap(), 0, "{}", String::from_utf8_lossy(&seen));
    }
    assert!(!String::from_utf8_lossy(&seen).contains("connection: close"));
}
