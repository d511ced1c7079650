//! Accepts connections, answers what comes on them, and lets them end without losing a request. HTTP/1.1 alone: whoever
//! ends TLS speaks HTTP/2 with browsers.
//!
//! axum's own loop limits neither the time that a head may take nor the number of connections, and where it stops it
//! closes idle connections at once, with the request that a client has just sent on one of them.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use futures_util::FutureExt;
use http::header::CONNECTION;
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_util::io::InspectReader;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::GRACE;
use super::head_timer::{HeadTimer, IDLE_TIMEOUT};
use crate::metrics::OpenConnection;

/// Four times the largest session: longer heads are 431.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// How long an idle connection stays open after the process was told to stop. Whoever uses it until then is answered,
/// and told that it closes.
const LINGER: Duration = Duration::from_secs(1);

/// Out of file descriptors, most likely: nothing is gained by trying at once.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often it is said that every connection is taken.
const SAY_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// Answers what comes in on `listener` until `stop`, then lets every request end that was accepted. It takes no longer
/// than ten seconds after that.
pub async fn answer(
    listener: TcpListener,
    router: Router,
    max_connections: usize,
    stop: impl Future<Output = ()>,
) {
    let (connections, graceful) = (TaskTracker::new(), GracefulShutdown::new());
    let connection = Connection { router, draining: CancellationToken::new() };
    let mut gate = Gate::new(max_connections);
    let begin = |(stream, peer): (TcpStream, SocketAddr), room: Option<OwnedSemaphorePermit>| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "answers may wait for their acknowledgement");
        }
        let (connection, watcher) = (connection.clone(), graceful.watcher());
        connections.spawn(async move {
            let open = OpenConnection::begin();
            connection.run(stream, peer, watcher).await;
            drop((open, room));
        });
    };
    let accept_all = async {
        loop {
            let room = gate.room().await;
            begin(accept(&listener).await, Some(room));
        }
    };
    tokio::select! {
        biased;
        () = stop => {}
        () = accept_all => {}
    }
    // Who has connected by now was accepted, even if only by the operating system.
    while let Some(Ok(accepted)) = listener.accept().now_or_never() {
        begin(accepted, None);
    }
    drop(listener);
    connection.draining.cancel();
    drain(&connections, graceful).await;
}

/// Connections in use end with their next answer, idle ones after [`LINGER`].
async fn drain(connections: &TaskTracker, graceful: GracefulShutdown) {
    connections.close();
    if timeout(LINGER, connections.wait()).await.is_ok() {
        return;
    }
    if timeout(GRACE.saturating_sub(LINGER), graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests that did not end in time are cut off");
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

/// Lets so many connections in, and the next when one has ended. Until then it waits where the operating system queues
/// it, which costs this process nothing.
struct Gate {
    rooms: Arc<Semaphore>,
    max_connections: usize,
    said: Option<Instant>,
}

impl Gate {
    fn new(max_connections: usize) -> Self {
        Self { rooms: Arc::new(Semaphore::new(max_connections)), max_connections, said: None }
    }

    async fn room(&mut self) -> OwnedSemaphorePermit {
        if let Ok(room) = Arc::clone(&self.rooms).try_acquire_owned() {
            return room;
        }
        if self.said.is_none_or(|said| said.elapsed() >= SAY_AGAIN_AFTER) {
            self.said = Some(Instant::now());
            tracing::warn!(
                max_connections = self.max_connections,
                "every connection is taken, further ones wait: MAX_CONNECTIONS allows more, as far as open files do"
            );
        }
        Arc::clone(&self.rooms).acquire_owned().await.expect("nobody closes the semaphore")
    }
}

/// What every connection needs.
#[derive(Clone)]
struct Connection {
    router: Router,
    /// Every answer from here on is the last of its connection.
    draining: CancellationToken,
}

impl Connection {
    async fn run<S>(self, stream: S, peer: SocketAddr, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (timer, note) = HeadTimer::new();
        let stream = TokioIo::new(InspectReader::new(stream, note));
        let service = service_fn(move |request| self.clone().answer(request, peer));
        let connection = http1::Builder::new()
            .timer(timer)
            .header_read_timeout(IDLE_TIMEOUT)
            .max_header_size(MAX_HEAD_BYTES)
            .serve_connection(stream, service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    async fn answer(
        self,
        mut request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<http::Response<Body>, Infallible> {
        request.extensions_mut().insert(ConnectInfo(peer));
        let mut response = self.router.oneshot(request).await?;
        if self.draining.is_cancelled() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests;
