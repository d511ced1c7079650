//! What a running program writes to its log, and what it never writes.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ironleaf_core_api::leak_patterns;
use serde_json::Value;
use tempfile::TempDir;

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

/// A program whose log is a pipe that the test reads, or does not.
struct Piped {
    child: Child,
    address: SocketAddr,
    metrics: SocketAddr,
    log: Option<ChildStdout>,
}

impl Piped {
    fn start(folder: &TempDir) -> Self {
        let (address, core_api, metrics) = (free_address(), free_address(), free_address());
        let mut command = command(folder.path());
        command
            .arg("serve")
            .env("LISTEN_ADDR", address.to_string())
            .env("CORE_API_LISTEN_ADDR", core_api.to_string())
            .env("METRICS_LISTEN_ADDR", metrics.to_string())
            .env("LOG_FORMAT", "json");
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let log = child.stdout.take();
        let started = Piped { child, address, metrics, log };
        let up = || TcpStream::connect(address).is_ok() && TcpStream::connect(metrics).is_ok();
        wait_until("it does not start", up);
        started
    }

    fn answers_404(&self, path: &str) {
        let answer = send(self.address, &format!("GET {path}"), "", "");
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }

    /// Fills the pipe, which holds 64 KB, and the queue before it, which holds 10,000 lines.
    fn fill_the_log(&self) {
        for _ in 0..12_000 {
            self.answers_404("/nowhere");
        }
    }

    fn dropped_lines(&self) -> u64 {
        let exposed = send(self.metrics, "GET /metrics", "", "");
        let line = exposed.lines().find(|line| line.starts_with("ironleaf_log_lines_dropped_total "));
        line.and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap()
    }

    /// Sends SIGTERM, and waits for an orderly end.
    #[cfg(unix)]
    fn stop(&mut self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        let mut status = None;
        wait_until("it does not stop", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(status.unwrap().success(), "{status:?}");
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn wait_until(problem: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_mins(1), "{problem}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The paths of the lines `answered` that begin with `/line-`, in the order of the log.
fn numbered(log: impl Read) -> Vec<String> {
    let lines =
        BufReader::new(log).lines().map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let paths = lines.filter_map(|line| Some(line["path"].as_str()?.to_owned()));
    paths.filter(|path| path.starts_with("/line-")).collect()
}

/// The reader of a log may have stopped, as log collectors sometimes do.
#[test]
fn a_log_that_nobody_reads_stops_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Piped::start(&folder);
    program.fill_the_log();
    assert!(send(program.address, "GET /health/live", "", "").starts_with("HTTP/1.1 200"));
    wait_until("nobody says that lines were dropped", || program.dropped_lines() > 0);
    // Once the log is read again, it says so as well.
    let mut lines = BufReader::new(program.log.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("log lines were dropped")));
}

#[cfg(unix)]
#[test]
fn a_log_that_nobody_reads_does_not_keep_the_program_from_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Piped::start(&folder);
    for number in 0..50 {
        program.answers_404(&format!("/line-{number}"));
    }
    program.fill_the_log();
    program.stop();
    // What the pipe holds is in order, with nothing missing in between. Its last line may be torn.
    let mut written = String::new();
    program.log.take().unwrap().read_to_string(&mut written).unwrap();
    let (whole, _) = written.rsplit_once('\n').unwrap();
    let expected: Vec<_> = (0..50).map(|number| format!("/line-{number}")).collect();
    assert_eq!(numbered(whole.as_bytes()), expected);
}

#[cfg(unix)]
#[test]
fn a_log_whose_reader_is_gone_stops_neither_requests_nor_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Piped::start(&folder);
    drop(program.log.take());
    for number in 0..100 {
        program.answers_404(&format!("/line-{number}"));
    }
    wait_until("nobody counts what was lost", || program.dropped_lines() >= 100);
    program.stop();
}

#[cfg(unix)]
#[test]
fn an_orderly_end_loses_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Piped::start(&folder);
    let log = program.log.take().unwrap();
    let log = std::thread::spawn(move || numbered(log));
    for number in 0..500 {
        program.answers_404(&format!("/line-{number}"));
    }
    program.stop();
    let expected: Vec<_> = (0..500).map(|number| format!("/line-{number}")).collect();
    assert_eq!(log.join().unwrap(), expected);
}

#[test]
fn a_line_does_not_wait_for_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Piped::start(&folder);
    let (said, heard) = mpsc::channel();
    let log = program.log.take().unwrap();
    std::thread::spawn(move || BufReader::new(log).lines().try_for_each(|line| said.send(line.unwrap())));
    for number in 0..20 {
        let path = format!("/line-{number}");
        program.answers_404(&path);
        // A batch is written after 2 ms. Only a machine that stands still takes longer than this.
        while !heard.recv_timeout(Duration::from_secs(10)).unwrap().contains(&path) {}
    }
}
