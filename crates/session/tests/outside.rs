//! Builds the example as its reader would: in an application of its own, outside the workspace.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

const MANIFEST: &str = r#"
[workspace]

[package]
name = "counter"
version = "0.0.0"
edition = "2024"

[dependencies]
axum = { version = "0.8", default-features = false, features = ["tokio", "http1"] }
ironleaf-session = { path = "PATH" }
tokio = { version = "1", features = ["macros", "rt-multi-thread", "net"] }
"#;

/// Stops the server when the test ends, however it ends.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(binary: &Path) -> Self {
        let mut child = Command::new(binary)
            .env("SESSION_SECRETS", "61206b657920666f722074657374732c20616e64206e6f207365637265742121")
            .env("LISTEN_ADDR", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self { child, address }
    }

    /// The body of the page, and the cookie that it sets.
    fn visit(&self, cookie: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!(
            "GET / HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let set_cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        (body.trim().to_owned(), set_cookie.split(';').next().unwrap().to_owned())
    }
}

/// Builds the example in an empty package that depends on this crate by path, and takes nothing from the workspace.
fn build() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("Cargo.toml"), MANIFEST.replace("PATH", crate_folder.to_str().unwrap())).unwrap();
    fs::copy(crate_folder.join("examples/counter.rs"), folder.join("src/main.rs")).unwrap();
    // Uses the versions that are there already, so the test needs no network.
    fs::copy(crate_folder.join("../../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .status()
        .unwrap();
    assert!(status.success(), "the example does not build outside the workspace");
    folder.join("target/debug/counter")
}

#[test]
fn the_example_builds_alone_and_keeps_its_counter_over_a_restart() {
    let binary = build();
    let server = Server::start(&binary);
    let (body, cookie) = server.visit("");
    assert_eq!(body, "visit 1");
    let (body, cookie) = server.visit(&cookie);
    assert_eq!(body, "visit 2");
    drop(server);
    let (body, _) = Server::start(&binary).visit(&cookie);
    assert_eq!(body, "visit 3");
}
