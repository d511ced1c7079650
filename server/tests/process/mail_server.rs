//! Debian's `aiosmtpd` on a free loopback port. It accepts messages only over STARTTLS, and prints them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use test_ports::free_address;

pub(crate) struct MailServer {
    process: Child,
    messages: BufReader<ChildStdout>,
    /// Kept open, because the server writes to it.
    _log: BufReader<ChildStderr>,
    address: std::net::SocketAddr,
    certificate: PathBuf,
}

impl MailServer {
    /// Returns when the server listens.
    pub(crate) fn start(folder: &Path) -> Self {
        make_certificate(folder);
        let address = free_address();
        let mut process = Command::new("aiosmtpd")
            .args(["--nosetuid", "--debug", "--listen", &address.to_string()])
            .args(["--tlscert", "certificate.pem", "--tlskey", "key.pem"])
            .args(["--class", "aiosmtpd.handlers.Debugging", "stdout"])
            .env("PYTHONUNBUFFERED", "1")
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this test needs aiosmtpd: apt-get install python3-aiosmtpd");
        let messages = BufReader::new(process.stdout.take().unwrap());
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let said = read_until(&mut log, "Server is listening");
        assert!(said.contains("Server is listening"), "aiosmtpd did not start: {said}");
        Self { process, messages, _log: log, address, certificate: folder.join("certificate.pem") }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}?tls=required", self.address)
    }

    /// The certificate that a client must trust.
    pub(crate) fn certificate(&self) -> String {
        self.certificate.to_str().unwrap().to_owned()
    }

    /// Waits for the next message, and returns it unchanged.
    pub(crate) fn next_message(&mut self) -> String {
        read_until(&mut self.messages, "END MESSAGE")
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads up to the line with this text, or to the end.
fn read_until(reader: &mut impl BufRead, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) && reader.read_line(&mut seen).unwrap() != 0 {}
    seen
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
