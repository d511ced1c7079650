//! Sits between hyper and a connection. It limits how long a client may stop reading, and closes a connection properly
//! while the client still sends.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a client may read nothing of an answer. A client that never reads would hold the connection forever.
pub(super) const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The part of an answer that the operating system buffers. It accepts more once much of that is gone, so with a larger
/// buffer a slow client looks for longer like one that reads nothing. With this size, a client that reads two kilobytes
/// per second does not.
pub(super) const SEND_BUFFER_BYTES: usize = 64 * 1024;

/// How much of a request is read, and for how long, after an early answer. If the server closed at once, the operating
/// system would send a reset, which overtakes the answer; proxies turn it into a 502 and treat this server as down.
/// Apache httpd does not look for an answer before it has sent the whole body. Each byte costs the sender as much as
/// this process.
const DISCARDED_BYTES: usize = 64 * 1024 * 1024;
pub(super) const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether bytes have arrived on a connection, or are still to come, that belong to no request yet.
#[derive(Clone, Default)]
pub(super) struct Unread(Arc<State>);

#[derive(Default)]
struct State {
    /// Bytes have arrived since the last whole request.
    bytes: AtomicBool,
    /// The body of the current request has not been read to its end.
    body: AtomicBool,
}

impl Unread {
    fn set(&self, unread: bool) {
        self.0.bytes.store(unread, Ordering::Relaxed);
        self.0.body.store(unread, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Whether the rest of a body is still to come. Bytes that were read ahead of the next request do not count.
    pub(super) fn is_body(&self) -> bool {
        self.0.body.load(Ordering::Relaxed)
    }

    /// The body of a request. It counts as read once its end has been seen.
    pub(super) fn watch(&self, body: Incoming) -> Body {
        if body.is_end_stream() {
            self.set(false);
            return Body::empty();
        }
        self.set(true);
        Body::new(Watched { body, unread: self.clone() })
    }
}

struct Watched {
    body: Incoming,
    unread: Unread,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.unread.set(false);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection as hyper reads and writes it, and after an upgrade whoever has it then.
pub(super) struct Socket<S, N, H> {
    stream: S,
    /// Called with all bytes that are read.
    note: N,
    unread: Unread,
    stalled: Option<Pin<Box<Sleep>>>,
    discarding: Option<Discarding>,
    /// Dropped with the connection.
    _held: H,
}

struct Discarding {
    left: usize,
    until: Pin<Box<Sleep>>,
}

impl<S, N, H> Socket<S, N, H> {
    pub(super) const fn new(stream: S, note: N, unread: Unread, held: H) -> Self {
        Self { stream, note, unread, stalled: None, discarding: None, _held: held }
    }

    /// The result of a write, or an error if no write was possible for too long.
    fn in_time<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let timer = self.stalled.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + STALL_TIMEOUT)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads nothing")))
    }
}

impl<S: AsyncRead + Unpin, N: FnMut(&[u8]) + Unpin, H: Unpin> AsyncRead for Socket<S, N, H> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = &buffer.filled()[before..];
        if !read.is_empty() {
            self.unread.0.bytes.store(true, Ordering::Relaxed);
        }
        (self.note)(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, N: Unpin, H: Unpin> AsyncWrite for Socket<S, N, H> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.in_time(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.in_time(flushed, context)
    }

    /// The answer ends here. What the client still sends is read and discarded until the client has seen the end.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.discarding.is_none() {
            let ended = Pin::new(&mut this.stream).poll_shutdown(context);
            ready!(this.in_time(ended, context))?;
            if !this.unread.is_set() {
                return Poll::Ready(Ok(()));
            }
        }
        let discarding = this.discarding.get_or_insert_with(|| Discarding {
            left: DISCARDED_BYTES,
            until: Box::pin(sleep_until(Instant::now() + DISCARD_TIMEOUT)),
        });
        let mut buffer = [0; 8 * 1024];
        loop {
            if discarding.until.as_mut().poll(context).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut part = ReadBuf::new(&mut buffer);
            match ready!(Pin::new(&mut this.stream).poll_read(context, &mut part)) {
                Ok(()) if (1..=discarding.left).contains(&part.filled().len()) => {
                    discarding.left -= part.filled().len();
                }
                // The client has seen the end, sends too much, or is gone.
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}
