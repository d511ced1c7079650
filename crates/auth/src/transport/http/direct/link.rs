//! A connection, and what drives it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Frame, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_rustls::MaybeHttpsStream;

use crate::transport::http::connect::Dialled;
use crate::transport::http::told::chain;

pub(super) type Connection = http1::Connection<MaybeHttpsStream<Dialled>, Full<Bytes>>;

/// A request needs a few turns. Then other tasks have theirs: tokio makes everything wait that goes on for too long.
pub(super) const MAX_TURNS: usize = 8;

/// One connection.
pub(super) struct Link {
    sender: SendRequest<Full<Bytes>>,
    /// `None` once it is over.
    connection: Option<Pin<Box<Connection>>>,
    wakes: Arc<Wakes>,
}

impl Link {
    pub(super) fn new(sender: SendRequest<Full<Bytes>>, connection: Connection) -> Self {
        Self { sender, connection: Some(Box::pin(connection)), wakes: Arc::default() }
    }

    /// Polls the body of an answer that arrives on it.
    pub(super) fn poll_frame(
        &mut self,
        body: &mut Incoming,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { connection, wakes, .. } = self;
        driven(connection, wakes, context, |context| Pin::new(&mut *body).poll_frame(context))
    }

    /// Whether its peer has left it open, as far as that was noticed.
    pub(super) fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    /// Nobody waits for anything of it.
    pub(super) fn rests(&self) {
        self.wakes.are_for_nobody();
    }

    /// Sends a request.
    pub(super) async fn answer(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let (connection, wakes) = (&mut self.connection, &self.wakes);
        poll_fn(|context| driven(connection, wakes, context, |context| answer.as_mut().poll(context))).await
    }

    /// Waits until the next request can be sent. False if that will not be.
    pub(super) async fn becomes_free(&mut self) -> bool {
        let Self { sender, connection, wakes } = self;
        let ready =
            poll_fn(|context| driven(connection, wakes, context, |context| sender.poll_ready(context)));
        ready.await.is_ok()
    }

    /// Whether the next request can be sent. A connection that its peer has closed is noticed here.
    pub(super) fn is_free(&mut self) -> bool {
        let waker = Waker::from(Arc::clone(&self.wakes));
        poll_connection(&mut self.connection, &mut Context::from_waker(&waker));
        self.connection.is_some() && self.sender.is_ready()
    }
}

/// Polls what comes of a connection, and the connection itself for as long as that helps.
fn driven<T>(
    connection: &mut Option<Pin<Box<Connection>>>,
    wakes: &Arc<Wakes>,
    context: &mut Context<'_>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    let task = context.waker();
    wakes.are_for(task);
    let inner = Waker::from(Arc::clone(wakes));
    let mut context = Context::from_waker(&inner);
    wakes.begin();
    for _ in 0..MAX_TURNS {
        let mut polled = poll(&mut context);
        if polled.is_pending() {
            wakes.again.store(false, Ordering::SeqCst);
            poll_connection(connection, &mut context);
            // Without a connection there is nothing left to wait for, and this says what has become of it.
            polled = poll(&mut context);
        }
        // Whoever has a piece asks for the next one, so a wake that came meanwhile is not lost.
        if polled.is_ready() || wakes.pause() {
            wakes.driving.store(false, Ordering::SeqCst);
            return polled;
        }
    }
    wakes.driving.store(false, Ordering::SeqCst);
    task.wake_by_ref();
    Poll::Pending
}

fn poll_connection(connection: &mut Option<Pin<Box<Connection>>>, context: &mut Context<'_>) {
    let is_over = connection.as_mut().is_some_and(|connection| match connection.as_mut().poll(context) {
        Poll::Ready(Err(error)) => {
            tracing::debug!(error = %chain(&error), "a connection has ended");
            true
        }
        Poll::Ready(Ok(())) => true,
        Poll::Pending => false,
    });
    if is_over {
        *connection = None;
    }
}

/// Wakes the task that drives a connection.
///
/// The connection and what comes of it wake each other. While they are polled, that is no reason to wake the task.
#[derive(Default)]
struct Wakes {
    task: Mutex<Option<Waker>>,
    driving: AtomicBool,
    again: AtomicBool,
}

impl Wakes {
    fn are_for(&self, task: &Waker) {
        let mut kept = self.task();
        if !kept.as_ref().is_some_and(|kept| kept.will_wake(task)) {
            *kept = Some(task.clone());
        }
    }

    fn are_for_nobody(&self) {
        *self.task() = None;
    }

    /// From now on, a wake only sets `again`.
    fn begin(&self) {
        self.driving.store(true, Ordering::SeqCst);
    }

    /// From now on, a wake wakes the task. False if there was one meanwhile: then nothing changes.
    fn pause(&self) -> bool {
        self.driving.store(false, Ordering::SeqCst);
        // Whoever wakes sets this first and then looks whether it is enough, so one of both sees the other.
        let is_quiet = !self.again.load(Ordering::SeqCst);
        if !is_quiet {
            self.begin();
        }
        is_quiet
    }

    fn task(&self) -> MutexGuard<'_, Option<Waker>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.again.store(true, Ordering::SeqCst);
        if self.driving.load(Ordering::SeqCst) {
            return;
        }
        let task = self.task().clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Woken {
        fn times(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn drive(
        wakes: &Arc<Wakes>,
        woken: &Arc<Woken>,
        poll: impl FnMut(&mut Context<'_>) -> Poll<()>,
    ) -> Poll<()> {
        let task = Waker::from(Arc::clone(woken));
        driven(&mut None, wakes, &mut Context::from_waker(&task), poll)
    }

    #[test]
    fn what_wakes_itself_is_polled_again_and_its_task_is_not_woken() {
        let (wakes, woken) = (Arc::default(), Arc::<Woken>::default());
        let mut polls = 0;
        let polled = drive(&wakes, &woken, |context| {
            polls += 1;
            context.waker().wake_by_ref();
            if polls == 5 { Poll::Ready(()) } else { Poll::Pending }
        });
        assert_eq!((polled, polls, woken.times()), (Poll::Ready(()), 5, 0));
    }

    #[test]
    fn what_wakes_itself_for_ever_gives_way_to_others() {
        let (wakes, woken) = (Arc::default(), Arc::<Woken>::default());
        let polled = drive(&wakes, &woken, |context| {
            context.waker().wake_by_ref();
            Poll::Pending
        });
        assert_eq!((polled, woken.times()), (Poll::Pending, 1));
    }

    #[test]
    fn whoever_waits_is_woken_and_nobody_else() {
        let (wakes, [first, second]) = (Arc::<Wakes>::default(), [(); 2].map(|()| Arc::<Woken>::default()));
        Arc::clone(&wakes).wake();
        for woken in [&first, &second] {
            assert!(drive(&wakes, woken, |_| Poll::Pending).is_pending());
            assert_eq!(woken.times(), 0);
            wakes.wake_by_ref();
            assert_eq!(woken.times(), 1);
        }
        assert_eq!(first.times(), 1);
        wakes.are_for_nobody();
        wakes.wake_by_ref();
        assert_eq!(second.times(), 1);
    }
}
