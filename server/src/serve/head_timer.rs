//! Limits how long a client may take to begin a request, and how long to send its head.
//!
//! hyper has one timeout for both. A short one, right for a head, would close idle connections that a proxy is about to
//! use again. A long one, right for idle connections, would let a few slow clients hold every connection. So this
//! timer, which hyper starts whenever a request could begin, has the limit of an idle connection, and the first byte
//! shortens it. When other clients need connections, the timer of the longest idle one ends at once.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

use super::room::{Idle, Room};

/// How long a head may take from its first byte on, and how long a new connection may be silent.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an unused connection is kept. This is longer than the usual minute of a proxy: if this server closed first,
/// a request on its way would fail.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// The timer of one connection.
pub(super) struct HeadTimer {
    /// Whether a byte has arrived since the wait for the last head began.
    begun: Arc<AtomicBool>,
    used: AtomicBool,
    room: Arc<Room>,
}

impl HeadTimer {
    /// The timer, and a function to call with all bytes that are read.
    pub(super) fn new(room: Arc<Room>) -> (Self, impl FnMut(&[u8]) + Send + Unpin + 'static) {
        let begun = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&begun);
        let note = move |bytes: &[u8]| {
            if !bytes.is_empty() {
                noted.store(true, Ordering::Relaxed);
            }
        };
        (Self { begun, used: AtomicBool::new(false), room }, note)
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.begun.store(false, Ordering::Relaxed);
        let is_first = !self.used.swap(true, Ordering::Relaxed);
        let deadline = if is_first { deadline.min(self.now() + HEAD_TIMEOUT) } else { deadline };
        Box::pin(HeadSleep {
            sleep: Box::pin(tokio::time::sleep_until(deadline.into())),
            begun: Arc::clone(&self.begun),
            // A new connection is expected to send something.
            idle: (!is_first).then(|| self.room.idle_connection()),
            is_shortened: is_first,
        })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

struct HeadSleep {
    sleep: Pin<Box<tokio::time::Sleep>>,
    begun: Arc<AtomicBool>,
    /// `None` before the first request, and after the first byte.
    idle: Option<Idle>,
    is_shortened: bool,
}

impl Future for HeadSleep {
    type Output = ();

    /// hyper polls it after each read that did not complete a head.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let begun = self.begun.load(Ordering::Relaxed);
        if begun {
            self.idle = None;
        }
        if self.idle.as_mut().is_some_and(|idle| Pin::new(&mut idle.ended).poll(context).is_ready()) {
            return Poll::Ready(());
        }
        if !self.is_shortened && begun {
            self.is_shortened = true;
            let deadline = tokio::time::Instant::now() + HEAD_TIMEOUT;
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(context)
    }
}

impl Sleep for HeadSleep {}
