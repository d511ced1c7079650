//! A mail server for one test, Debian's `aiosmtpd`: on a free loopback port, with its own mailbox.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;
use test_ports::free_port;

/// Python reads the messages, so that they are not read by the code that wrote them.
const READ: &str = "
import email, email.policy, json, sys
message = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
parts = [part for part in message.walk() if not part.is_multipart()]
print(json.dumps({
    'headers': {name.lower(): str(value) for name, value in message.items()},
    'parts': [[part.get_content_type(), part.get_content()] for part in parts],
    'defects': [str(defect) for part in message.walk() for defect in part.defects],
}))";

pub(crate) struct MailServer {
    process: Child,
    /// Kept open, because the server writes to it.
    _log: BufReader<ChildStderr>,
    folder: TempDir,
    port: u16,
}

/// A message as its recipient gets it.
#[derive(Debug)]
pub(crate) struct Received {
    headers: HashMap<String, String>,
    /// Media types and decoded contents.
    pub(crate) parts: Vec<(String, String)>,
    pub(crate) raw: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl MailServer {
    pub(crate) fn start() -> Self {
        Self::start_on(free_port(), &[])
    }

    pub(crate) fn start_on(port: u16, arguments: &[&str]) -> Self {
        Self::start_in(TempDir::new().unwrap(), port, arguments)
    }

    /// A server that uses TLS from the start, with a self-signed certificate.
    pub(crate) fn start_with_tls() -> Self {
        let folder = TempDir::new().unwrap();
        make_certificate(folder.path());
        Self::start_in(folder, free_port(), &["--smtpscert", "certificate.pem", "--smtpskey", "key.pem"])
    }

    /// Returns once the server listens.
    fn start_in(folder: TempDir, port: u16, arguments: &[&str]) -> Self {
        let mut process = Command::new("aiosmtpd")
            .args(["--nosetuid", "--debug", "--listen", &format!("127.0.0.1:{port}")])
            .args(arguments)
            .args(["--class", "aiosmtpd.handlers.Mailbox", "mailbox"])
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .expect("these tests need aiosmtpd: apt-get install python3-aiosmtpd");
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("Server is listening") {
            assert_ne!(log.read_line(&mut said).unwrap(), 0, "aiosmtpd did not start: {said}");
        }
        Self { process, _log: log, folder, port }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The messages that it has accepted. The server confirms a message after it is in the mailbox, so nobody has to
    /// wait.
    pub(crate) fn received(&self) -> Vec<Received> {
        let new = self.folder.path().join("mailbox/new");
        fs::read_dir(new).unwrap().map(|entry| read(&entry.unwrap().path())).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read(path: &Path) -> Received {
    let output = Command::new("python3").args(["-c", READ]).arg(path).output().unwrap();
    let message: Value = serde_json::from_slice(&output.stdout).expect("Python reads the message");
    assert_eq!(message["defects"], Value::Array(Vec::new()), "an e-mail as it should be");
    Received {
        headers: serde_json::from_value(message["headers"].clone()).unwrap(),
        parts: serde_json::from_value(message["parts"].clone()).unwrap(),
        raw: fs::read_to_string(path).unwrap(),
    }
}

fn make_certificate(folder: &Path) {
    let made = Command::new("openssl")
        .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=test".split(' '))
        .args("-addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=CA:FALSE".split(' '))
        .args("-keyout key.pem -out certificate.pem -days 2".split(' '))
        .current_dir(folder)
        .stderr(Stdio::null())
        .status()
        .expect("this test needs the openssl command: apt-get install openssl");
    assert!(made.success(), "openssl makes a certificate");
}
