//! Bodies, and what comes after them, in both directions.

use tokio::io::AsyncWriteExt as _;

use super::wire::{Door, Upstream, head, message, read_until};

#[tokio::test]
async fn a_compressed_body_is_passed_on_byte_by_byte() {
    // Not even valid: nobody on the way reads it.
    let body: Vec<u8> = [0x1f, 0x8b, 8, 0, 0xff, 0xfe, 0, 13, 10, 0xc3].repeat(500);
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nVary: Accept-Encoding\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend(&body);
    let api = Upstream::answering(answer).await;
    let world = api.world("").await;
    let lines = "Accept-Encoding: gzip, br\r\n";
    let answer = Door::of(&world).await.send(head(&world, "GET /api/orders/7", lines).await).await;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let text = String::from_utf8_lossy(&answer[..end]).into_owned();
    assert!(answer[end + 4..] == body[..], "the body is another one: {text}");
    assert!(text.contains("content-encoding: gzip") && text.contains("content-length: 5000"), "{text}");
    assert!(api.seen()[0].contains("accept-encoding: gzip, br\r\n"), "{:?}", api.seen());
}

#[tokio::test]
async fn each_piece_is_passed_on_when_it_comes() {
    let (first, second) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
    let turns = std::sync::Arc::new((first, second));
    let turn = std::sync::Arc::clone(&turns);
    let api = Upstream::serving(move |mut stream, _| {
        let turn = std::sync::Arc::clone(&turn);
        async move {
            message(&mut stream).await.unwrap();
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n";
            stream.write_all(head).await.unwrap();
            turn.0.notified().await;
            stream.write_all(b"6\r\nsecond\r\n").await.unwrap();
            turn.1.notified().await;
            stream.write_all(b"0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let world = api.world("").await;
    let door = Door::of(&world).await;
    let mut stream = door.connect().await;
    stream.write_all(head(&world, "GET /api/orders/7", "").await.as_bytes()).await.unwrap();
    // The API waits with each piece until the one before has arrived.
    read_until(&mut stream, "first").await;
    turns.0.notify_one();
    read_until(&mut stream, "second").await;
    turns.1.notify_one();
    read_until(&mut stream, "0\r\n\r\n").await;
}

#[tokio::test]
async fn an_upload_is_passed_on_piece_by_piece() {
    let arrived = std::sync::Arc::new(tokio::sync::Notify::new());
    let told = std::sync::Arc::clone(&arrived);
    let api = Upstream::serving(move |mut stream, _| {
        let told = std::sync::Arc::clone(&told);
        async move {
            let text = read_until(&mut stream, "first").await;
            assert!(
                text.contains("transfer-encoding: chunked") && !text.contains("content-length"),
                "{text}"
            );
            told.notify_one();
            read_until(&mut stream, "second\r\n0\r\n\r\n").await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall").await.unwrap();
        }
    })
    .await;
    let world = api.world("").await;
    let door = Door::of(&world).await;
    let mut stream = door.connect().await;
    let lines = "Transfer-Encoding: chunked\r\n";
    let request = head(&world, "POST /api/orders/", lines).await + "5\r\nfirst\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    arrived.notified().await;
    stream.write_all(b"6\r\nsecond\r\n0\r\n\r\n").await.unwrap();
    read_until(&mut stream, "\r\n\r\nall").await;
}

/// RFC 9110, section 6.5.1.
#[tokio::test]
async fn fields_after_a_body_pass_if_they_are_announced_and_harmless() {
    let api = Upstream::answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Checksum, Set-Cookie\r\n\r\n\
         2\r\nok\r\n0\r\nX-Checksum: 7\r\nSet-Cookie: a=b\r\n\r\n",
    )
    .await;
    let world = api.world("").await;
    let door = Door::of(&world).await;
    let lines = "TE: trailers\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Cookie\r\n";
    let request =
        head(&world, "POST /api/orders/", lines).await.replace("Connection: close", "Connection: close, TE");
    let answer = door.ask(request + "3\r\nabc\r\n0\r\nX-Sum: 9\r\nCookie: c=d\r\n\r\n").await;
    assert!(answer.contains("0\r\nx-checksum: 7\r\n\r\n"), "{answer}");
    assert!(!answer.contains("set-cookie: a=b"), "{answer}");
    let seen = &api.seen()[0];
    assert!(seen.ends_with("0\r\nx-sum: 9\r\n\r\n") && !seen.contains("c=d"), "{seen}");
    assert!(seen.contains("te: trailers\r\n") && seen.contains("connection: te\r\n"), "{seen}");
    // Nobody has said that they would be read.
    let answer = door.ask(head(&world, "GET /api/orders/7", "").await).await;
    assert!(answer.ends_with("2\r\nok\r\n0\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_never_looks_whole() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly a part",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nonly a part\r\n",
    ] {
        let api = Upstream::serving(move |mut stream, _| async move {
            message(&mut stream).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        })
        .await;
        let world = api.world("").await;
        let text = Door::of(&world).await.ask(head(&world, "GET /api/orders/7", "").await).await;
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        let is_short = text.contains("content-length: 100") && !text.ends_with(&"x".repeat(100));
        let has_no_end = text.contains("transfer-encoding: chunked") && !text.ends_with("0\r\n\r\n");
        assert!(is_short || has_no_end, "{text}");
    }
}

#[tokio::test]
async fn an_answer_that_stands_still_is_given_up() {
    let api = Upstream::serving(move |mut stream, _| async move {
        message(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly a part").await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let world = api.world("timeout=200ms").await;
    let text = Door::of(&world).await.ask(head(&world, "GET /api/orders/7", "").await).await;
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("only a part"), "{text}");
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_no_answer() {
    for answer in [
        "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokx",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: nonsense\r\nBad Name: 1\r\n\r\n",
    ] {
        let api = Upstream::answering(answer).await;
        let world = api.world("").await;
        let text = Door::of(&world).await.ask(head(&world, "GET /api/orders/7", "").await).await;
        assert!(text.starts_with("HTTP/1.1 503") && text.contains("retry-after"), "{answer:?}: {text}");
    }
}
