//! The way of a line to the standard output, on which no request waits: who reads it may have stopped, and a pipe that is full would stop
//! every request with it.

use std::io::{self, BufWriter, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

use crate::metrics;

/// So many lines wait for the reader, some megabytes; more are dropped and counted.
const WAITING_LINES: usize = 10_000;

/// Lines that come within this time are written together. To wake a thread and write for each of them took a tenth of what a kept page costs.
const BATCH_EVERY: Duration = Duration::from_millis(2);
const BATCH_BYTES: usize = 64 * 1024;

/// How often it is looked whether lines were dropped.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What the thread of the log writes to. It flushes as soon as no line waits, and sleeps then, so that several come together.
struct Batches<W: Write>(BufWriter<W>);

impl<W: Write> Write for Batches<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        std::thread::sleep(BATCH_EVERY);
        Ok(())
    }
}

/// Writes what waits, for a second at most, when it is dropped.
pub(super) struct Lines {
    stop: Option<Sender<()>>,
    watch: Option<JoinHandle<()>>,
    _worker: WorkerGuard,
}

/// What lines are written to, and what ends it.
pub(super) fn start() -> (NonBlocking, Lines) {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES);
    let (writer, worker) =
        builder.thread_name("log").finish(Batches(BufWriter::with_capacity(BATCH_BYTES, io::stdout())));
    let dropped = writer.error_counter();
    let (stop, stopped) = mpsc::channel();
    let watch = std::thread::Builder::new().name("log watch".to_owned()).spawn(move || {
        let mut known = 0;
        while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            known = report(&dropped, known);
        }
        report(&dropped, known);
    });
    // Without a thread for it nobody is told, which is no reason not to start.
    (writer, Lines { stop: Some(stop), watch: watch.ok(), _worker: worker })
}

/// Says how many lines were dropped since the last time, and how many in all.
fn report(dropped: &ErrorCounter, known: usize) -> usize {
    let in_all = dropped.dropped_lines();
    let lines = in_all.saturating_sub(known);
    if lines > 0 {
        metrics::note_dropped_lines(lines);
        tracing::warn!(lines, in_all, "lines of this log were dropped: nobody reads it fast enough");
    }
    in_all
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(watch) = self.watch.take() {
            // It ended with a panic, which the log has.
            let _ = watch.join();
        }
    }
}
