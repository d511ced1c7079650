//! Many WebSockets on which nothing moves: how much memory each takes.
#![cfg(target_os = "linux")]

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Running, free_address, send};

/// `SOCKETS=9500 cargo test -p server --test process sockets` opens more. Each takes two open files of this process, and two
/// of the program.
const SOCKETS: usize = 1_000;
/// What is allocated once comes with these.
const FIRST: usize = 200;
/// Both connections of a socket, with the task that carries it.
const MOST_BYTES: usize = 16 * 1024;

/// The key of RFC 6455, section 1.3, and the answer to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// An API whose sockets say nothing until they are told something, and then repeat it.
async fn api() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                head(&mut stream).await;
                stream.write_all(SWITCHED.as_bytes()).await.unwrap();
                let mut bytes = [0; 64];
                while let Ok(length @ 1..) = stream.read(&mut bytes).await {
                    stream.write_all(&bytes[..length]).await.unwrap();
                }
            });
        }
    });
    address
}

/// Reads up to the end of a head.
async fn head(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "{}", String::from_utf8_lossy(&seen));
    }
    String::from_utf8(seen).unwrap()
}

async fn open(address: SocketAddr, cookie: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /api/chat/room HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\nCookie: {cookie}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = head(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    stream
}

/// The bytes of memory that a process has.
fn resident_bytes(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_sockets_take_little_memory_and_are_counted() {
    #[expect(clippy::disallowed_methods, reason = "how many sockets is a choice of whoever measures")]
    let wanted = std::env::var("SOCKETS").ok().and_then(|count| count.parse().ok()).unwrap_or(SOCKETS);
    let folder = tempfile::tempdir().unwrap();
    let (metrics_address, most) = (free_address(), (wanted + FIRST + 100).to_string());
    let settings = [
        ("PROXY_ROUTES", format!("/api/chat/=http://{}/ upgrade=websocket", api().await)),
        ("METRICS_LISTEN_ADDR", metrics_address.to_string()),
        ("MAX_CONNECTIONS", (wanted + FIRST + 200).to_string()),
        ("PROXY_MAX_STREAMS", most.clone()),
        ("PROXY_MAX_STREAMS_PER_PERSON", most),
    ];
    let application = Running::embedded_with(&folder, &settings);
    let cookie = application.sign_in();
    let mut sockets = Vec::new();
    for _ in 0..FIRST {
        sockets.push(open(application.address, &cookie).await);
    }
    let before = resident_bytes(application.child.id());
    for _ in 0..wanted {
        sockets.push(open(application.address, &cookie).await);
    }
    let each = resident_bytes(application.child.id()).saturating_sub(before) / wanted;
    let _ = writeln!(std::io::stderr(), "\n{wanted} idle WebSockets: {each} bytes each");
    assert!(each < MOST_BYTES, "{each} bytes for each socket");
    let open_streams = r#"ironleaf_proxy_open_streams{kind="socket"}"#;
    let text = send(metrics_address, "GET /metrics", "", "");
    assert!(text.contains(&format!("{open_streams} {}\n", sockets.len())), "{text}");
    // They are still there: a frame goes to the API and back.
    for socket in [0, sockets.len() - 1] {
        let (socket, mut back) = (&mut sockets[socket], [0; 7]);
        let frame = b"\x81\x81\0\0\0\0x";
        socket.write_all(frame).await.unwrap();
        socket.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, frame);
    }
    let count = sockets.len();
    drop(sockets);
    let begun = Instant::now();
    loop {
        let text = send(metrics_address, "GET /metrics", "", "");
        let ended = format!(r#"ironleaf_proxy_sockets_ended_total{{by="browser"}} {count}"#);
        if text.contains(&format!("{open_streams} 0\n")) && text.contains(&ended) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{text}");
    }
}
