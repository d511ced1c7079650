use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http::{Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::*;

mod kept;
mod ways;

const TEST_CERTIFICATE: &[u8] = include_bytes!("test_certificate.pem");
const TEST_KEY: &[u8] = include_bytes!("test_key.pem");

/// The certificate of another server, whose key is not kept anywhere.
const OTHER_CERTIFICATE: &[u8] = include_bytes!("other_certificate.pem");

/// How often each body has arrived.
type Arrivals = Arc<Mutex<HashMap<String, usize>>>;

/// A server that does, for each connection, what the test says.
async fn serve<F, Done>(connection: F) -> SocketAddr
where
    F: Fn(TcpStream) -> Done + Send + 'static,
    Done: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream));
        }
    });
    address
}

/// Reads one request with a body and returns the body, or `None` if the connection has ended.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(body.to_owned());
            }
        }
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}

/// Answers the first `answered` requests of every connection, reads one more and closes.
async fn closing_after(answered: usize, arrivals: &Arrivals) -> SocketAddr {
    let arrivals = Arc::clone(arrivals);
    serve(move |mut stream| {
        let arrivals = Arc::clone(&arrivals);
        async move {
            let mut left = answered;
            while let Some(body) = read_request(&mut stream).await {
                *arrivals.lock().unwrap().entry(body).or_default() += 1;
                if left == 0 {
                    return;
                }
                left -= 1;
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            }
        }
    })
    .await
}

async fn answering(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer: Arc<[u8]> = answer.into().into();
    serve(move |mut stream| {
        let answer = Arc::clone(&answer);
        async move {
            read_request(&mut stream).await;
            // A client that has seen enough may be gone already.
            let _ = stream.write_all(&answer).await;
        }
    })
    .await
}

fn compressed(name: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: {name}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn transport() -> HttpTransport {
    HttpTransport::new(&HttpSettings::default()).unwrap()
}

fn post(url: &str, body: &str) -> Request {
    http::Request::builder().method(Method::POST).uri(url).body(body.to_owned().into()).unwrap()
}

async fn send(address: SocketAddr, body: &str) -> Result<Response, TransportError> {
    transport().send(post(&format!("http://{address}/"), body)).await
}

#[track_caller]
fn is_interrupted(result: &Result<Response, TransportError>) {
    assert!(matches!(result, Err(TransportError::Interrupted(_))), "{result:?}");
}

#[track_caller]
fn is_not_sent(result: &Result<Response, TransportError>) {
    assert!(matches!(result, Err(TransportError::NotSent(_))), "{result:?}");
}

#[tokio::test]
async fn a_request_that_was_read_and_not_answered_arrives_once() {
    let arrivals = Arrivals::default();
    let address = closing_after(0, &arrivals).await;
    is_interrupted(&send(address, "token").await);
    assert_eq!(*arrivals.lock().unwrap(), HashMap::from([("token".to_owned(), 1)]));
}

#[tokio::test]
async fn a_request_on_a_pooled_connection_that_dies_under_it_arrives_once() {
    let arrivals = Arrivals::default();
    let address = closing_after(1, &arrivals).await;
    let (transport, url) = (transport(), format!("http://{address}/"));
    transport.send(post(&url, "first")).await.unwrap();
    is_interrupted(&transport.send(post(&url, "second")).await);
    let expected = HashMap::from([("first".to_owned(), 1), ("second".to_owned(), 1)]);
    assert_eq!(*arrivals.lock().unwrap(), expected);
}

/// The server closes right after each answer, so a request may meet a connection that is closed, closing or just read.
/// However that race ends, nothing arrives twice, and every answered request has arrived.
#[tokio::test]
async fn no_request_arrives_twice_while_the_server_closes_idle_connections() {
    let arrivals = Arrivals::default();
    let address = {
        let arrivals = Arc::clone(&arrivals);
        serve(move |mut stream| {
            let arrivals = Arc::clone(&arrivals);
            async move {
                if let Some(body) = read_request(&mut stream).await {
                    *arrivals.lock().unwrap().entry(body).or_default() += 1;
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
                }
            }
        })
        .await
    };
    let (transport, url) = (transport(), format!("http://{address}/"));
    for number in 0..200 {
        let body = format!("token-{number}");
        let result = transport.send(post(&url, &body)).await;
        let arrived = arrivals.lock().unwrap().get(&body).copied().unwrap_or_default();
        match result {
            Ok(_) => assert_eq!(arrived, 1),
            Err(TransportError::NotSent(_)) => assert_eq!(arrived, 0),
            Err(TransportError::Interrupted(_)) => assert!(arrived <= 1),
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_where_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    is_not_sent(&send(address, "token").await);
    is_not_sent(&transport().send(post("http://nobody.invalid/", "token")).await);
    is_not_sent(&transport().send(post("/no/host", "token")).await);
}

#[tokio::test]
async fn nothing_is_sent_before_tls_stands() {
    let address = answering("not TLS at all").await;
    is_not_sent(&transport().send(post(&format!("https://{address}/"), "token")).await);

    let silent = serve(|mut stream| async move {
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
    })
    .await;
    let connect_timeout = Duration::from_millis(50);
    let transport = HttpTransport::new(&HttpSettings { connect_timeout, ..HttpSettings::default() }).unwrap();
    is_not_sent(&transport.send(post(&format!("https://{silent}/"), "token")).await);
}

#[tokio::test]
async fn an_answer_that_does_not_come_or_is_not_whole_is_an_interruption() {
    let silent = serve(|mut stream| async move { while read_request(&mut stream).await.is_some() {} }).await;
    let timeout = Duration::from_millis(50);
    let impatient = HttpTransport::new(&HttpSettings { timeout, ..HttpSettings::default() }).unwrap();
    is_interrupted(&impatient.send(post(&format!("http://{silent}/"), "token")).await);

    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n",
        "HTTP/1.1 200",
        "garbage\r\n\r\n",
    ] {
        is_interrupted(&send(answering(answer).await, "token").await);
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let endless = serve(|mut stream| async move {
        read_request(&mut stream).await;
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
        let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        while stream.write_all(&bytes).await.is_ok() {
            bytes = chunk.clone().into_bytes();
        }
    })
    .await;
    let result = send(endless, "token").await;
    is_interrupted(&result);
    assert!(format!("{result:?}").contains("1048576 bytes"), "{result:?}");
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let address = answering("HTTP/1.1 307 Go\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(send(address, "token").await.unwrap().status(), StatusCode::TEMPORARY_REDIRECT);
}

#[tokio::test]
async fn an_answer_comes_whole() {
    let address = answering("HTTP/1.1 201 Created\r\nx-kind: token\r\ncontent-length: 5\r\n\r\nhello").await;
    let response = send(address, "token").await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["x-kind"], "token");
    assert_eq!(response.body(), "hello");
}

/// TLS with a certificate that no system trusts, for a server that speaks these protocols.
fn acceptor(protocols: &[&[u8]]) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(TEST_CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(TEST_KEY).unwrap();
    let mut config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

async fn answering_over_tls(answer: &'static str) -> SocketAddr {
    let acceptor = acceptor(&[]);
    serve(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            // A client that does not trust the certificate goes away.
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    })
    .await
}

#[tokio::test]
async fn certificates_that_are_given_are_trusted_and_no_others() {
    let address = answering_over_tls("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
    let send = |root_certificates: Option<&[u8]>| {
        let root_certificates = root_certificates.map(<[u8]>::to_vec);
        let settings = HttpSettings { root_certificates, ..HttpSettings::default() };
        let transport = HttpTransport::new(&settings).unwrap();
        async move { transport.send(post(&format!("https://{address}/"), "token")).await }
    };
    assert_eq!(send(Some(TEST_CERTIFICATE)).await.unwrap().body(), "hello");
    is_not_sent(&send(None).await);
    is_not_sent(&send(Some(OTHER_CERTIFICATE)).await);
    for pem in [&b""[..], b"no certificate", &TEST_CERTIFICATE[..200]] {
        let settings = HttpSettings { root_certificates: Some(pem.to_vec()), ..HttpSettings::default() };
        assert!(matches!(HttpTransport::new(&settings), Err(TransportError::NotSent(_))), "{pem:?}");
    }
}

/// A configured proxy is used for every host. It gets the request in absolute form.
#[tokio::test]
async fn a_configured_proxy_is_used() {
    let proxy = answering("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nproxy").await;
    let proxy = Some(format!("http://{proxy}").parse().unwrap());
    let transport = HttpTransport::new(&HttpSettings { proxy, ..HttpSettings::default() }).unwrap();
    let response = transport.send(post("http://nobody.invalid/", "token")).await.unwrap();
    assert_eq!(response.body(), "proxy");
}

/// The environment belongs to the process, so this starts another one: this test program, for one other test.
#[test]
fn a_proxy_in_the_environment_is_not_used() {
    let mut other = std::process::Command::new(std::env::current_exe().unwrap());
    other.args(["--exact", "transport::http::tests::an_answer_comes_whole"]);
    for name in ["NO_PROXY", "no_proxy"] {
        other.env_remove(name);
    }
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        other.env(name, "http://127.0.0.1:9");
    }
    let output = other.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn an_answer_that_comes_compressed_unasked_is_read() {
    let plain = br#"{"item":1}"#;
    // `plain` in the formats of gzip and zlib.
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xabV\xca,I\xcdU\xb22\xac\x05\0A\xd3\x12d\n\0\0\0";
    let zlib = b"x\x9c\xabV\xca,I\xcdU\xb22\xac\x05\0\x13\x12\x03W";
    for (name, body) in [("gzip", &gzip[..]), ("deflate", &zlib[..]), ("identity", &plain[..])] {
        let answer = send(answering(compressed(name, body)).await, "x").await.unwrap();
        assert_eq!(answer.body().as_ref(), plain, "{name}");
    }
    is_interrupted(&send(answering(compressed("gzip", &gzip[..14])).await, "x").await);
}

#[tokio::test]
async fn nothing_is_asked_for_compressed() {
    let heads = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&heads);
    let address = serve(move |mut stream| {
        let seen = Arc::clone(&seen);
        async move {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.unwrap();
            seen.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    send(address, "x").await.unwrap();
    assert!(heads.lock().unwrap().contains("accept-encoding: identity\r\n"));
}
