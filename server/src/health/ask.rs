//! The client side: asks a running process, for containers without another program for this.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than the process needs to detect that its store does not answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A health answer is one line.
const MAX_ANSWER_BYTES: u64 = 16 * 1024;

/// The questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Whether the process answers at all.
    IsAlive,
    /// Whether requests should be sent to the process.
    IsReady,
}

/// Asks the application that listens on `address`, and returns its answer if that is positive.
///
/// # Errors
///
/// The answer if it is negative, or why there is none.
pub fn ask(address: SocketAddr, question: Question) -> io::Result<String> {
    let path = match question {
        Question::IsAlive => "/health/live",
        Question::IsReady => "/health/ready",
    };
    let mut stream = TcpStream::connect_timeout(&reachable(address), TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER_BYTES).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.starts_with("HTTP/1.1 200 ") {
        Ok(body.to_owned())
    } else {
        Err(io::Error::other(format!("{} {body}", head.lines().next().unwrap_or_default())))
    }
}

/// A wildcard address is replaced by the loopback address.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
