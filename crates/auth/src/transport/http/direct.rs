//! Requests over HTTP/1.1 on connections that no task of their own drives.
//!
//! A client of hyper-util runs each connection in a task. A request is handed to that task, and its answer is handed
//! back, each time through the scheduler. Here, the future of a request and then the body of its answer poll the
//! connection themselves. That is possible for requests that are in memory as a whole: nothing of them waits for anybody
//! once the answer begins.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Request, Response, Uri, Version};
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_rustls::MaybeHttpsStream;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use tower_service::Service as _;

use super::connect::{Connector, Dialled};
use super::told::chain;
use crate::TransportError;

type Connection = http1::Connection<MaybeHttpsStream<Dialled>, Full<Bytes>>;

/// A request needs a few turns. Then other tasks have theirs: tokio makes everything wait that goes on for too long.
const MAX_TURNS: usize = 8;

/// How long a request may still be written once its answer is whole.
const FINISHING: Duration = Duration::from_secs(5);

/// Sends requests to `http` addresses, without a proxy.
#[derive(Clone)]
pub(super) struct Direct {
    connector: Connector,
    pool: Arc<Pool>,
}

impl Direct {
    pub(super) fn new(connector: Connector, idle_timeout: Duration) -> Self {
        Self {
            connector,
            pool: Arc::new(Pool { idle_timeout, links: Mutex::default(), more: Notify::new() }),
        }
    }

    /// Sends the request, and waits for the head of the answer. If a kept connection turns out to be closed before a byte
    /// of the request was written, another one is used.
    pub(super) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Driven>, TransportError> {
        let uri = std::mem::take(request.uri_mut());
        let Some(authority) = uri.authority().cloned() else {
            return Err(TransportError::NotSent("the address has no host".to_owned()));
        };
        let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        *request.uri_mut() = Uri::from(path);
        if !request.headers().contains_key(HOST) {
            let host = host(&authority)?;
            request.headers_mut().insert(HOST, host);
        }
        // HTTP/1.1 is what is spoken here, whatever the request says.
        *request.version_mut() = Version::HTTP_11;
        loop {
            let (mut link, is_kept) = self.link(&authority, &uri).await?;
            match link.answer(request).await {
                Ok(answer) => {
                    let (head, body) = answer.into_parts();
                    let home = Home { pool: Arc::clone(&self.pool), authority };
                    return Ok(Response::from_parts(head, Driven::new(body, link, home)));
                }
                Err(mut error) => match error.take_message().filter(|_| is_kept) {
                    Some(unsent) => request = unsent,
                    None => return Err(TransportError::Interrupted(chain(&error.into_error()))),
                },
            }
        }
    }

    /// A connection, and whether it was kept. One that another request gives back may be there sooner than a new one, and
    /// a server at its limit accepts no new one.
    async fn link(&self, authority: &Authority, uri: &Uri) -> Result<(Link, bool), TransportError> {
        if let Some(link) = self.pool.take(authority) {
            return Ok((link, true));
        }
        // Apart, because every request would else carry the room that it takes.
        Box::pin(async {
            tokio::select! {
                biased;
                freed = self.pool.freed(authority) => Ok((freed, true)),
                connected = self.connect(uri.clone()) => Ok((connected?, false)),
            }
        })
        .await
    }

    async fn connect(&self, uri: Uri) -> Result<Link, TransportError> {
        let mut connector = self.connector.clone();
        let not_sent = |error: &(dyn std::error::Error + 'static)| TransportError::NotSent(chain(error));
        poll_fn(|context| connector.poll_ready(context)).await.map_err(|error| not_sent(&*error))?;
        let stream = connector.call(uri).await.map_err(|error| not_sent(&*error))?;
        let (sender, connection) = http1::handshake(stream).await.map_err(|error| not_sent(&error))?;
        Ok(Link { sender, connection: Some(Box::pin(connection)), wakes: Arc::default() })
    }
}

/// The value of the `Host` header: without the port that `http` has anyway (RFC 9110, section 4.2.1).
fn host(authority: &Authority) -> Result<HeaderValue, TransportError> {
    let host = match (authority.as_str().rsplit_once('@'), authority.port_u16()) {
        (_, Some(80)) => authority.host(),
        (Some((_, host)), _) => host,
        (None, _) => authority.as_str(),
    };
    HeaderValue::from_str(host).map_err(|error| TransportError::NotSent(format!("the host: {error}")))
}

/// One connection.
struct Link {
    sender: SendRequest<Full<Bytes>>,
    /// `None` once it is over.
    connection: Option<Pin<Box<Connection>>>,
    wakes: Arc<Wakes>,
}

impl Link {
    async fn answer(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, hyper::client::conn::TrySendError<Request<Full<Bytes>>>> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let (connection, wakes) = (&mut self.connection, &self.wakes);
        poll_fn(|context| driven(connection, wakes, context, |context| answer.as_mut().poll(context))).await
    }

    /// Waits until the next request can be sent. False if that will not be.
    async fn becomes_free(&mut self) -> bool {
        let Self { sender, connection, wakes } = self;
        let ready =
            poll_fn(|context| driven(connection, wakes, context, |context| sender.poll_ready(context)));
        ready.await.is_ok()
    }

    /// Whether the next request can be sent. A connection that its peer has closed is noticed here.
    fn is_free(&mut self) -> bool {
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

/// Where a connection goes once its answer is whole.
struct Home {
    pool: Arc<Pool>,
    authority: Authority,
}

/// The body of an answer. Its connection is closed if the body is dropped before its end has arrived.
pub(super) struct Driven {
    body: Incoming,
    link: Option<(Link, Home)>,
}

impl Driven {
    fn new(body: Incoming, link: Link, home: Home) -> Self {
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
        } else if link.connection.is_some()
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
            Some((Link { connection, wakes, .. }, _)) => {
                driven(connection, wakes, context, |context| Pin::new(&mut *body).poll_frame(context))
            }
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

/// Connections without a request.
struct Pool {
    idle_timeout: Duration,
    links: Mutex<Links>,
    /// Tells those who wait for a connection that there is another one.
    more: Notify,
}

#[derive(Default)]
struct Links {
    /// Those of each host, the one that was used last at the end.
    idle: HashMap<Authority, Vec<Idle>>,
    /// Whether a task closes those that are not used.
    are_swept: bool,
}

struct Idle {
    link: Link,
    since: Instant,
}

impl Pool {
    /// The connection that was used last, because the others may end.
    fn take(&self, authority: &Authority) -> Option<Link> {
        loop {
            let Idle { mut link, since } = self.links().idle.get_mut(authority)?.pop()?;
            if since.elapsed() < self.idle_timeout && link.is_free() {
                return Some(link);
            }
        }
    }

    /// Waits for a connection that another request gives back.
    async fn freed(&self, authority: &Authority) -> Link {
        loop {
            let mut more = pin!(self.more.notified());
            // From here on, nothing that is put is missed.
            more.as_mut().enable();
            if let Some(link) = self.take(authority) {
                return link;
            }
            more.await;
        }
    }

    fn put(self: &Arc<Self>, authority: Authority, link: Link) {
        // Where no runtime is left, nobody would close it.
        let Ok(runtime) = Handle::try_current() else { return };
        link.wakes.are_for_nobody();
        let mut links = self.links();
        links.idle.entry(authority).or_default().push(Idle { link, since: Instant::now() });
        if !std::mem::replace(&mut links.are_swept, true) {
            runtime.spawn(sweep(Arc::downgrade(self), self.idle_timeout));
        }
        drop(links);
        self.more.notify_waiters();
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections that were not used for too long, until there are none.
#[expect(clippy::disallowed_methods, reason = "no request waits for it")]
async fn sweep(pool: Weak<Pool>, idle_timeout: Duration) {
    loop {
        sleep(idle_timeout).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut links = pool.links();
        links.idle.retain(|_, idle| {
            idle.retain(|idle| idle.since.elapsed() < idle_timeout);
            !idle.is_empty()
        });
        if links.idle.is_empty() {
            links.are_swept = false;
            return;
        }
    }
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direct").finish_non_exhaustive()
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
