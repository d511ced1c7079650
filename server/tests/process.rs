//! The program as a process: refused configurations, a restart, a kill, and a stand-alone core API.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "process/drain.rs"]
mod drain;
#[path = "process/log.rs"]
mod log;
#[path = "process/mail_server.rs"]
mod mail_server;
#[path = "process/metrics.rs"]
mod metrics;
#[path = "process/shipping.rs"]
mod shipping;
#[path = "process/sockets.rs"]
mod sockets;
#[path = "process/traces.rs"]
mod traces;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;

use mail_server::MailServer;
use tempfile::TempDir;
use test_ports::free_address;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ironleaf");

fn command(folder: &Path) -> Command {
    std::fs::create_dir_all(folder.join("site/pkg")).unwrap();
    for name in ["pkg/ironleaf.css", "pkg/ironleaf.js", "pkg/ironleaf.wasm", "site.js", "passkeys.js"] {
        std::fs::write(folder.join("site").join(name), "").unwrap();
    }
    let mut command = Command::new(PROGRAM);
    command
        .env_clear()
        .env("DATA_DIR", folder.join("data"))
        .env("LEPTOS_SITE_ROOT", folder.join("site"))
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

fn refused(arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let Output { status, stderr, .. } =
        command(folder.path()).args(arguments).envs(settings.iter().copied()).output().unwrap();
    assert!(!status.success(), "{arguments:?} {settings:?} was accepted");
    String::from_utf8(stderr).unwrap()
}

/// Sends one request, and returns the whole answer as text.
fn send(address: SocketAddr, head: &str, cookie: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{head} HTTP/1.1\r\nHost: {address}\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A running program. It is killed at the end of the test.
struct Running {
    child: Child,
    address: SocketAddr,
    log: Option<JoinHandle<String>>,
}

impl Running {
    /// Starts the program, and waits for the line `up`.
    fn start(
        folder: &TempDir,
        arguments: &[&str],
        settings: &[(&str, String)],
        up: &str,
        address: SocketAddr,
    ) -> Self {
        let mut command = command(folder.path());
        command.args(arguments).envs(settings.iter().map(|(name, value)| (*name, value)));
        Self::spawn(command, up, address)
    }

    fn spawn(mut command: Command, up: &str, address: SocketAddr) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let mut seen = String::new();
        while !seen.contains(up) {
            assert_ne!(log.read_line(&mut seen).unwrap(), 0, "it stopped: {seen}");
        }
        // An unread pipe would block the writer.
        let log = std::thread::spawn(move || {
            log.read_to_string(&mut seen).unwrap();
            seen
        });
        Self { child, address, log: Some(log) }
    }

    fn application(folder: &TempDir, core_api: &[(&str, String)]) -> Self {
        let address = free_address();
        let mut settings = vec![("LISTEN_ADDR", address.to_string())];
        settings.extend_from_slice(core_api);
        Self::start(folder, &["serve"], &settings, "core API is on", address)
    }

    fn embedded(folder: &TempDir) -> Self {
        Self::embedded_with(folder, &[])
    }

    fn embedded_with(folder: &TempDir, settings: &[(&str, String)]) -> Self {
        let core_api = [("CORE_API_LISTEN_ADDR", free_address().to_string())];
        Self::application(folder, &[&core_api, settings].concat())
    }

    fn send(&self, head: &str, cookie: &str, body: &str) -> String {
        send(self.address, head, cookie, body)
    }

    fn sign_in(&self) -> String {
        let answer = self.send("POST /api/sign-in", "", "email=user@test.com&password=password1");
        let (head, _) = answer.split_once("\r\n\r\n").unwrap();
        let pairs = head.split("set-cookie: ").skip(1).map(|line| line.split(';').next().unwrap());
        let cookie = pairs.collect::<Vec<_>>().join("; ");
        assert!(cookie.contains("ironleaf-session"), "no session in {answer}");
        cookie
    }

    /// Sends SIGTERM, as an orchestrator does first.
    #[cfg(unix)]
    fn tell_to_stop(&self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// All output of the program, from its start to its end. The program ends by itself, because a killed one loses its
    /// last lines.
    #[cfg(unix)]
    fn into_log(mut self) -> String {
        self.tell_to_stop();
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_public_address_without_production_is_refused() {
    let text = refused(&["serve"], &[("LISTEN_ADDR", "0.0.0.0:3000")]);
    assert!(text.contains("LISTEN_ADDR") && text.contains("IRONLEAF_ENV=production"), "{text}");
}

#[test]
fn an_unknown_command_shows_the_known_ones() {
    let text = refused(&["srve"], &[]);
    assert!(text.contains("`srve`") && text.contains("ironleaf core-api"), "{text}");
}

#[test]
fn a_taken_port_is_named_with_its_variable() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let text = refused(&["serve"], &[("LISTEN_ADDR", &address)]);
    assert!(text.contains(&address) && text.contains("LISTEN_ADDR") && text.contains("in use"), "{text}");
    let free = free_address().to_string();
    let text = refused(&["serve"], &[("LISTEN_ADDR", &free), ("CORE_API_LISTEN_ADDR", &address)]);
    assert!(text.contains(&address) && text.contains("CORE_API_LISTEN_ADDR"), "{text}");
}

#[test]
fn a_site_that_was_not_built_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty").display().to_string();
    let text = refused(&["serve"], &[("LEPTOS_SITE_ROOT", &empty)]);
    assert!(text.contains("cargo xtask build"), "{text}");
}

#[test]
fn config_check_prints_what_is_in_force_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "61206b657920666f722074657374732c20616e64206e6f207365637265742121";
    let output = command(folder.path())
        .args(["config", "check"])
        .env("SESSION_SECRETS", secret)
        .env("APP_NAME", "Acme")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("APP_NAME=Acme") && !text.contains(secret), "{text}");
}

#[test]
fn a_session_outlives_a_kill_and_a_second_start() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::embedded(&folder);
    let cookie = first.sign_in();
    first.kill();
    let second = Running::embedded(&folder);
    let page = second.send("GET /account", &cookie, "");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("user@test.com"), "{page}");
}

#[test]
fn a_core_api_of_its_own_works_the_same() {
    let (core_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let core_address = free_address();
    let core_settings = [("CORE_API_LISTEN_ADDR", core_address.to_string())];
    let core_api =
        Running::start(&core_folder, &["core-api"], &core_settings, "the core API is up", core_address);
    let url = format!("http://{core_address}/v1");
    let application = Running::application(&folder, &[("CORE_API_URL", url)]);
    let cookie = application.sign_in();
    assert!(application.send("GET /account", &cookie, "").contains("user@test.com"));
    core_api.kill();
    let page = application.send("GET /account", &cookie, "");
    assert!(page.starts_with("HTTP/1.1 503") && page.contains("retry-after"), "{page}");
    assert!(application.send("GET /", "", "").starts_with("HTTP/1.1 200"));
}

/// No host name ends in `.invalid` (RFC 2606, section 2), so the request can only arrive through the proxy. A server
/// also accepts requests in absolute form (RFC 9112, section 3.2.2), so the core API can be its own proxy.
#[test]
fn a_core_api_is_reached_through_a_proxy() {
    let (core_folder, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let core_address = free_address();
    let core_settings = [("CORE_API_LISTEN_ADDR", core_address.to_string())];
    let _core_api =
        Running::start(&core_folder, &["core-api"], &core_settings, "the core API is up", core_address);
    let settings = [
        ("CORE_API_URL", "http://api.invalid/v1".to_owned()),
        ("CORE_API_PROXY", format!("http://{core_address}")),
    ];
    let application = Running::application(&folder, &settings);
    let cookie = application.sign_in();
    assert!(application.send("GET /account", &cookie, "").contains("user@test.com"));
}

#[test]
fn what_is_probably_not_meant_is_said_by_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path())
        .args(["config", "check"])
        .env("CORE_API_URL", "http://api.example.com/v1")
        .env("HTTP_PROXY", "http://proxy.example.com")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    for said in ["CORE_API_URL is http://", "HTTP_PROXY is set and not used"] {
        assert!(text.contains(said), "{said} is not in: {text}");
    }
}

#[test]
fn a_core_api_sends_its_e_mails_over_tls_to_the_configured_mail_server() {
    let (folder, mail_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut mail_server = MailServer::start(mail_folder.path());
    let address = free_address();
    let settings = [
        ("CORE_API_LISTEN_ADDR", address.to_string()),
        ("SMTP_URL", mail_server.url()),
        ("SMTP_FROM", "no-reply@example.com".to_owned()),
        ("SSL_CERT_FILE", mail_server.certificate()),
    ];
    let core_api = Running::start(&folder, &["core-api"], &settings, "the core API is up", address);
    let answer = core_api.send("POST /v1/auth/tokens", "", r#"{"email":"user@test.com"}"#);
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let message = mail_server.next_message();
    for line in
        ["From: Ironleaf <no-reply@example.com>", "To: user@test.com", "Auto-Submitted: auto-generated"]
    {
        assert!(message.contains(line), "{line} is not in: {message}");
    }
}

#[test]
fn a_session_of_nearly_16_kb_comes_through_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("CORE_API_TOKEN_MARK", "MARKEDTOKEN42".repeat(445)),
        ("SESSION_HEADER_BUDGET", (16 * 1024).to_string()),
    ];
    let application = Running::embedded_with(&folder, &settings);
    let cookie = application.sign_in();
    let session =
        cookie.split("; ").filter(|pair| pair.starts_with("ironleaf-session")).map(|pair| pair.len() + 2);
    let bytes: usize = session.sum();
    assert!((15_500..=16 * 1024).contains(&bytes), "{bytes} bytes");
    let page = application.send("GET /account", &cookie, "");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("user@test.com"), "{page}");
}

#[test]
fn a_running_program_is_asked_how_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::embedded(&folder);
    let address = running.address.to_string();
    for (arguments, said) in [(&["health"][..], r#"{"ok":true}"#), (&["health", "ready"], r#""store":"ok""#)]
    {
        let output = command(folder.path()).args(arguments).env("LISTEN_ADDR", &address).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains(said), "{text}");
    }
    drop(running);
    assert!(refused(&["health"], &[("LISTEN_ADDR", &address)]).contains(&address));
}

#[test]
fn the_pages_are_listed_without_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    // A server would refuse this.
    let output = command(folder.path()).arg("pages").env("LISTEN_ADDR", "0.0.0.0:3000").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let paths = text.lines().map(|line| line.split(' ').next().unwrap());
    assert!(paths.eq(app::pages().paths()), "{text}");
    assert!(text.lines().any(|line| line == "/admin/people ADMIN"), "{text}");
}

#[test]
fn a_slip_of_the_pen_is_pointed_out() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        command(folder.path()).args(["config", "check"]).env("SESSION_IDEL_TIMEOUT", "1h").output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && text.contains("Is SESSION_IDLE_TIMEOUT meant?"), "{text}");
}

#[cfg(not(feature = "otlp"))]
#[test]
fn a_build_without_traces_says_so_where_they_are_asked_for() {
    let text = refused(&["serve"], &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")]);
    assert!(text.contains("--features otlp"), "{text}");
}

#[test]
fn a_core_api_that_is_away_is_named_and_takes_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = format!("http://{}/v1", free_address());
    let application = Running::application(&folder, &[("CORE_API_URL", nowhere)]);
    // Two more than the circuit breaker needs to open.
    for _ in 0..7 {
        application.send("POST /api/sign-in", "", "email=user@test.com&password=password1");
    }
    let ready = application.send("GET /health/ready", "", "");
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains(r#""core_api":"unreachable""#), "{ready}");
    assert!(ready.contains(r#""store":"ok""#), "{ready}");
    // The core API is the provider here, so it is named once.
    assert!(!ready.contains("provider"), "{ready}");
}

#[test]
fn a_provider_that_is_away_is_named_and_takes_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = || format!("http://{}", free_address());
    let metrics_address = free_address();
    let settings = [
        ("PROVIDER", "oidc".to_owned()),
        ("OIDC_ISSUER", nowhere()),
        ("OIDC_CLIENT_ID", "app".to_owned()),
        ("OIDC_CLIENT_SECRET", "a client secret".to_owned()),
        ("CORE_API_URL", nowhere()),
        ("METRICS_LISTEN_ADDR", metrics_address.to_string()),
    ];
    let application = Running::application(&folder, &settings);
    let ready = application.send("GET /health/ready", "", "");
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains(r#""provider":"unreachable""#), "{ready}");
    assert!(ready.contains(r#""core_api":"ok""#), "{ready}");
    let text = send(metrics_address, "GET /metrics", "", "");
    for breaker in ["core_api", "provider"] {
        let sample = format!("ironleaf_{breaker}_breaker_state{{state=\"closed\"}} 1");
        assert!(text.contains(&sample), "{sample} is not in: {text}");
    }
    assert!(application.send("GET /login", "", "").starts_with("HTTP/1.1 200"));
}
