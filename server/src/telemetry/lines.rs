//! Writes log lines to standard output without blocking a request: the reader may have stopped, and a full pipe would
//! stop every request. For the same reason, the end of the program waits for the reader only a second.

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use crate::metrics;

/// The number of lines that wait for the reader, a few megabytes. Further lines are dropped and counted.
const WAITING_LINES: usize = 10_000;

/// Lines that arrive within this time are written together. Waking a thread and writing for each line took a tenth of
/// the cost of a kept page.
const BATCH_EVERY: Duration = Duration::from_millis(2);
const BATCH_BYTES: usize = 64 * 1024;

/// How often dropped lines are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long the end waits for the reader.
const PATIENCE: Duration = Duration::from_secs(1);

enum Message {
    Line(Vec<u8>),
    /// Wakes the thread, so that it sees the end.
    End,
}

/// Takes lines and never waits.
#[derive(Clone)]
pub(super) struct Writer {
    lines: SyncSender<Message>,
    dropped: Arc<AtomicUsize>,
}

impl Write for &Writer {
    /// Each call is one line, or several whole ones.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.lines.try_send(Message::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Writer {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// When it is dropped, it writes the waiting lines, for a second at most.
pub(super) struct Lines {
    watch: Option<(Sender<()>, JoinHandle<()>)>,
    writer: Writer,
    ending: Arc<AtomicBool>,
    /// Disconnected once the last line is written.
    written: Receiver<()>,
}

/// The writer for lines, and the value that ends it.
///
/// # Errors
///
/// If the operating system refuses a thread.
pub(super) fn start() -> io::Result<(Writer, Lines)> {
    let (writer, mut lines) = start_with(io::stdout(), WAITING_LINES)?;
    let (stop, stopped) = mpsc::channel();
    let dropped = Arc::clone(&writer.dropped);
    let watch = thread::Builder::new().name("log watch".to_owned()).spawn(move || {
        let mut known = 0;
        while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            known = report(&dropped, known);
        }
        report(&dropped, known);
    })?;
    lines.watch = Some((stop, watch));
    Ok((writer, lines))
}

fn start_with(out: impl Write + Send + 'static, waiting_lines: usize) -> io::Result<(Writer, Lines)> {
    let (sender, waiting) = mpsc::sync_channel(waiting_lines);
    let writer = Writer { lines: sender, dropped: Arc::default() };
    let ending = Arc::new(AtomicBool::new(false));
    let (done, written) = mpsc::channel::<()>();
    let batch = Batch { out, bytes: Vec::new(), is_torn: false, dropped: Arc::clone(&writer.dropped) };
    let is_ending = Arc::clone(&ending);
    thread::Builder::new().name("log".to_owned()).spawn(move || {
        write_all(&waiting, batch, &is_ending);
        drop(done);
    })?;
    Ok((writer.clone(), Lines { watch: None, writer, ending, written }))
}

/// Writes what waits in batches, until the end.
fn write_all(waiting: &Receiver<Message>, mut batch: Batch<impl Write>, is_ending: &AtomicBool) {
    while let Ok(first) = waiting.recv() {
        batch.take(first);
        for next in waiting.try_iter() {
            batch.take(next);
        }
        batch.write();
        // After the end is announced, nothing waits here any more but lines that were logged later.
        if is_ending.load(Ordering::Acquire) {
            for last in waiting.try_iter() {
                batch.take(last);
            }
            batch.write();
            return;
        }
        thread::sleep(BATCH_EVERY);
    }
}

/// Lines that are written together.
struct Batch<W> {
    out: W,
    bytes: Vec<u8>,
    /// Whether the last write failed in the middle of a line.
    is_torn: bool,
    dropped: Arc<AtomicUsize>,
}

impl<W: Write> Batch<W> {
    fn take(&mut self, message: Message) {
        let Message::Line(line) = message else { return };
        self.bytes.extend_from_slice(&line);
        if self.bytes.len() >= BATCH_BYTES {
            self.write();
        }
    }

    /// Writes the batch. If that fails, the lines that did not arrive count as dropped: a disk may be full, or the
    /// reader gone.
    fn write(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        if self.is_torn {
            // What follows half a line is a line of its own.
            self.bytes.insert(0, b'\n');
        }
        let written = write_as_much_as_possible(&mut self.out, &self.bytes);
        let (arrived, lost) = self.bytes.split_at(written);
        if let Some(last) = arrived.last() {
            self.is_torn = *last != b'\n';
        }
        let lost = lost.split(|byte| *byte == b'\n').count() - 1;
        self.dropped.fetch_add(lost, Ordering::Relaxed);
        self.bytes.clear();
    }
}

/// The number of bytes that were written.
fn write_as_much_as_possible(out: &mut impl Write, bytes: &[u8]) -> usize {
    let mut written = 0;
    while written < bytes.len() {
        match out.write(&bytes[written..]) {
            Ok(0) => break,
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    // Standard output keeps the bytes that follow the last end of a line, and offers them again at the next write.
    let _ = out.flush();
    written
}

/// Logs how many lines were dropped since the last report, and in total.
fn report(dropped: &AtomicUsize, known: usize) -> usize {
    let in_all = dropped.load(Ordering::Relaxed);
    let lines = in_all.saturating_sub(known);
    if lines > 0 {
        metrics::note_dropped_lines(lines);
        tracing::warn!(lines, in_all, "log lines were dropped: they could not be written in time");
    }
    in_all
}

impl Drop for Lines {
    fn drop(&mut self) {
        if let Some((stop, watch)) = self.watch.take() {
            drop(stop);
            // If it ended with a panic, the log has it.
            let _ = watch.join();
        }
        self.ending.store(true, Ordering::Release);
        // If there is no room, the thread is awake, and sees the end after the lines that wait.
        let _ = self.writer.lines.try_send(Message::End);
        let _ = self.written.recv_timeout(PATIENCE);
    }
}
