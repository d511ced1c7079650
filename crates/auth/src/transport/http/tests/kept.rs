//! Connections that are kept, and what drives them.

use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::time::{Instant, sleep_until};

use super::*;

const LONG: Duration = Duration::from_secs(20);

type Forwarder = HttpForwarder<Full<Bytes>>;

fn forwarder() -> Forwarder {
    Forwarder::new(&HttpSettings::default()).unwrap()
}

/// Answers each request of every connection with these pieces, and notes when a connection has ended.
async fn in_pieces(pieces: &'static [&'static str], ended: Arc<Mutex<usize>>) -> SocketAddr {
    serve(move |mut stream| {
        let ended = Arc::clone(&ended);
        async move {
            while read_request(&mut stream).await.is_some() {
                for piece in pieces {
                    if stream.write_all(piece.as_bytes()).await.is_err() {
                        break;
                    }
                    a_moment().await;
                }
            }
            *ended.lock().unwrap() += 1;
        }
    })
    .await
}

async fn a_moment() {
    sleep_until(Instant::now() + Duration::from_millis(5)).await;
}

async fn until(is_so: impl Fn() -> bool) {
    let waited = async {
        while !is_so() {
            a_moment().await;
        }
    };
    timeout(LONG, waited).await.expect("it happens");
}

#[tokio::test]
async fn an_answer_may_come_in_pieces_with_fields_after_it() {
    let ended = Arc::default();
    let pieces = &[
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n",
        "transfer-encoding: chunked\r\n\r\n3\r",
        "\nabc\r\n2\r\nde",
        "\r\n0\r\nx-checksum: 7\r\n",
        "\r\n",
    ];
    let url = format!("http://{}/", in_pieces(pieces, Arc::clone(&ended)).await);
    let forwarder = forwarder();
    for _ in 0..3 {
        let answer = forwarder.send_whole(post(&url, "x")).await.unwrap();
        let collected = answer.into_body().collect().await.unwrap();
        assert_eq!(collected.trailers().unwrap()["x-checksum"], "7");
        assert_eq!(collected.to_bytes(), "abcde");
    }
    assert_eq!(*ended.lock().unwrap(), 0, "one connection served all");
}

#[tokio::test]
async fn an_answer_that_nobody_reads_to_its_end_closes_its_connection() {
    let ended = Arc::default();
    let pieces = &["HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab"];
    let url = format!("http://{}/", in_pieces(pieces, Arc::clone(&ended)).await);
    let forwarder = forwarder();
    let answer = forwarder.send_whole(post(&url, "x")).await.unwrap();
    let mut body = answer.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "ab");
    assert!(!body.is_end_stream());
    drop(body);
    until(|| *ended.lock().unwrap() == 1).await;
}

#[tokio::test]
async fn a_request_that_is_given_up_closes_its_connection() {
    let ended = Arc::default();
    let url = format!("http://{}/", in_pieces(&[], Arc::clone(&ended)).await);
    let forwarder = forwarder();
    let sent = forwarder.send_whole(post(&url, "x"));
    assert!(timeout(Duration::from_millis(50), sent).await.is_err());
    until(|| *ended.lock().unwrap() == 1).await;
}

#[tokio::test]
async fn what_is_not_used_is_closed_after_its_time() {
    let ended = Arc::default();
    let pieces = &["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"];
    let url = format!("http://{}/", in_pieces(pieces, Arc::clone(&ended)).await);
    let settings = HttpSettings { pool_idle_timeout: Duration::from_millis(30), ..HttpSettings::default() };
    let forwarder = Forwarder::new(&settings).unwrap();
    for round in 1..=2 {
        let answer = forwarder.send_whole(post(&url, "x")).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "ok");
        until(|| *ended.lock().unwrap() == round).await;
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_not_used() {
    let arrivals = Arrivals::default();
    let ended = Arc::new(Mutex::new(0));
    let address = {
        let (arrivals, ended) = (Arc::clone(&arrivals), Arc::clone(&ended));
        serve(move |mut stream| {
            let (arrivals, ended) = (Arc::clone(&arrivals), Arc::clone(&ended));
            async move {
                let body = read_request(&mut stream).await.unwrap();
                *arrivals.lock().unwrap().entry(body).or_default() += 1;
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
                drop(stream);
                *ended.lock().unwrap() += 1;
            }
        })
        .await
    };
    let (forwarder, url) = (forwarder(), format!("http://{address}/"));
    for round in 1..=20 {
        let answer = forwarder.send_whole(post(&url, &format!("body-{round}"))).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "ok");
        until(|| *ended.lock().unwrap() == round).await;
        // The end arrives with the next turn of the runtime.
        a_moment().await;
    }
    assert!(arrivals.lock().unwrap().values().all(|times| *times == 1));
    assert_eq!(arrivals.lock().unwrap().len(), 20);
}

#[tokio::test]
async fn the_host_is_named_as_a_browser_names_it() {
    let seen = Arc::new(Mutex::new(String::new()));
    let noted = Arc::clone(&seen);
    let address = serve(move |mut stream| {
        let noted = Arc::clone(&noted);
        async move {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.unwrap();
            noted.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        }
    })
    .await;
    forwarder().send_whole(post(&format!("http://user:pw@{address}?a=b"), "x")).await.unwrap();
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert!(seen.starts_with("POST /?a=b HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains(&format!("\r\nhost: {address}\r\n")), "{seen}");
    assert!(!seen.contains("user"), "{seen}");
}

/// Whoever waits for a piece is woken for it, whatever thread it comes on, and everybody has a turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_answers_come_at_once_and_none_is_forgotten() {
    const PIECES: usize = 40;
    let address = serve(move |mut stream| async move {
        while let Some(body) = read_request(&mut stream).await {
            let length = PIECES * body.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
            if stream.write_all(head.as_bytes()).await.is_err() {
                return;
            }
            for number in 0..PIECES {
                if number % 3 == 0 {
                    tokio::task::yield_now().await;
                }
                if stream.write_all(body.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    let (forwarder, url) = (forwarder(), format!("http://{address}/"));
    let asking: Vec<_> = (0..64)
        .map(|number| {
            let (forwarder, url) = (forwarder.clone(), url.clone());
            tokio::spawn(async move {
                for round in 0..20 {
                    let body = "x".repeat(1 + (number * 37 + round * 1_009) % 5_000);
                    let answer = forwarder.send_whole(post(&url, &body)).await.unwrap();
                    let answer = answer.into_body().collect().await.unwrap().to_bytes();
                    assert_eq!(answer.len(), PIECES * body.len());
                }
            })
        })
        .collect();
    for asking in asking {
        timeout(LONG, asking).await.expect("no answer is forgotten").unwrap();
    }
}

/// The number of connections that a server has accepted.
async fn counting(answer: &'static [u8]) -> (SocketAddr, Arc<Mutex<usize>>) {
    let connections = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&connections);
    let address = serve(move |mut stream| {
        *counted.lock().unwrap() += 1;
        async move {
            while read_request(&mut stream).await.is_some() {
                if stream.write_all(answer).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    (address, connections)
}

#[tokio::test]
async fn an_answer_that_has_arrived_whole_gives_its_connection_back_unread() {
    let answers: [&[u8]; 3] = [
        b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n",
    ];
    for answer in answers {
        let (address, connections) = counting(answer).await;
        let (forwarder, url) = (forwarder(), format!("http://{address}/"));
        for _ in 0..10 {
            drop(forwarder.send_whole(post(&url, "x")).await.unwrap());
        }
        assert_eq!(*connections.lock().unwrap(), 1, "{}", String::from_utf8_lossy(answer));
    }
}

/// As hyper's server reads an answer: it asks for nothing after the trailers.
#[tokio::test]
async fn an_answer_that_was_read_to_its_trailers_gives_its_connection_back() {
    let answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n";
    let (address, connections) = counting(answer).await;
    let (forwarder, url) = (forwarder(), format!("http://{address}/"));
    for _ in 0..10 {
        let mut body = forwarder.send_whole(post(&url, "x")).await.unwrap().into_body();
        while !body.frame().await.unwrap().unwrap().is_trailers() {}
    }
    assert_eq!(*connections.lock().unwrap(), 1);
}

/// A server with few workers accepts no more connections than that.
#[tokio::test]
async fn who_waits_for_a_connection_gets_the_first_that_is_free() {
    let listener = tokio::net::TcpSocket::new_v4().unwrap();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = listener.listen(1).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut only, _) = listener.accept().await.unwrap();
        while read_request(&mut only).await.is_some() {
            a_moment().await;
            only.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        }
    });
    let forwarder = forwarder();
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let (forwarder, url) = (forwarder.clone(), url.clone());
            tokio::spawn(async move {
                let answer = forwarder.send_whole(post(&url, "x")).await?;
                Ok::<_, TransportError>(answer.into_body().collect().await.unwrap().to_bytes())
            })
        })
        .collect();
    let mut answered = 0;
    for asking in asking {
        // Those that are in the queue of the system wait there.
        match timeout(Duration::from_secs(3), asking).await {
            Ok(answer) if answer.as_ref().unwrap().is_ok() => answered += 1,
            _ => {}
        }
    }
    assert!(answered > 15, "{answered} of 20");
}

#[tokio::test]
async fn a_request_that_is_answered_early_is_still_written_to_its_end() {
    const BYTES: usize = 8 << 20;
    let arrived = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&arrived);
    let address = serve(move |mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            let mut buffer = vec![0; 64 * 1024];
            *counted.lock().unwrap() += stream.read(&mut buffer).await.unwrap();
            stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                *counted.lock().unwrap() += count;
            }
        }
    })
    .await;
    let url = format!("http://{address}/");
    let answer = forwarder().send_whole(post(&url, &"x".repeat(BYTES))).await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    until(|| *arrived.lock().unwrap() > BYTES).await;
}

#[test]
fn an_answer_may_be_read_where_no_runtime_is() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (answer, _server) = runtime.block_on(async {
        let (address, connections) = counting(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        let answer = forwarder().send_whole(post(&format!("http://{address}/"), "x")).await.unwrap();
        (answer, connections)
    });
    let mut body = answer.into_body();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let frame = std::pin::Pin::new(&mut body).poll_frame(&mut context);
    assert!(matches!(frame, std::task::Poll::Ready(Some(Ok(_)))));
    drop(runtime);
    drop(body);
}
