//! Runs the command itself on a machine without any tools.
#![expect(clippy::unwrap_used, reason = "a test that cannot start anything has failed")]

use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Too short for any compilation.
const SECONDS: Duration = Duration::from_secs(5);

/// With only an empty folder on `PATH`.
fn on_an_empty_machine(command: &[&str]) -> Output {
    let folder =
        std::env::temp_dir().join(format!("ironleaf-empty-{}-{}", std::process::id(), command.join("")));
    std::fs::create_dir_all(&folder).unwrap();
    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(command)
        .env_clear()
        .env("PATH", &folder)
        .env("HOME", &folder)
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .env("CORE_API_LISTEN_ADDR", "127.0.0.1:0")
        .output()
        .unwrap();
    assert!(started.elapsed() < SECONDS, "{:?}", started.elapsed());
    std::fs::remove_dir_all(folder).unwrap();
    output
}

fn names(command: &[&str], all: &[&str]) {
    let output = on_an_empty_machine(command);
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    for name in all {
        assert!(text.contains(name), "{command:?} does not name {name}: {text}");
    }
}

#[test]
fn serving_names_all_that_is_missing_before_it_builds() {
    names(&["serve"], &["a C compiler", "wasm32-unknown-unknown", "rustup.rs"]);
}

#[test]
fn the_tests_name_all_that_is_missing_before_they_build() {
    let all = [
        "a C compiler",
        "wasm32-unknown-unknown",
        "a C++ compiler",
        "Node 20 or later",
        "rustup toolchain install nightly",
        "openssl",
        "redis-server",
        "aiosmtpd",
    ];
    names(&["test"], &all);
    names(&["test", "--fast"], &["a C compiler", "openssl", "redis-server", "aiosmtpd"]);
}

#[test]
fn what_looks_at_pages_names_node_before_it_builds() {
    for command in ["e2e", "size", "shots", "lighthouse"] {
        names(&[command], &["Node 20 or later", "a C compiler"]);
    }
}
