//! What reaches the output, whatever the threads, the reader and the end do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::*;

/// A machine that is busy with other tests may stand still for this long, but no longer.
const GENEROUS: Duration = Duration::from_secs(10);

/// An output that can be read while it is written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn log(writer: &Writer, line: &str) {
    writer.make_writer().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// A pipe: a write waits until somebody reads.
struct Pipe(Sender<Vec<u8>>, Receiver<()>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
        self.1.recv().map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An output that takes as many bytes as each write is allowed, then fails, and recovers.
struct Disk(Paper, std::vec::IntoIter<Option<usize>>);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.1.next() {
            Some(Some(room)) => self.0.write(&bytes[..room]),
            Some(None) => Err(io::ErrorKind::StorageFull.into()),
            None => self.0.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_lines_of_many_threads_are_whole_and_all_there() {
    let paper = Paper::default();
    let (writer, lines) = start_with(paper.clone(), WAITING_LINES).unwrap();
    thread::scope(|scope| {
        for thread in 0..8 {
            let writer = &writer;
            scope.spawn(move || {
                for number in 0..1_000 {
                    log(writer, &format!("{thread} {number} {}", "x".repeat(number % 300)));
                }
            });
        }
    });
    drop(lines);
    let text = paper.text();
    for thread in 0..8 {
        let expected: Vec<_> =
            (0..1_000).map(|number| format!("{thread} {number} {}", "x".repeat(number % 300))).collect();
        let own = text.lines().filter(|line| line.starts_with(&format!("{thread} ")));
        assert!(own.eq(expected), "thread {thread}");
    }
    assert_eq!(text.lines().count(), 8_000);
    assert_eq!(writer.dropped.load(Ordering::Relaxed), 0);
}

#[test]
fn a_panic_loses_nothing_that_was_logged_before() {
    let paper = Paper::default();
    let (writer, lines) = start_with(paper.clone(), WAITING_LINES).unwrap();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let _lines = lines;
        for number in 0..100 {
            log(&writer, &number.to_string());
        }
        panic!("on purpose");
    }));
    assert!(ended.is_err());
    assert!(paper.text().lines().eq((0..100).map(|number| number.to_string())));
}

#[test]
fn a_line_is_written_without_another_one_or_an_end() {
    let (seen, written) = channel();
    let (read, reading) = channel();
    let (writer, _lines) = start_with(Pipe(seen, reading), WAITING_LINES).unwrap();
    for line in ["first", "second", "third"] {
        log(&writer, line);
        assert_eq!(written.recv_timeout(GENEROUS).unwrap(), format!("{line}\n").into_bytes());
        read.send(()).unwrap();
    }
}

#[test]
fn a_full_pipe_blocks_nobody_and_its_lines_are_counted() {
    let (seen, written) = channel();
    let (read, reading) = channel();
    let (writer, lines) = start_with(Pipe(seen, reading), 10).unwrap();
    log(&writer, "0");
    let first = written.recv_timeout(GENEROUS).unwrap();
    // From here on the thread waits for the reader.
    for number in 1..=25 {
        log(&writer, &number.to_string());
    }
    assert_eq!(writer.dropped.load(Ordering::Relaxed), 15);
    for _ in 0..2 {
        read.send(()).unwrap();
    }
    let then = written.recv_timeout(GENEROUS).unwrap();
    let text = String::from_utf8([first, then].concat()).unwrap();
    assert!(text.lines().eq((0..=10).map(|number| number.to_string())), "{text}");
    drop(lines);
}

#[test]
fn a_reader_that_has_stopped_holds_up_the_end_for_a_second_at_most() {
    let (seen, written) = channel();
    let (_read, reading) = channel();
    let (writer, lines) = start_with(Pipe(seen, reading), 10).unwrap();
    log(&writer, "0");
    written.recv_timeout(GENEROUS).unwrap();
    for number in 1..=25 {
        log(&writer, &number.to_string());
    }
    assert_eq!(writer.dropped.load(Ordering::Relaxed), 15, "the queue is full as well");
    let began = Instant::now();
    drop(lines);
    assert!(began.elapsed() < PATIENCE + GENEROUS);
}

#[test]
fn lines_that_cannot_be_written_are_counted_and_later_ones_are_whole() {
    let paper = Paper::default();
    let room = vec![None, Some(4), None];
    let mut batch = Batch {
        out: Disk(paper.clone(), room.into_iter()),
        bytes: Vec::new(),
        is_torn: false,
        dropped: Arc::default(),
    };
    for (line, dropped) in [("lost\n", 1), ("a torn line\n", 2), ("a whole line\n", 2), ("another\n", 2)] {
        batch.take(Message::Line(line.as_bytes().to_vec()));
        batch.write();
        assert_eq!(batch.dropped.load(Ordering::Relaxed), dropped, "{line}");
    }
    assert_eq!(paper.text(), "a to\na whole line\nanother\n");
}
