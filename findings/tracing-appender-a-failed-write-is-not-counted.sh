#!/usr/bin/env bash
# tracing-appender 0.2.5, run with Rust 1.95.
#
# The non-blocking writer counts lines that it drops because its queue is full (`error_counter().dropped_lines()`). A line that its thread
# cannot write, because the disk is full or the reader of the pipe is gone, is lost without a trace: the counter stays 0, the caller was
# told that everything was written, and nothing is printed. So "no dropped lines" does not mean that the log is complete.
#
# The writer here fails every other write, as a disk does that is full now and then.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "lost-lines"
version = "0.0.0"
edition = "2024"

[dependencies]
tracing-appender = "=0.2.5"
TOML
cat >"$folder/src/main.rs" <<'RUST'
use std::io::{Error, ErrorKind, Result, Write};
use std::sync::{Arc, Mutex};

use tracing_appender::non_blocking::NonBlockingBuilder;

#[derive(Clone, Default)]
struct FullNowAndThen {
    attempts: Arc<Mutex<usize>>,
    kept: Arc<Mutex<Vec<String>>>,
}

impl Write for FullNowAndThen {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut attempts = self.attempts.lock().unwrap();
        *attempts += 1;
        if *attempts % 2 == 0 {
            return Err(Error::from(ErrorKind::StorageFull));
        }
        self.kept.lock().unwrap().push(String::from_utf8_lossy(bytes).trim().to_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

fn main() {
    let disk = FullNowAndThen::default();
    let (mut log, guard) = NonBlockingBuilder::default().lossy(true).finish(disk.clone());
    let dropped = log.error_counter();
    for line in 1..=6 {
        let told = log.write(format!("line {line}\n").as_bytes());
        println!("line {line}: the caller was told {told:?}");
    }
    drop(guard);
    println!("on the disk: {:?}", disk.kept.lock().unwrap());
    println!("dropped lines, as it counts them: {}", dropped.dropped_lines());
}
RUST
cargo run --quiet --manifest-path "$folder/Cargo.toml" --target-dir "$folder/target" | tee "$folder/said"
diff "$folder/said" - <<'EXPECTED'
line 1: the caller was told Ok(7)
line 2: the caller was told Ok(7)
line 3: the caller was told Ok(7)
line 4: the caller was told Ok(7)
line 5: the caller was told Ok(7)
line 6: the caller was told Ok(7)
on the disk: ["line 1", "line 3", "line 5"]
dropped lines, as it counts them: 0
EXPECTED
