//! The time limits and the circuit breaker of each route.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::wire::{Door, Upstream, head, message, read_until};
use crate::world::World;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Answers on its second route at once, and on its first one not before the test says so.
async fn hanging(is_back: std::sync::Arc<std::sync::atomic::AtomicBool>) -> Upstream {
    Upstream::serving(move |mut stream: TcpStream, seen| {
        let is_back = std::sync::Arc::clone(&is_back);
        async move {
            while let Some(request) = message(&mut stream).await {
                let hangs = request.starts_with("GET /slow/");
                seen.lock().unwrap().push(request);
                if hangs && !is_back.load(std::sync::atomic::Ordering::SeqCst) {
                    std::future::pending::<()>().await;
                }
                stream.write_all(OK).await.unwrap();
            }
        }
    })
    .await
}

#[tokio::test]
async fn an_api_that_does_not_answer_is_left_alone_and_other_routes_go_on() {
    let is_back = std::sync::Arc::<std::sync::atomic::AtomicBool>::default();
    let api = hanging(std::sync::Arc::clone(&is_back)).await;
    let (address, options) = (api.address, "who=anyone token=no");
    let routes = format!(
        "/slow/=http://{address}/slow/ {options} timeout=100ms; /fast/=http://{address}/fast/ {options}"
    );
    let world = World::with(&[("PROXY_ROUTES", &routes)]).await;
    let mut browser = world.browser();
    // Five calls without an answer open it, see `BreakerSettings`.
    for _ in 0..5 {
        assert_eq!(browser.get("/slow/7").await.status, 503);
    }
    assert_eq!(api.seen().len(), 5);
    let refused = browser.get("/slow/7").await;
    assert_eq!((refused.status, api.seen().len()), (503, 5), "nothing is sent");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(browser.get("/fast/7").await.status, 200, "another route has its own");
    is_back.store(true, std::sync::atomic::Ordering::SeqCst);
    world.advance(Duration::from_secs(2));
    assert_eq!(browser.get("/slow/7").await.status, 200, "one request tries");
    assert_eq!(browser.get("/slow/7").await.status, 200, "and all others follow");
}

#[tokio::test]
async fn a_browser_that_stands_still_or_sends_too_much_closes_no_route_to_others() {
    let api = Upstream::answering(OK).await;
    let world = api.world("timeout=100ms body=1KiB").await;
    let door = Door::of(&world).await;
    let chunked = head(&world, "POST /api/orders/", "Transfer-Encoding: chunked\r\n").await;
    let sized = head(&world, "POST /api/orders/", "Content-Length: 10\r\n").await;
    for _ in 0..6 {
        let still = door.ask(format!("{chunked}5\r\nfirst\r\n")).await;
        assert!(still.starts_with("HTTP/1.1 408"), "{still}");
        let still = door.ask(format!("{sized}first")).await;
        assert!(still.starts_with("HTTP/1.1 408"), "{still}");
        let large =
            door.ask(format!("{chunked}5\r\nfirst\r\n800\r\n{}\r\n0\r\n\r\n", "x".repeat(0x800))).await;
        assert!(large.starts_with("HTTP/1.1 413"), "{large}");
        let broken = door.ask(format!("{chunked}5\r\nfirst\r\nnonsense\r\n")).await;
        assert!(broken.starts_with("HTTP/1.1 400"), "{broken}");
    }
    let answer = door.ask(head(&world, "GET /api/orders/7", "").await).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn an_api_that_does_not_read_is_to_blame_for_itself() {
    let api = Upstream::serving(|stream, _| async move {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let world = api.world("timeout=200ms").await;
    let door = Door::of(&world).await;
    // More than all buffers between here and the API.
    let lines = "Content-Length: 10000000\r\n";
    let request = head(&world, "POST /api/orders/", lines).await;
    let mut stream = door.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let writing = tokio::spawn(async move {
        let piece = vec![b'x'; 64 * 1024];
        while write.write_all(&piece).await.is_ok() {}
    });
    let mut answer = Vec::new();
    while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        assert_ne!(read.read_buf(&mut answer).await.unwrap(), 0);
    }
    assert!(answer.starts_with(b"HTTP/1.1 503"), "{}", String::from_utf8_lossy(&answer));
    writing.abort();
}

#[tokio::test]
async fn a_slow_upload_that_goes_on_is_not_given_up() {
    let api = Upstream::answering(OK).await;
    let world = api.world("timeout=300ms").await;
    let door = Door::of(&world).await;
    // The second one is read as a whole before anything is sent.
    for (line, piece, end) in
        [("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n", "0\r\n\r\n"), ("Content-Length: 9\r\n", "x", "")]
    {
        let mut stream = door.connect().await;
        let request = head(&world, "POST /api/orders/", line).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut pause = tokio::time::interval(Duration::from_millis(100));
        for _ in 0..9 {
            pause.tick().await;
            stream.write_all(piece.as_bytes()).await.unwrap();
        }
        stream.write_all(end.as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, "\r\n\r\nok").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{line}: {answer}");
    }
}

#[tokio::test]
async fn an_api_that_breaks_an_upload_off_is_not_closed_to_others() {
    let api = Upstream::serving(|mut stream, _| async move {
        let seen = read_until(&mut stream, "\r\n\r\n").await;
        if seen.starts_with("GET ") {
            stream.write_all(OK).await.unwrap();
        }
    })
    .await;
    let world = api.world("").await;
    let door = Door::of(&world).await;
    let request = head(&world, "POST /api/orders/", "Transfer-Encoding: chunked\r\n").await;
    for _ in 0..6 {
        let broken = door.ask(format!("{request}5\r\nfirst\r\n")).await;
        assert!(broken.starts_with("HTTP/1.1 503") && broken.contains("retry-after"), "{broken}");
    }
    let answer = door.ask(head(&world, "GET /api/orders/7", "").await).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
