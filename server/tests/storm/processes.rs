//! The programs of a set-up, each in its own process on a free port. They can be killed with SIGKILL, and end with the
//! test.

use std::collections::VecDeque;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;
pub(crate) use test_ports::free_address;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How many lines of each process a failed test shows.
const LAST_LINES: usize = 20;

/// A program that can be killed and started again.
pub(crate) struct Process {
    pub(crate) address: SocketAddr,
    command: Command,
    up: &'static str,
    child: Child,
    pub(crate) said: Said,
}

/// The newest lines of its log.
pub(crate) type Said = Arc<Mutex<VecDeque<String>>>;

impl Process {
    /// Returns when the program prints a line with `up`.
    pub(crate) async fn start(mut command: Command, up: &'static str, address: SocketAddr) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let said = Said::default();
        let child = spawn(&mut command, up, &said).await;
        Self { address, command, up, child, said }
    }

    /// The web application or the stand-alone core API.
    pub(crate) async fn ironleaf(folder: &Path, subcommand: Subcommand, settings: &[(&str, String)]) -> Self {
        let (command, up, address) = program(folder, subcommand, settings);
        Self::start(command, up, address).await
    }

    /// A Redis with persistence, in its own folder.
    pub(crate) async fn redis(folder: &TempDir, arguments: &[&str]) -> Self {
        let address = free_address();
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"])
            .args(["--port", &address.port().to_string()])
            .arg("--dir")
            .arg(folder.path())
            .args(arguments);
        Self::start(command, "Ready to accept connections", address).await
    }

    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    pub(crate) async fn start_again(&mut self) {
        self.child = spawn(&mut self.command, self.up, &self.said).await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            let lines = said.iter().cloned().collect::<Vec<_>>().join("\n");
            let _ = writeln!(std::io::stderr(), "the last that {} said:\n{lines}\n", self.address);
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Subcommand {
    Serve,
    CoreApi,
}

/// The command that starts the program, its line when it is up, and its address.
pub(crate) fn program(
    folder: &Path,
    subcommand: Subcommand,
    settings: &[(&str, String)],
) -> (Command, &'static str, SocketAddr) {
    let address = free_address();
    let mut command = ironleaf(folder);
    let (name, listens, up) = match subcommand {
        Subcommand::Serve => ("serve", "LISTEN_ADDR", "core API is on"),
        Subcommand::CoreApi => ("core-api", "CORE_API_LISTEN_ADDR", "the core API is up"),
    };
    command.arg(name).env(listens, address.to_string()).env("RUST_LOG", "warn,server=info");
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    (command, up, address)
}

/// The message of a program that refuses to start.
pub(crate) async fn refusal(folder: &Path, settings: &[(&str, String)]) -> String {
    let mut command = ironleaf(folder);
    command.arg("serve").env("LISTEN_ADDR", free_address().to_string());
    command.envs(settings.iter().map(|(name, value)| (name, value))).kill_on_drop(true);
    let Output { status, stderr, .. } = command.output().await.unwrap();
    assert!(!status.success(), "{settings:?} was accepted");
    String::from_utf8(stderr).unwrap()
}

fn ironleaf(folder: &Path) -> Command {
    std::fs::create_dir_all(folder.join("site/pkg")).unwrap();
    for name in ["pkg/ironleaf.css", "pkg/ironleaf.js", "pkg/ironleaf.wasm", "site.js", "passkeys.js"] {
        std::fs::write(folder.join("site").join(name), "").unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_ironleaf"));
    command
        .env_clear()
        .env("DATA_DIR", folder.join("data"))
        .env("LEPTOS_SITE_ROOT", folder.join("site"))
        .current_dir(folder);
    command
}

async fn spawn(command: &mut Command, up: &str, said: &Said) -> Child {
    let mut child = command.spawn().expect("these tests need redis-server: apt-get install redis-server");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap();
        let line = line.unwrap_or_else(|| panic!("it stopped: {:?}", said.lock().unwrap()));
        let is_up = line.contains(up);
        keep(said, line);
        if is_up {
            break;
        }
    }
    // An unread pipe would block the writer.
    let said = Arc::clone(said);
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            keep(&said, line);
        }
    });
    child
}

fn keep(said: &Said, line: String) {
    let mut said = said.lock().unwrap();
    said.push_back(line);
    if said.len() > LAST_LINES {
        said.pop_front();
    }
}
