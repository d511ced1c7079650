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
                    let body = "x".repeat(1 + (number * 37 + round * 1_009) % 20_000);
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
