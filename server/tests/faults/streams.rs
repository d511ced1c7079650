//! A person's open streams: one of events, and one WebSocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::api::Trouble;
use crate::browser::status;
use crate::world::Person;

/// Longer than an event, an echo or the end of a session takes, on a slow machine.
const SOON: Duration = Duration::from_secs(15);

pub(crate) struct Events(TcpStream);

pub(crate) struct Socket(WebSocketStream<TcpStream>);

/// Opens a stream of events. The status of the answer, if it is none: 0 if there was no answer.
pub(crate) async fn open_events(person: &Person, trouble: Trouble) -> Result<Events, (u16, bool)> {
    let mut stream = connected(person).await;
    let request = format!(
        "GET /api/notes/{}/events HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\nCookie: {}\r\n\r\n",
        trouble.path(),
        person.browser.door,
        cookies(person)
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while !seen.windows(4).any(|four| four == b"\r\n\r\n") {
        match timeout(SOON, stream.read_buf(&mut seen)).await {
            Ok(Ok(1..)) => {}
            _ => return Err((0, false)),
        }
    }
    let head = String::from_utf8_lossy(&seen).to_ascii_lowercase();
    match status(&head) {
        200 if head.contains("text/event-stream") => Ok(Events(stream)),
        other => Err((other, head.contains("retry-after: "))),
    }
}

impl Events {
    /// Whether another event arrives.
    pub(crate) async fn goes_on(&mut self) -> bool {
        let mut seen = Vec::new();
        let next = async {
            while !seen.windows(5).any(|five| five == b"data:") {
                if !matches!(self.0.read_buf(&mut seen).await, Ok(1..)) {
                    return false;
                }
            }
            true
        };
        timeout(SOON, next).await.unwrap_or(false)
    }

    /// Whether it ends: with its last chunk, or with the connection.
    pub(crate) async fn ends(&mut self) -> bool {
        let mut rest = Vec::new();
        let end = async {
            while !rest.ends_with(b"\r\n0\r\n\r\n") && matches!(self.0.read_buf(&mut rest).await, Ok(1..)) {}
        };
        timeout(SOON, end).await.is_ok()
    }
}

/// Opens a WebSocket, as [`open_events`] does.
pub(crate) async fn open_socket(person: &Person, trouble: Trouble) -> Result<Socket, (u16, bool)> {
    let door = person.browser.door;
    let url = format!("ws://{door}/api/notes/{}/socket", trouble.path());
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("x-requested-with", "test".parse().unwrap());
    request.headers_mut().insert("cookie", cookies(person).parse().unwrap());
    match timeout(SOON, client_async(request, connected(person).await)).await {
        Ok(Ok((socket, _))) => Ok(Socket(socket)),
        Ok(Err(Error::Http(response))) => {
            Err((response.status().as_u16(), response.headers().contains_key("retry-after")))
        }
        _ => Err((0, false)),
    }
}

impl Socket {
    /// Whether what is sent comes back.
    pub(crate) async fn goes_on(&mut self) -> bool {
        let message = Message::text("still here");
        let back = async {
            self.0.send(message.clone()).await.is_ok()
                && matches!(self.0.next().await, Some(Ok(back)) if back == message)
        };
        timeout(SOON, back).await.unwrap_or(false)
    }

    /// The code with which it ends; 0 without one. `None` if it goes on.
    pub(crate) async fn ends(&mut self) -> Option<u16> {
        let end = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map_or(0, |frame| frame.code.into()),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return 0,
                }
            }
        };
        timeout(SOON, end).await.ok()
    }
}

async fn connected(person: &Person) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((person.browser.address, 0).into()).unwrap();
    socket.connect(person.browser.door).await.unwrap()
}

fn cookies(person: &Person) -> String {
    let cookies: Vec<_> =
        person.browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    cookies.join("; ")
}
