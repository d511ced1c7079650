//! Requests over HTTP/1.1 on connections that no task of their own drives.
//!
//! A client of hyper-util runs each connection in a task. A request is handed to that task, and its answer is handed
//! back, each time through the scheduler. Here, the future of a request and then the body of its answer poll the
//! connection themselves. That is possible for requests that are in memory as a whole: nothing of them waits for anybody
//! once the answer begins.

mod body;
mod link;
mod pool;

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderValue, Request, Response, Uri, Version};
use http_body_util::Full;
use hyper::client::conn::http1;
use tower_service::Service as _;

pub(super) use self::body::Driven;
use self::body::Home;
use self::link::Link;
use self::pool::Pool;
use super::connect::Connector;
use super::told::chain;
use crate::TransportError;

/// Sends requests to `http` addresses, without a proxy.
#[derive(Clone)]
pub(super) struct Direct {
    connector: Connector,
    pool: Arc<Pool>,
}

impl Direct {
    pub(super) fn new(connector: Connector, idle_timeout: Duration) -> Self {
        Self { connector, pool: Arc::new(Pool::new(idle_timeout)) }
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
        Ok(Link::new(sender, connection))
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

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direct").finish_non_exhaustive()
    }
}
