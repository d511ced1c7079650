//! A browser with its own address. The program passes the address on to the core API, so the proxy knows whose request
//! it carries.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::{Instant, timeout};

/// Longer than any deadline of the program. A request that takes longer counts as hanging.
const GIVE_UP_AFTER: Duration = Duration::from_secs(40);

#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) address: Ipv4Addr,
    pub(crate) door: SocketAddr,
    pub(crate) cookies: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// 0 if there was no answer.
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) content_type: String,
    pub(crate) says_when: bool,
    pub(crate) body: String,
    pub(crate) took: Duration,
}

impl Browser {
    pub(crate) fn new(address: Ipv4Addr, door: SocketAddr) -> Self {
        Self { address, door, cookies: BTreeMap::new() }
    }

    /// A browser on the same machine, without cookies.
    pub(crate) fn stranger(&self) -> Self {
        Self::new(self.address, self.door)
    }

    pub(crate) fn has_session(&self) -> bool {
        self.cookies.keys().any(|name| name.starts_with("ironleaf-session"))
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.send("POST", path, form).await
    }

    async fn send(&mut self, method: &str, path: &str, form: &str) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept: text/html\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nCookie: {}\r\n\r\n",
            self.door,
            form.len(),
            cookies.join("; ")
        );
        let begun = Instant::now();
        let exchanged = timeout(GIVE_UP_AFTER, exchange(self.address, self.door, &(head + form))).await;
        let took = begun.elapsed();
        let (head, body) = match exchanged {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Answer { took, body: error.to_string(), ..Answer::default() },
            Err(_) => return Answer { took, body: "it hangs".to_owned(), ..Answer::default() },
        };
        let mut answer = Answer { status: status(&head), body, took, ..Answer::default() };
        for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
            match name.to_ascii_lowercase().as_str() {
                "location" => value.clone_into(&mut answer.location),
                "content-type" => value.clone_into(&mut answer.content_type),
                "retry-after" => answer.says_when = value.parse::<u64>().is_ok_and(|secs| secs > 0),
                "set-cookie" => self.keep(value),
                _ => {}
            }
        }
        answer
    }

    fn keep(&mut self, set_cookie: &str) {
        let (pair, attributes) = set_cookie.split_once(';').unwrap_or((set_cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        if attributes.to_ascii_lowercase().contains("max-age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

pub(crate) fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// Sends one request on a new connection, and returns head and body of the answer.
pub(crate) async fn exchange(from: Ipv4Addr, to: SocketAddr, request: &str) -> io::Result<(String, String)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let mut stream = socket.connect(to).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) =
        text.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("an answer without an end"))?;
    Ok((head.to_owned(), body.to_owned()))
}
