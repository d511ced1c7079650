//! How a connection is made, and what is sent on it.

use http::Version;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;

use super::*;

/// Answers every connection with `answer`, and keeps what each one sent.
async fn noting(answer: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let address = serve(move |mut stream| {
        let noted = Arc::clone(&noted);
        async move {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.unwrap();
            noted.lock().unwrap().push(String::from_utf8_lossy(&buffer[..count]).into_owned());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    })
    .await;
    (address, seen)
}

fn through(proxy: &str) -> HttpTransport {
    let (proxy, root_certificates) = (Some(proxy.parse().unwrap()), Some(TEST_CERTIFICATE.to_vec()));
    HttpTransport::new(&HttpSettings { proxy, root_certificates, ..HttpSettings::default() }).unwrap()
}

const CREDENTIALS: &str = "aXJvbmxlYWY6aHVudGVyIDI="; // ironleaf:hunter 2

#[tokio::test]
async fn a_proxy_that_reads_requests_gets_the_whole_address_and_its_credentials() {
    let (proxy, seen) = noting("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let transport = through(&format!("http://ironleaf:hunter%202@{proxy}"));
    transport.send(post("http://nobody.invalid/v1/x?y=1", "token")).await.unwrap();
    let seen = seen.lock().unwrap().concat().to_lowercase();
    assert!(seen.starts_with("post http://nobody.invalid/v1/x?y=1 http/1.1\r\n"), "{seen}");
    assert!(seen.contains("\r\nhost: nobody.invalid\r\n"), "{seen}");
    let expected = format!("\r\nproxy-authorization: basic {}\r\n", CREDENTIALS.to_lowercase());
    assert!(seen.contains(&expected), "{seen}");
}

/// Accepts one `CONNECT` and then speaks TLS as the destination.
async fn tunnelling(head: Arc<Mutex<String>>) -> SocketAddr {
    let acceptor = acceptor(&[]);
    serve(move |mut stream| {
        let (acceptor, head) = (acceptor.clone(), Arc::clone(&head));
        async move {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.unwrap();
            head.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
            stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            let count = stream.read(&mut buffer).await.unwrap();
            let inside = String::from_utf8_lossy(&buffer[..count]).to_lowercase();
            assert!(inside.starts_with("post /v1 http/1.1\r\n"), "{inside}");
            assert!(!inside.contains("proxy-authorization"), "{inside}");
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    })
    .await
}

/// The certificate is for 127.0.0.1. Here only the proxy can reach the destination.
#[tokio::test]
async fn what_is_private_goes_through_a_proxy_in_a_tunnel() {
    let head = Arc::default();
    let proxy = tunnelling(Arc::clone(&head)).await;
    let transport = through(&format!("http://ironleaf:hunter%202@{proxy}"));
    let answer = transport.send(post("https://127.0.0.1:9/v1", "token")).await.unwrap();
    assert_eq!(answer.body(), "hello");
    let head = head.lock().unwrap().clone();
    assert!(head.starts_with("CONNECT 127.0.0.1:9 HTTP/1.1\r\n"), "{head}");
    assert!(
        head.to_lowercase().contains(&format!("proxy-authorization: basic {}", CREDENTIALS.to_lowercase()))
    );
    assert!(!head.contains("token"), "{head}");
}

#[tokio::test]
async fn nothing_is_sent_where_a_proxy_makes_no_tunnel() {
    for answer in
        ["HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 502 No\r\n\r\n", "garbage\r\n\r\n"]
    {
        let (proxy, seen) = noting(answer).await;
        is_not_sent(&through(&format!("http://{proxy}")).send(post("https://127.0.0.1:9/v1", "token")).await);
        assert!(!seen.lock().unwrap().concat().contains("token"));
    }
}

#[test]
fn what_is_no_proxy_is_refused() {
    for proxy in ["socks5://127.0.0.1:9", "data:x"] {
        let proxy = Some(proxy.parse().unwrap());
        let refused = HttpTransport::new(&HttpSettings { proxy, ..HttpSettings::default() });
        assert!(matches!(refused, Err(TransportError::NotSent(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_connection_that_was_answered_is_used_again() {
    let (connections, arrivals) = (Arc::new(Mutex::new(0)), Arrivals::default());
    let count = Arc::clone(&connections);
    let address = {
        let arrivals = Arc::clone(&arrivals);
        serve(move |mut stream| {
            *count.lock().unwrap() += 1;
            let arrivals = Arc::clone(&arrivals);
            async move {
                while let Some(body) = read_request(&mut stream).await {
                    *arrivals.lock().unwrap().entry(body).or_default() += 1;
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
                }
            }
        })
        .await
    };
    let (transport, url) = (transport(), format!("http://{address}/"));
    for body in ["first", "second", "third"] {
        assert_eq!(transport.send(post(&url, body)).await.unwrap().body(), "ok");
    }
    assert_eq!((*connections.lock().unwrap(), arrivals.lock().unwrap().len()), (1, 3));
}

#[tokio::test]
async fn a_server_that_speaks_http_2_is_spoken_to_in_it() {
    let acceptor = acceptor(&[b"h2"]);
    let address = serve(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let stream = TokioIo::new(acceptor.accept(stream).await.unwrap());
            let answer = service_fn(|request: http::Request<Incoming>| async move {
                assert_eq!(request.version(), Version::HTTP_2);
                Ok::<_, std::convert::Infallible>(http::Response::new(Full::new(Bytes::from("two"))))
            });
            let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(stream, answer)
                .await;
        }
    })
    .await;
    let root_certificates = Some(TEST_CERTIFICATE.to_vec());
    let settings = HttpSettings { root_certificates, ..HttpSettings::default() };
    let transport = HttpTransport::new(&settings).unwrap();
    let url = format!("https://{address}/");
    let answer = transport.send(post(&url, "token")).await.unwrap();
    assert_eq!((answer.version(), &answer.body()[..]), (Version::HTTP_2, &b"two"[..]));
    let forwarder = HttpForwarder::new(&settings).unwrap();
    let answer = forwarder.send(post(&url, "token").map(Full::new)).await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
}

/// Two megabytes of zeros are two kilobytes when compressed.
#[tokio::test]
async fn a_compressed_answer_is_no_longer_than_any_other() {
    use std::io::Write as _;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; 2 << 20]).unwrap();
    let answer = compressed("gzip", &encoder.finish().unwrap());
    assert!(answer.len() < 4096);
    let result = send(answering(answer).await, "token").await;
    is_interrupted(&result);
    assert!(format!("{result:?}").contains("1048576 bytes"), "{result:?}");
}
