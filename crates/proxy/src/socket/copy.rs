//! Bytes on their way in one direction. Nothing is held while nothing moves, so an idle connection costs no buffer.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::Frames;

/// Read at once, on the stack. At most this much is kept for a reader that is slower than its writer.
const PART_BYTES: usize = 16 * 1024;

/// One direction of a socket.
#[derive(Default)]
pub(super) struct Direction {
    frames: Frames,
    /// Read, and not written yet.
    pending: Bytes,
    is_unflushed: bool,
    /// What is to be sent once the current frame has ended. After that, nothing more is.
    last: Option<Bytes>,
    is_over: bool,
    /// Whether bytes have moved since this was last asked.
    has_moved: bool,
}

impl Direction {
    /// Ends this direction with the close frame, as soon as no other frame is on its way.
    pub(super) fn close_with(&mut self, frame: Vec<u8>) {
        self.last = Some(if self.frames.is_closed() { Bytes::new() } else { frame.into() });
    }

    pub(super) fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.has_moved)
    }

    /// Copies until `from` has ended, or the close frame was sent.
    ///
    /// # Errors
    ///
    /// Those of both sides.
    pub(super) fn poll_copy<R, W>(
        &mut self,
        context: &mut Context<'_>,
        mut from: Pin<&mut R>,
        mut to: Pin<&mut W>,
    ) -> Poll<io::Result<()>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        loop {
            ready!(self.poll_write(context, to.as_mut()))?;
            if self.is_over {
                ready!(self.poll_flush(context, to.as_mut()))?;
                return Poll::Ready(Ok(()));
            }
            if self.frames.is_between()
                && let Some(last) = self.last.take()
            {
                (self.pending, self.is_over) = (last, true);
                continue;
            }
            let mut part = [MaybeUninit::uninit(); PART_BYTES];
            let mut part = ReadBuf::uninit(&mut part);
            match from.as_mut().poll_read(context, &mut part) {
                Poll::Ready(read) => read?,
                Poll::Pending => {
                    ready!(self.poll_flush(context, to.as_mut()))?;
                    return Poll::Pending;
                }
            }
            self.has_moved = true;
            let mut bytes = part.filled();
            if bytes.is_empty() {
                self.is_over = true;
                continue;
            }
            if self.last.is_some() {
                bytes = &bytes[..self.frames.pass_frame(bytes)];
            } else {
                self.frames.pass(bytes);
            }
            self.is_unflushed = true;
            // Most parts are written at once, and need no memory.
            let written = match to.as_mut().poll_write(context, bytes) {
                Poll::Ready(written) => written?,
                Poll::Pending => 0,
            };
            if written < bytes.len() {
                self.pending = BytesMut::from(&bytes[written..]).freeze();
            }
        }
    }

    fn poll_write<W: AsyncWrite + ?Sized>(
        &mut self,
        context: &mut Context<'_>,
        mut to: Pin<&mut W>,
    ) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            self.is_unflushed = true;
            let written = ready!(to.as_mut().poll_write(context, &self.pending))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.has_moved = true;
            self.pending.advance(written);
        }
        // An empty part of a buffer would keep the whole of it.
        self.pending = Bytes::new();
        Poll::Ready(Ok(()))
    }

    fn poll_flush<W: AsyncWrite + ?Sized>(
        &mut self,
        context: &mut Context<'_>,
        to: Pin<&mut W>,
    ) -> Poll<io::Result<()>> {
        if self.is_unflushed {
            ready!(to.poll_flush(context))?;
            self.is_unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}
