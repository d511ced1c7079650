//! What a running program writes to its log, and what it never writes.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use ironleaf_core_api::leak_patterns;
use serde_json::Value;

use super::{Running, command, free_address, send};

const MARK: &str = "MARKEDTOKEN42";

/// A person visits, fails a sign-in, signs in, stays through a refresh, and signs out. Returns the whole log.
fn log_of_a_visit(level: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("LOG_FORMAT", "json"),
        ("RUST_LOG", level),
        ("CORE_API_TOKEN_MARK", MARK),
        ("CORE_API_ACCESS_TOKEN_TTL", "1s"),
    ];
    let running = Running::embedded_with(&folder, &settings.map(|(name, value)| (name, value.to_owned())));
    running.send("GET /login?email=user%40test.com&token=QUERYSECRET", "", "");
    running.send("POST /api/sign-in", "", "email=user@test.com&password=wrong-password");
    running.send("POST /api/request-password-reset", "", "email=user@test.com");
    let cookie = running.sign_in();
    // The access token lives for a second. The first page after that renews it.
    while !running.send("GET /account?QUERYSECRET", &cookie, "").contains("set-cookie: ironleaf-session=") {}
    running.send("GET /account", &altered(&cookie), "");
    let gone = running.send("POST /api/sign-out", &cookie, "");
    assert!(gone.contains("ironleaf-session=;"), "{gone}");
    running.send("GET /account", &cookie, "");
    running.into_log()
}

/// The session cookie with one changed letter in the middle.
fn altered(cookie: &str) -> String {
    let session = cookie.split("; ").find(|pair| pair.starts_with("ironleaf-session=")).unwrap();
    let (start, end) = session.split_at(session.len() / 2);
    let letter = if end.starts_with('A') { 'B' } else { 'A' };
    format!("{start}{letter}{}", &end[1..])
}

#[test]
fn no_line_of_any_level_names_a_secret_or_a_person() {
    let log = log_of_a_visit("trace");
    let words =
        ["password1", "wrong-password", "QUERYSECRET", "user@test.com", "user%40test.com", "session=v1"];
    // Without the line that development writes about itself at the start.
    let lines = || log.lines().filter(|line| !line.contains("sign in as user@test.com"));
    for secret in leak_patterns(MARK).iter().map(String::as_str).chain(words) {
        let line = lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in {line:?}");
    }
}

#[test]
fn every_line_is_an_object_and_those_of_a_request_have_its_id() {
    let log = log_of_a_visit("info");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |message: &str| lines.iter().filter(|line| line["message"] == message).collect::<Vec<_>>();
    let (answered, altered, over) =
        (said("answered"), said("a session cookie was altered; it is removed"), said("a session is over"));
    assert!(answered.len() >= 8 && altered.len() == 1 && over.len() == 2, "{log}");
    for line in answered.iter().chain(&altered).chain(&over) {
        assert_eq!(line["span"]["id"].as_str().map(str::len), Some(16), "{line}");
    }
    assert!(answered.iter().any(|line| line["path"] == "/account" && line["status"] == 200), "{log}");
}

/// A pipe holds 64 KB. Its reader may have stopped, as log collectors sometimes do.
#[test]
fn a_log_that_nobody_reads_stops_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let (address, core_api) = (free_address(), free_address());
    let metrics = free_address();
    let mut command = command(folder.path());
    command
        .arg("serve")
        .env("LISTEN_ADDR", address.to_string())
        .env("CORE_API_LISTEN_ADDR", core_api.to_string())
        .env("METRICS_LISTEN_ADDR", metrics.to_string())
        .env("LOG_FORMAT", "json")
        .env("RUST_LOG", "info,tower=trace,hyper=trace");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let unread = child.stdout.take().unwrap();
    let started = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(started.elapsed() < Duration::from_secs(30), "it does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    for number in 0..12_000 {
        let answer = send(address, "GET /nowhere", "", "");
        assert!(answer.starts_with("HTTP/1.1 404"), "{number}: {answer}");
    }
    assert!(send(address, "GET /health/live", "", "").starts_with("HTTP/1.1 200"));
    let dropped = |exposed: &str| {
        let line = exposed.lines().find(|line| line.starts_with("ironleaf_log_lines_dropped_total "));
        line.and_then(|line| line.split(' ').nth(1)?.parse::<u64>().ok()).unwrap()
    };
    while dropped(&send(metrics, "GET /metrics", "", "")) == 0 {
        assert!(started.elapsed() < Duration::from_mins(2), "nobody says that lines were dropped");
        std::thread::sleep(Duration::from_millis(200));
    }
    // Once the log is read again, it says so as well.
    let mut lines = BufReader::new(unread).lines();
    assert!(lines.any(|line| line.unwrap().contains("lines of this log were dropped")));
    child.kill().unwrap();
    child.wait().unwrap();
}
