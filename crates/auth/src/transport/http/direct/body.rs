//! The body of an answer, which drives its connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Authority;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::link::{Link, MAX_TURNS};
use super::pool::Pool;

/// How long a request may still be written once its answer is whole.
const FINISHING: Duration = Duration::from_secs(5);

/// Where a connection goes once its answer is whole.
pub(super) struct Home {
    pub(super) pool: Arc<Pool>,
    pub(super) authority: Authority,
}

/// The body of an answer. Its connection is closed if the body is dropped before its end has arrived.
pub(in crate::transport::http) struct Driven {
    body: Incoming,
    link: Option<(Link, Home)>,
}

impl Driven {
    pub(super) fn new(body: Incoming, link: Link, home: Home) -> Self {
        let mut driven = Self { body, link: Some((link, home)) };
        if driven.body.is_end_stream() {
            driven.settle();
        }
        driven
    }

    /// Keeps the connection for the next request, now that this answer is whole.
    fn settle(&mut self) {
        let Some((mut link, home)) = self.link.take() else { return };
        if link.is_free() {
            home.pool.put(home.authority, link);
        } else if link.is_open()
            && let Ok(runtime) = Handle::try_current()
        {
            // The answer has come before the request was written to its end, and its peer may still read.
            runtime.spawn(async move {
                if timeout(FINISHING, link.becomes_free()).await == Ok(true) {
                    home.pool.put(home.authority, link);
                }
            });
        }
    }
}

impl Drop for Driven {
    /// An answer that nobody reads may have arrived whole.
    fn drop(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..MAX_TURNS {
            if self.link.is_none()
                || !matches!(Pin::new(&mut *self).poll_frame(&mut context), Poll::Ready(Some(Ok(_))))
            {
                return;
            }
        }
    }
}

impl Body for Driven {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { body, link } = &mut *self;
        let polled = match link {
            Some((link, _)) => link.poll_frame(body, context),
            None => Pin::new(body).poll_frame(context),
        };
        match &polled {
            Poll::Ready(None) => self.settle(),
            // Nothing comes after trailers, and not everybody asks.
            Poll::Ready(Some(Ok(frame))) if frame.is_trailers() || self.body.is_end_stream() => self.settle(),
            Poll::Ready(Some(Err(_))) => self.link = None,
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
