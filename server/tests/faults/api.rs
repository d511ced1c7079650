//! An API behind the proxy. The path of a request says what goes wrong with it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::message::message;
use crate::pause;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Nothing,
    Delay,
    Reset,
    Silent,
    NoHttp,
    Busy,
    /// After the answer has begun.
    Cut,
}

impl Trouble {
    pub(crate) const ALL: [Self; 7] =
        [Self::Nothing, Self::Delay, Self::Reset, Self::Silent, Self::NoHttp, Self::Busy, Self::Cut];

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Delay => "delay of 300 ms",
            Self::Reset => "reset before the answer",
            Self::Silent => "half-open: accepted, never answered",
            Self::NoHttp => "bytes that are no HTTP",
            Self::Busy => "503",
            Self::Cut => "reset within the answer, stream or socket",
        }
    }

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Delay => "delay",
            Self::Reset => "reset",
            Self::Silent => "silent",
            Self::NoHttp => "no-http",
            Self::Busy => "busy",
            Self::Cut => "cut",
        }
    }

    fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.path() == path)
    }
}

const DELAY: Duration = Duration::from_millis(300);
/// How often an event is sent.
const TICK: Duration = Duration::from_millis(100);

/// Listens until the test ends.
pub(crate) async fn start() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// `None` ends the connection.
async fn serve(mut stream: TcpStream) -> Option<()> {
    loop {
        let request = message(&mut stream).await?;
        let text = String::from_utf8_lossy(&request).into_owned();
        let path = text.split(' ').nth(1)?;
        let (trouble, kind) = path.strip_prefix("/v2/")?.split_once('/')?;
        let trouble = Trouble::of(trouble)?;
        match trouble {
            Trouble::Nothing | Trouble::Cut => {}
            Trouble::Delay => pause(DELAY).await,
            Trouble::Reset => return reset(&stream),
            Trouble::Silent => {
                let _ = stream.read(&mut [0]).await;
                return None;
            }
            Trouble::NoHttp => {
                stream.write_all(b"\x16\x03\x03\x00\x02\x02\x28SSH-2.0-nobody\r\n\r\n").await.ok()?;
                return None;
            }
            Trouble::Busy => {
                let busy =
                    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nbusy";
                stream.write_all(busy).await.ok()?;
                continue;
            }
        }
        let is_cut = trouble == Trouble::Cut;
        match kind {
            "events" => return tell(stream, is_cut).await,
            "socket" => return echo(stream, header(&text, "sec-websocket-key")?, is_cut).await,
            _ => {
                // A token that is missing shows.
                let is_known =
                    header(&text, "authorization").is_some_and(|token| token.starts_with("Bearer "));
                let word = if is_known { "noted" } else { "whose" };
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{word}");
                let length = answer.len() - if is_cut { 2 } else { 0 };
                stream.write_all(&answer.as_bytes()[..length]).await.ok()?;
                if is_cut {
                    return None;
                }
            }
        }
    }
}

async fn tell(mut stream: TcpStream, is_cut: bool) -> Option<()> {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head).await.ok()?;
    loop {
        stream.write_all(b"9\r\ndata: 1\n\n\r\n").await.ok()?;
        pause(TICK).await;
        if is_cut {
            return reset(&stream);
        }
    }
}

async fn echo(mut stream: TcpStream, key: &str, is_cut: bool) -> Option<()> {
    let accept = derive_accept_key(key.as_bytes());
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        if is_cut {
            return reset(socket.get_ref());
        }
        if message.is_text() {
            socket.send(message).await.ok()?;
        }
    }
    None
}

fn reset(stream: &TcpStream) -> Option<()> {
    stream.set_zero_linger().ok()?;
    None
}

fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(": "));
    lines.find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
}
