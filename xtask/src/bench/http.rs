//! The part of HTTP that the measurements need: one request on one connection. `wrk` makes the load.

use std::fmt::{Display, Write as _};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any page takes.
const TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The values of a header, by its name in lower case.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let mut lines = str::from_utf8(&bytes[..end]).ok()?.lines();
        let status = lines.next()?.split_whitespace().nth(1)?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self { status, headers, body: bytes[end + 4..].to_vec() })
    }
}

pub(super) fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    connect(address)?.ask(&head("GET", address, path, headers))
}

pub(super) fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
    let length = body.len().to_string();
    let headers = [headers, &[("Content-Length", length.as_str())]].concat();
    connect(address)?.ask(&(head("POST", address, path, &headers) + body))
}

/// A connection on which a request can be sent at a chosen moment.
pub(super) struct Connection(TcpStream);

pub(super) fn connect(address: SocketAddr) -> Result<Connection> {
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    Ok(Connection(stream))
}

impl Connection {
    pub(super) fn ask(mut self, request: &str) -> Result<Answer> {
        self.0.write_all(request.as_bytes())?;
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes)?;
        Answer::parse(&bytes).ok_or_else(|| Error::new(ErrorKind::InvalidData, "it is no answer of HTTP"))
    }
}

/// HTTP/1.0: the answer ends with its connection and is never chunked.
pub(super) fn head(method: &str, host: impl Display, path: &str, headers: &[(&str, &str)]) -> String {
    let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {host}\r\n");
    for (name, value) in headers {
        // Writing to a String does not fail.
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_status_headers_and_what_follows_the_empty_line() {
        let bytes = b"HTTP/1.0 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n\r\n<p>\r\n\r\n</p>";
        let answer = Answer::parse(bytes).unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "<p>\r\n\r\n</p>"));
        assert_eq!(answer.all("set-cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
    }

    #[test]
    fn half_an_answer_is_none() {
        for bytes in ["", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n", "garbage\r\n\r\n"] {
            assert_eq!(Answer::parse(bytes.as_bytes()), None, "{bytes}");
        }
    }
}
