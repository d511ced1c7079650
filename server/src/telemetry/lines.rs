//! Writes log lines to standard output without blocking a request: the reader may have stopped, and a full pipe would
//! stop every request.

use std::io::{self, BufWriter, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

use crate::metrics;

/// The number of lines that wait for the reader, a few megabytes. Further lines are dropped and counted.
const WAITING_LINES: usize = 10_000;

/// Lines that arrive within this time are written together. Waking a thread and writing for each line took a tenth of
/// the cost of a kept page.
const BATCH_EVERY: Duration = Duration::from_millis(2);
const BATCH_BYTES: usize = 64 * 1024;

/// How often dropped lines are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The output of the log thread. It flushes when no line waits, and then sleeps, so that several lines are written
/// together.
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

/// When it is dropped, it writes the waiting lines, for a second at most.
pub(super) struct Lines {
    stop: Option<Sender<()>>,
    watch: Option<JoinHandle<()>>,
    _worker: WorkerGuard,
}

/// The writer for lines, and the value that ends it.
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
    // Without this thread nobody learns of dropped lines. That is not a reason to refuse to start.
    (writer, Lines { stop: Some(stop), watch: watch.ok(), _worker: worker })
}

/// Logs how many lines were dropped since the last report, and in total.
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
            // If it ended with a panic, the log has it.
            let _ = watch.join();
        }
    }
}
