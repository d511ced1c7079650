//! Accepts connections, answers their requests, and lets them end without losing a request. Only HTTP/1.1: the proxy
//! that ends TLS speaks HTTP/2 with browsers.
//!
//! axum's own loop limits neither the time for a request head nor the number of connections. When it stops, it closes
//! idle connections at once, even if a client has just sent a request on one of them.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use futures_util::FutureExt;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use ironleaf_proxy::Stopping;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tower::ServiceExt;

use super::head_timer::{HeadTimer, IDLE_TIMEOUT};
use super::room::Room;
use super::socket::{SEND_BUFFER_BYTES, Socket, Unread};
use super::stop::GRACE;
use crate::metrics::OpenConnection;

/// Four times the largest session. Longer heads are answered with 431.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// How long an idle connection stays open after the process was told to stop. A request on it until then is answered
/// with the notice that the connection closes.
const LINGER: Duration = Duration::from_secs(1);

/// Most likely the process is out of file descriptors, so trying again at once is useless.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often the log says that all connections are in use.
const SAY_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// The number of additional connections beyond the limit, for one request each: a health check, or a request that waits
/// for room. So health checks do not wait behind the clients that keep the process busy.
const SPARE_CONNECTIONS: usize = 32;

/// How long a connection waits for room before it takes a spare place. By then, an idle connection would have ended.
const SPARE_AFTER: Duration = Duration::from_millis(50);

/// A client that vanished silently is noticed after two minutes. Otherwise a connection that was upgraded, on which nobody
/// has to say anything, would be held for ever.
const KEEPALIVE_AFTER: Duration = Duration::from_mins(1);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// How long a request in a spare place waits for room.
const SPARE_PATIENCE: Duration = Duration::from_secs(1);

/// Answers the connections on `listener` until `stop`, and then lets every accepted request end. After `stop`, this
/// takes at most ten seconds.
pub async fn answer(
    listener: TcpListener,
    router: Router,
    max_connections: usize,
    stop: impl Future<Output = ()>,
) {
    let (connections, closing) = (TaskTracker::new(), CancellationToken::new());
    let mut gate = Gate::new(max_connections);
    let connection = Connection {
        router,
        draining: CancellationToken::new(),
        closing: closing.clone(),
        room: Arc::clone(&gate.room),
        waiting_for: None,
    };
    let begin = |(stream, peer): (TcpStream, SocketAddr), place: Option<Place>| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "answers may wait for their acknowledgement");
        }
        if let Err(error) = SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_BYTES) {
            tracing::debug!(%error, "a slow reader may be mistaken for a client that does not read");
        }
        if let Err(error) = SockRef::from(&stream).set_tcp_keepalive(&keepalive()) {
            tracing::debug!(%error, "a client that vanishes may be noticed late");
        }
        let mut connection = connection.clone();
        if let Some(Place { rooms: Some(rooms), .. }) = &place {
            connection.waiting_for = Some(Arc::clone(rooms));
        }
        let held = Held { _open: OpenConnection::begin(), _place: place, _tracked: connections.token() };
        tokio::spawn(connection.run(stream, peer, held));
    };
    let mut waiting = None;
    let accept_all = async {
        loop {
            // The connection is accepted before there is room for it.
            waiting = Some(accept(&listener).await);
            gate.opens().await;
            if let Some(accepted) = waiting.take() {
                begin(accepted, gate.place());
            }
        }
    };
    tokio::select! {
        biased;
        () = stop => {}
        () = accept_all => {}
    }
    // A client that has connected by now was accepted, even if only by the operating system.
    if let Some(accepted) = waiting {
        begin(accepted, None);
    }
    while let Some(Ok(accepted)) = listener.accept().now_or_never() {
        begin(accepted, None);
    }
    drop(listener);
    connection.draining.cancel();
    drain(&connections, &closing).await;
}

const fn keepalive() -> TcpKeepalive {
    TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_INTERVAL)
}

/// Connections in use end with their next answer, idle ones after [`LINGER`]. Whoever holds an upgraded connection was
/// told by [`Stopping`].
async fn drain(connections: &TaskTracker, closing: &CancellationToken) {
    connections.close();
    if timeout(LINGER, connections.wait()).await.is_ok() {
        return;
    }
    closing.cancel();
    if timeout(GRACE.saturating_sub(LINGER), connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests that took too long were interrupted");
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The client has given up meanwhile.
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep_until(Instant::now() + ACCEPT_AGAIN_AFTER).await;
            }
        }
    }
}

fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// Admits a limited number of connections. When the limit is reached, it ends an idle connection at once, or else waits
/// until one ends. A new connection waits in the queue of the operating system, which costs this process nothing, or in
/// a spare place.
struct Gate {
    rooms: Arc<Semaphore>,
    spare: Arc<Semaphore>,
    room: Arc<Room>,
    max_connections: usize,
    said: Option<Instant>,
}

/// The room of one connection, which is freed when the connection ends.
struct Place {
    _room: OwnedSemaphorePermit,
    /// If the place is a spare one, its single request waits here for room.
    rooms: Option<Arc<Semaphore>>,
}

impl Gate {
    fn new(max_connections: usize) -> Self {
        let [rooms, spare] =
            [max_connections, SPARE_CONNECTIONS].map(|places| Arc::new(Semaphore::new(places)));
        Self { rooms, spare, room: Arc::default(), max_connections, said: None }
    }

    /// Waits until there is a place for a new connection.
    async fn opens(&mut self) {
        if self.rooms.available_permits() > 0 {
            return;
        }
        let _wanted = self.room.want();
        if self.said.is_none_or(|said| said.elapsed() >= SAY_AGAIN_AFTER) {
            self.said = Some(Instant::now());
            tracing::warn!(
                max_connections = self.max_connections,
                "all connections are in use, and further ones wait: a larger MAX_CONNECTIONS allows more, if the limit of open files does"
            );
        }
        if timeout(SPARE_AFTER, acquire(&self.rooms)).await.is_err() {
            tokio::select! {
                _ = acquire(&self.rooms) => {}
                _ = acquire(&self.spare) => {}
            }
        }
    }

    /// `None` if the last place was taken meanwhile by a request in a spare place. Then there is one connection too
    /// many.
    fn place(&self) -> Option<Place> {
        if let Ok(room) = Arc::clone(&self.rooms).try_acquire_owned() {
            return Some(Place { _room: room, rooms: None });
        }
        let room = Arc::clone(&self.spare).try_acquire_owned().ok()?;
        Some(Place { _room: room, rooms: Some(Arc::clone(&self.rooms)) })
    }
}

/// What a connection holds until it is closed, also after an upgrade.
struct Held {
    _open: OpenConnection,
    _place: Option<Place>,
    _tracked: TaskTrackerToken,
}

async fn acquire(places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(places).acquire_owned().await.expect("nobody closes the semaphore")
}

/// The state of a connection.
#[derive(Clone)]
struct Connection {
    router: Router,
    /// Once cancelled, every answer is the last of its connection.
    draining: CancellationToken,
    /// Once cancelled, the connection ends as soon as no request is in progress.
    closing: CancellationToken,
    room: Arc<Room>,
    /// Set for a connection with a single request. The request waits here for room, unless it is about health.
    waiting_for: Option<Arc<Semaphore>>,
}

impl Connection {
    /// `held` is dropped when the connection is closed.
    async fn run<S, H>(self, stream: S, peer: SocketAddr, held: H)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        H: Unpin + Send + 'static,
    {
        let (timer, note) = HeadTimer::new(Arc::clone(&self.room));
        let (unread, closing) = (Unread::default(), self.closing.clone());
        let stream = TokioIo::new(Socket::new(stream, note, unread.clone(), held));
        let service = service_fn(move |request| self.clone().answer(request, peer, unread.clone()));
        let connection = http1::Builder::new()
            .timer(timer)
            .header_read_timeout(IDLE_TIMEOUT)
            .max_header_size(MAX_HEAD_BYTES)
            .serve_connection(stream, service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    async fn answer(
        self,
        request: Request<Incoming>,
        peer: SocketAddr,
        unread: Unread,
    ) -> Result<http::Response<Body>, Infallible> {
        let mut request = request.map(|body| unread.watch(body));
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(Stopping(self.draining.clone()));
        if self.waiting_for.is_some() {
            // A spare place is for one request, and an upgraded connection would keep it.
            request.extensions_mut().remove::<OnUpgrade>();
        }
        let is_health = request.uri().path().starts_with("/health/");
        let room = match self.waiting_for.as_ref().filter(|_| !is_health) {
            Some(rooms) => {
                let _wanted = self.room.want();
                Some(timeout(SPARE_PATIENCE, acquire(rooms)).await)
            }
            None => None,
        };
        let mut response = match room {
            Some(Err(_)) => busy(),
            None | Some(Ok(_)) => self.router.oneshot(request).await?,
        };
        // An answer to an incomplete request is also the last one, because the remaining bytes are not a request.
        let is_last = self.draining.is_cancelled() || self.waiting_for.is_some() || self.room.is_wanted();
        let is_upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if (is_last || unread.is_body()) && !is_upgraded {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        drop(room);
        Ok(response)
    }
}

/// The answer while every connection is in use.
fn busy() -> http::Response<Body> {
    let mut response = http::Response::new(Body::from(
        "Too many people are here right now. Please try again in a moment.\n",
    ));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers =
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store"), (RETRY_AFTER, "1")];
    response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

#[cfg(test)]
mod tests;
