//! A real socket.

use std::{net::SocketAddr, time::Duration};

use ironleaf_core_api::{Config, CoreApi};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time,
};

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

type Server = JoinHandle<std::io::Result<()>>;

/// A server on its own port, and the means to stop it.
async fn start() -> (SocketAddr, oneshot::Sender<()>, Server) {
    let api = CoreApi::open(Config::in_memory()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(api.serve(listener, async {
        let _ = stopped.await;
    }));
    (address, stop, server)
}

#[tokio::test]
async fn it_serves_until_it_is_told_to_stop() {
    let (address, stop, server) = start().await;
    let answer = ask(address, "GET /v1/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("{\"ok\":true}"), "{answer}");
    stop.send(()).unwrap();
    time::timeout(Duration::from_secs(5), server).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn the_sender_of_a_megabyte_gets_to_read_why_it_is_refused() {
    let (address, _stop, _server) = start().await;
    let body = "x".repeat(1024 * 1024);
    let length = body.len();
    let head = format!(
        "POST /v1/auth/tokens HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    let answer = ask(address, &(head + &body)).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn half_a_request_does_not_keep_it_from_stopping() {
    let (address, stop, server) = start().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /v1/hea").await.unwrap();
    // A whole request on another connection: the server has received the half one before it.
    ask(address, "GET /v1/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    time::pause();
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    drop(stream);
}
