//! Behaviour that needs a real connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::network::Outcome;
use crate::world::World;

/// Reads one answer, by its stated length.
async fn answer(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    loop {
        assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "closed after {seen:?}");
        let text = String::from_utf8_lossy(&seen);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let whole = match head.split_once("content-length: ") {
            Some((_, rest)) => body.len() >= rest.lines().next().unwrap().parse().unwrap(),
            None => body.ends_with("0\r\n\r\n"),
        };
        if whole {
            return text.into_owned();
        }
    }
}

#[tokio::test]
async fn a_panic_is_one_500_and_its_connection_goes_on() {
    let world = World::new().await;
    let cookie = world.signed_in().await.session().unwrap().clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let served =
        tokio::spawn(server::serve::answer(listener, world.router.clone(), 1, std::future::pending()));
    let request = format!(
        "GET /account HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nAccept: text/html\r\nCookie: ironleaf-session={cookie}\r\n\r\n"
    );
    world.network.fail("/user/users/current", Outcome::Panic);
    stream.write_all(request.as_bytes()).await.unwrap();
    let failed = answer(&mut stream).await;
    assert!(failed.starts_with("HTTP/1.1 500") && !failed.contains("a defect of ours"), "{failed}");
    world.network.heal();
    stream.write_all(request.as_bytes()).await.unwrap();
    let page = answer(&mut stream).await;
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("user@test.com"), "{page}");
    served.abort();
}

/// Source: RFC 9112, section 3.2.
#[tokio::test]
async fn a_request_without_one_host_line_is_a_400() {
    let world = World::new().await;
    for (lines, status) in [
        ("Host: 127.0.0.1:3000\r\n", "200"),
        ("", "400"),
        ("Host: 127.0.0.1:3000\r\nHost: evil.example\r\n", "400"),
        ("Host: 127.0.0.1:3000\r\nHost: 127.0.0.1:3000\r\n", "400"),
        ("Host: evil.example\r\n", "421"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let served =
            tokio::spawn(server::serve::answer(listener, world.router.clone(), 1, std::future::pending()));
        stream.write_all(format!("GET /login HTTP/1.1\r\n{lines}\r\n").as_bytes()).await.unwrap();
        let answer = answer(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{lines:?}: {answer}");
        served.abort();
    }
}
