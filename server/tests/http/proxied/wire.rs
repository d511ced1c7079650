//! Both ends of the application: a client and an API that read and write bytes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::world::World;

/// Nothing here takes as long.
const PATIENCE: Duration = Duration::from_secs(20);

/// An API that keeps what it was sent, and gives the same answer to everything.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Upstream {
    pub(super) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<[u8]> = answer.into().into();
        Self::serving(move |mut stream, seen| {
            let answer = Arc::clone(&answer);
            async move {
                while let Some(request) = message(&mut stream).await {
                    seen.lock().unwrap().push(request);
                    if stream.write_all(&answer).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await
    }

    /// An API that does this with each connection.
    pub(super) async fn serving<F>(
        serve: impl Fn(TcpStream, Arc<Mutex<Vec<String>>>) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&seen);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&noted)));
            }
        });
        Self { address, seen, serving }
    }

    /// Every request, from its first line to the end of its body.
    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// A world with one route to this API, and these options.
    pub(super) async fn world(&self, options: &str) -> World {
        let route = format!("/api/orders/=http://{}/v2/ {options}", self.address);
        World::with(&[("PROXY_ROUTES", &route)]).await
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A port behind which a world answers.
pub(super) struct Door {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Door {
    pub(super) async fn of(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = world.router.clone();
        let serving = tokio::spawn(server::serve::answer(listener, router, 100, std::future::pending()));
        Self { address, serving }
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends this and reads until the end of the connection.
    pub(super) async fn send(&self, request: impl AsRef<[u8]>) -> Vec<u8> {
        let mut stream = self.connect().await;
        // The answer may come, and the connection end, before everything was written.
        let _ = stream.write_all(request.as_ref()).await;
        let mut answer = Vec::new();
        let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "no end after {}", String::from_utf8_lossy(&answer));
        answer
    }

    /// The same, as text.
    pub(super) async fn ask(&self, request: impl AsRef<[u8]>) -> String {
        String::from_utf8(self.send(request).await).unwrap()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A request line and lines of headers, with those that every request needs and the cookie of a person.
pub(super) async fn head(world: &World, line: &str, lines: &str) -> String {
    let cookie = world.signed_in().await.session().unwrap().clone();
    format!(
        "{line} HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\
         Cookie: ironleaf-session={cookie}\r\n{lines}\r\n"
    )
}

/// Reads until this text is there.
pub(super) async fn read_until(stream: &mut TcpStream, part: &str) -> String {
    let mut seen = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&seen);
        if text.contains(part) {
            return text.into_owned();
        }
        let read =
            timeout(PATIENCE, stream.read_buf(&mut seen)).await.unwrap_or_else(|_| panic!("no {part}"));
        assert_ne!(read.unwrap(), 0, "the end came before {part}: {}", String::from_utf8_lossy(&seen));
    }
}

/// A whole HTTP message. `None` at the end of the connection.
pub(super) async fn message(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let is_whole = match length {
                Some(length) => body.len() >= length.parse().unwrap(),
                None if head.contains("transfer-encoding: chunked") => {
                    format!("\r\n{body}").contains("\r\n0\r\n") && body.ends_with("\r\n\r\n")
                }
                None => true,
            };
            if is_whole {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
