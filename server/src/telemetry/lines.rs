//! The way of a line to the standard output, on which no request waits: who reads it may have stopped, and a pipe that is full would stop
//! every request with it.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

use crate::metrics;

/// So many lines wait for the reader, some megabytes; more are dropped and counted.
const WAITING_LINES: usize = 10_000;

/// How often it is looked whether lines were dropped.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Writes what waits, for a second at most, when it is dropped.
pub(super) struct Lines {
    stop: Option<Sender<()>>,
    watch: Option<JoinHandle<()>>,
    _worker: WorkerGuard,
}

/// What lines are written to, and what ends it.
pub(super) fn start() -> (NonBlocking, Lines) {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES);
    let (writer, worker) = builder.thread_name("log").finish(std::io::stdout());
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
