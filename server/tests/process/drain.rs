//! A stop under load, and with idle connections.
#![cfg(unix)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{self, Sender};

use super::Running;

const CONNECTIONS: usize = 64;

/// One connection for consecutive requests.
struct KeptAlive {
    stream: TcpStream,
    request: String,
}

impl KeptAlive {
    fn open(running: &Running, path: &str, cookie: &str) -> Self {
        let stream = TcpStream::connect(running.address).unwrap();
        let address = running.address;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n\r\n");
        Self { stream, request }
    }

    /// Returns the next answer, or an error if there is none or it is incomplete. It does not try again.
    fn ask(&mut self) -> Result<String, String> {
        self.stream.write_all(self.request.as_bytes()).map_err(|error| format!("not sent: {error}"))?;
        let (mut answer, mut part) = (Vec::new(), [0; 16 * 1024]);
        while !is_whole(&answer) {
            let length =
                self.stream.read(&mut part).map_err(|error| format!("{error} after {}", answer.len()))?;
            if length == 0 {
                return Err(format!("closed after {} bytes", answer.len()));
            }
            answer.extend_from_slice(&part[..length]);
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Repeats the request until an answer is marked as the last one. Returns the number of answers.
    fn ask_to_the_end(mut self, answered: &Sender<()>) -> Result<usize, String> {
        for count in 1.. {
            let answer = self.ask().map_err(|error| format!("request {count}: {error}"))?;
            if !answer.starts_with("HTTP/1.1 200") {
                return Err(format!("request {count}: {answer}"));
            }
            // Nobody counts the answers after the signal.
            let _ = answered.send(());
            if answer.contains("connection: close\r\n") {
                return Ok(count);
            }
        }
        unreachable!("it counts as long as there are answers")
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    match head.split_once("content-length: ") {
        Some((_, rest)) => body.len() >= rest.lines().next().unwrap().parse().unwrap(),
        None => body == "0\r\n\r\n" || body.ends_with("\r\n0\r\n\r\n"),
    }
}

#[test]
fn a_stop_under_load_fails_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let mut running = Running::embedded(&folder);
    let cookie = running.sign_in();
    let (answered, answers) = mpsc::channel();
    let people: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let (path, cookie) = if number % 2 == 0 { ("/login", "") } else { ("/account", &*cookie) };
            let connection = KeptAlive::open(&running, path, cookie);
            let answered = answered.clone();
            std::thread::spawn(move || connection.ask_to_the_end(&answered))
        })
        .collect();
    assert_eq!(answers.iter().take(3 * CONNECTIONS).count(), 3 * CONNECTIONS);
    running.tell_to_stop();
    let ends: Vec<_> = people.into_iter().map(|person| person.join().unwrap()).collect();
    let failed: Vec<_> = ends.iter().filter_map(|end| end.as_ref().err()).collect();
    assert!(failed.is_empty(), "{} of {CONNECTIONS}: {failed:?}", failed.len());
    assert!(running.child.wait().unwrap().success());
    TcpStream::connect(running.address).expect_err("it still listens");
}

#[test]
fn connections_that_nobody_uses_do_not_keep_it_from_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let mut running = Running::embedded(&folder);
    let mut idle = KeptAlive::open(&running, "/", "");
    idle.ask().unwrap();
    let mut silent = TcpStream::connect(running.address).unwrap();
    running.tell_to_stop();
    for stream in [&mut idle.stream, &mut silent] {
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }
    assert!(running.child.wait().unwrap().success());
}
