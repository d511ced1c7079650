use std::error::Error;
use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use http::header::PROXY_AUTHORIZATION;
use http::uri::Scheme;
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connect::{Connector, Versions};
use super::settings::HttpSettings;
use super::{TransportError, classify, proxy};

/// Sends requests over HTTP/1.1 and HTTP/2 whose bodies are passed on piece by piece, in both directions. It is for a
/// proxy; for calls of the application, see [`HttpTransport`](super::HttpTransport).
///
/// It adds nothing to a request, follows no redirect, decompresses nothing, and repeats nothing that a peer may have seen.
/// `B` is the body of the requests.
pub struct HttpForwarder<B> {
    client: legacy::Client<Connector, B>,
    /// Sent to a proxy with each request that it reads: those to `http` addresses.
    proxy_authorization: Option<HeaderValue>,
}

impl<B> HttpForwarder<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// A forwarder with its own connections. Of the limits in the settings, only those of connections count: a body may
    /// be endless.
    ///
    /// # Errors
    ///
    /// As [`HttpTransport::new`](super::HttpTransport::new).
    pub fn new(settings: &HttpSettings) -> Result<Self, TransportError> {
        Self::with(settings, Versions::All, false)
    }

    /// A forwarder that speaks HTTP/2 to `http` addresses at once (prior knowledge, RFC 9113, section 3.3).
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_prior_knowledge(settings: &HttpSettings) -> Result<Self, TransportError> {
        Self::with(settings, Versions::All, true)
    }

    /// A forwarder for requests that ask to upgrade their connection, such as to a WebSocket. It speaks HTTP/1.1 only. An
    /// answer with the status 101 has the connection among its extensions.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn for_upgrades(settings: &HttpSettings) -> Result<Self, TransportError> {
        Self::with(settings, Versions::Http1, false)
    }

    fn with(settings: &HttpSettings, versions: Versions, http2_only: bool) -> Result<Self, TransportError> {
        let proxy = settings.proxy.as_ref().map(proxy).transpose()?;
        let proxy_authorization = proxy.as_ref().and_then(|proxy| proxy.authorization.clone());
        let connector = Connector::new(settings, proxy, versions)?;
        let client = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(settings.pool_idle_timeout)
            .http2_only(http2_only)
            .build(connector);
        Ok(Self { client, proxy_authorization })
    }

    /// Sends `request`, whose URI is absolute, and waits for the head of the answer. The time for a connection is limited
    /// here, and everything else by the caller.
    ///
    /// # Errors
    ///
    /// As [`Transport::send`](crate::Transport::send). Any HTTP status is an answer, not an error.
    pub async fn send(
        &self,
        mut request: http::Request<B>,
    ) -> Result<http::Response<Incoming>, TransportError> {
        let (Some(scheme), Some(_)) = (request.uri().scheme(), request.uri().authority()) else {
            return Err(TransportError::NotSent("the address has no scheme and no host".to_owned()));
        };
        if let Some(authorization) = self.proxy_authorization.as_ref().filter(|_| *scheme == Scheme::HTTP) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        self.client.request(request).await.map_err(|error| classify(&error))
    }
}

impl<B> Clone for HttpForwarder<B> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), proxy_authorization: self.proxy_authorization.clone() }
    }
}

impl<B> fmt::Debug for HttpForwarder<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpForwarder").finish_non_exhaustive()
    }
}
