//! Methods, heads, interim answers and versions.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::wire::{Door, Upstream, head, read_until};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn every_method_arrives_as_it_was_sent() {
    let api = Upstream::answering(OK).await;
    let world = api.world("methods=GET,OPTIONS,POST,PUT,PATCH,DELETE,PURGE").await;
    let door = Door::of(&world).await;
    for method in ["GET", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PURGE"] {
        let request = head(&world, &format!("{method} /api/orders/7?a=b"), "Content-Length: 3\r\n").await;
        let answer = door.ask(request + "abc").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{method}: {answer}");
        let seen = api.seen().pop().unwrap();
        let is_same =
            seen.starts_with(&format!("{method} /v2/7?a=b HTTP/1.1\r\n")) && seen.ends_with("\r\n\r\nabc");
        assert!(is_same && seen.contains("content-length: 3\r\n"), "{seen}");
    }
    for method in ["TRACE", "CONNECT", "LINK", "get"] {
        let before = api.seen().len();
        let answer = door.ask(head(&world, &format!("{method} /api/orders/7"), "").await).await;
        let status = answer.split(' ').nth(1).unwrap();
        assert!(["400", "403", "405"].contains(&status), "{method}: {answer}");
        assert_eq!(api.seen().len(), before, "{method}");
    }
}

#[tokio::test]
async fn an_answer_without_a_body_has_none_and_keeps_its_head() {
    for (method, answer, lines) in [
        (
            "HEAD",
            "200 OK\r\nContent-Length: 1234\r\nETag: \"1\"",
            &["content-length: 1234", "etag: \"1\""][..],
        ),
        ("GET", "204 No Content\r\nX-Rest: 1", &["x-rest: 1"]),
        ("GET", "304 Not Modified\r\nETag: \"1\"", &["etag: \"1\""]),
        ("GET", "200 OK\r\nContent-Length: 0", &["content-length: 0"]),
    ] {
        let api = Upstream::answering(format!("HTTP/1.1 {answer}\r\n\r\n")).await;
        let world = api.world("").await;
        let door = Door::of(&world).await;
        let text = door.ask(head(&world, &format!("{method} /api/orders/7"), "").await).await;
        assert!(
            text.starts_with(&format!("HTTP/1.1 {}", &answer[..3])) && text.ends_with("\r\n\r\n"),
            "{text}"
        );
        for line in lines {
            assert!(text.contains(&format!("{line}\r\n")), "{line}: {text}");
        }
    }
}

#[tokio::test]
async fn a_part_of_a_file_is_asked_for_and_answered_as_such() {
    let part = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/9\r\nContent-Length: 3\r\n\r\ncde";
    let api = Upstream::answering(part).await;
    let world = api.world("").await;
    let door = Door::of(&world).await;
    let lines = "Range: bytes=2-4\r\nIf-Range: \"1\"\r\n";
    let answer = door.ask(head(&world, "GET /api/orders/file", lines).await).await;
    assert!(answer.starts_with("HTTP/1.1 206") && answer.ends_with("cde"), "{answer}");
    assert!(answer.contains("content-range: bytes 2-4/9\r\n"), "{answer}");
    let seen = &api.seen()[0];
    assert!(seen.contains("range: bytes=2-4\r\n") && seen.contains("if-range: \"1\"\r\n"), "{seen}");
}

/// RFC 9110, section 10.1.1.
#[tokio::test]
async fn a_client_that_waits_is_told_to_go_on_if_its_request_is_let_in() {
    let api = Upstream::answering(OK).await;
    let world = api.world("body=1KiB").await;
    let door = Door::of(&world).await;
    let lines = "Expect: 100-continue\r\nContent-Length: 5\r\n";
    let mut stream = door.connect().await;
    stream.write_all(head(&world, "POST /api/orders/", lines).await.as_bytes()).await.unwrap();
    assert_eq!(read_until(&mut stream, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").await.unwrap();
    let answer = read_until(&mut stream, "\r\n\r\nok").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = &api.seen()[0];
    assert!(seen.ends_with("hello") && !seen.to_lowercase().contains("expect"), "{seen}");
    let lines = "Expect: 100-continue\r\nContent-Length: 5000\r\n";
    let refused = door.ask(head(&world, "POST /api/orders/", lines).await).await;
    assert!(refused.starts_with("HTTP/1.1 413"), "nothing is read: {refused}");
    assert_eq!(api.seen().len(), 1);
}

#[tokio::test]
async fn interim_answers_end_here_and_the_final_one_passes() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";
    let api = Upstream::answering(format!("HTTP/1.1 102 Processing\r\n\r\n{hints}{OK}")).await;
    let world = api.world("").await;
    let answer = Door::of(&world).await.ask(head(&world, "GET /api/orders/7", "").await).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");
    assert!(!answer.contains("link:") && answer.matches("HTTP/1.1").count() == 1, "{answer}");
}

#[tokio::test]
async fn a_change_of_protocol_that_nobody_asked_for_is_no_answer() {
    let switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n";
    let api = Upstream::answering(switching).await;
    let world = api.world("").await;
    let lines = "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
    let answer = Door::of(&world).await.ask(head(&world, "GET /api/orders/7", lines).await).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(!api.seen()[0].to_lowercase().contains("upgrade"), "{:?}", api.seen());
}

/// RFC 9113, section 3.3.
#[tokio::test]
async fn an_api_that_only_speaks_http_2_is_reached() {
    use hyper_util::rt::{TokioExecutor, TokioIo};

    let api = Upstream::serving(|stream, seen| async move {
        let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let seen = std::sync::Arc::clone(&seen);
            async move {
                let line = format!("{} {} {:?}", request.method(), request.uri(), request.version());
                let headers = request.headers();
                let others =
                    ["connection", "host", "transfer-encoding"].map(|name| headers.contains_key(name));
                let has_token = headers.contains_key("authorization");
                seen.lock().unwrap().push(format!("{line} {others:?} {has_token}"));
                let answer = http::Response::builder().header("x-answer", "2").body("over HTTP/2".to_owned());
                Ok::<_, std::convert::Infallible>(answer.unwrap())
            }
        });
        let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = serving.serve_connection(TokioIo::new(stream), service).await;
    })
    .await;
    let world = api.world("http2=yes").await;
    let answer =
        Door::of(&world).await.ask(head(&world, "GET /api/orders/7", "TE: trailers\r\n").await).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("over HTTP/2"), "{answer}");
    let line = format!("GET http://{}/v2/7 HTTP/2.0 [false, false, false] true", api.address);
    assert_eq!(api.seen(), [line]);
}

#[tokio::test]
async fn a_client_that_is_gone_needs_no_answer_any_more() {
    let gone = std::sync::Arc::new(tokio::sync::Notify::new());
    let told = std::sync::Arc::clone(&gone);
    let api = Upstream::serving(move |mut stream, seen| {
        let told = std::sync::Arc::clone(&told);
        async move {
            let request = super::wire::message(&mut stream).await.unwrap();
            seen.lock().unwrap().push(request);
            told.notify_one();
            // The end of the connection, because nobody waits for its answer.
            assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
            told.notify_one();
        }
    })
    .await;
    let world = api.world("").await;
    let door = Door::of(&world).await;
    let mut stream = door.connect().await;
    stream.write_all(head(&world, "GET /api/orders/7", "").await.as_bytes()).await.unwrap();
    gone.notified().await;
    drop(stream);
    tokio::time::timeout(std::time::Duration::from_secs(10), gone.notified()).await.expect("the API is told");
}
