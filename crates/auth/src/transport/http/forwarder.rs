use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderValue;
use http::header::PROXY_AUTHORIZATION;
use http::uri::Scheme;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connect::{Connector, Proxy, Versions};
use super::direct::{Direct, Driven};
use super::settings::HttpSettings;
use super::told::classify;
use crate::TransportError;

/// Sends requests over HTTP/1.1 and HTTP/2 whose bodies are passed on piece by piece, in both directions. It is for a
/// proxy; for calls of the application, see [`HttpTransport`](super::HttpTransport).
///
/// It adds nothing to a request, follows no redirect, decompresses nothing, and repeats nothing that a peer may have seen.
/// `B` is the body of the requests.
pub struct HttpForwarder<B> {
    client: legacy::Client<Connector, B>,
    /// For requests that are in memory as a whole, where HTTP/1.1 is spoken for certain: without TLS, nobody chooses.
    direct: Option<Direct>,
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
        let proxy = settings.proxy.as_ref().map(Proxy::at).transpose()?;
        let proxy_authorization = proxy.as_ref().and_then(|proxy| proxy.authorization.clone());
        let is_direct = proxy.is_none() && !http2_only;
        let connector = Connector::new(settings, proxy, versions)?;
        let direct = is_direct.then(|| Direct::new(connector.clone(), settings.pool_idle_timeout));
        let client = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(settings.pool_idle_timeout)
            .http2_only(http2_only)
            .build(connector);
        Ok(Self { client, direct, proxy_authorization })
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
    ) -> Result<http::Response<AnswerBody>, TransportError> {
        let (Some(scheme), Some(_)) = (request.uri().scheme(), request.uri().authority()) else {
            return Err(TransportError::NotSent("the address has no scheme and no host".to_owned()));
        };
        if let Some(authorization) = self.proxy_authorization.as_ref().filter(|_| *scheme == Scheme::HTTP) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        let answer = self.client.request(request).await.map_err(|error| classify(&error))?;
        Ok(answer.map(|body| AnswerBody(Way::Pooled(body))))
    }

    /// The same for a request that is in memory as a whole, which takes less time.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_whole(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<AnswerBody>, TransportError>
    where
        B: From<Bytes>,
    {
        match self.direct.as_ref().filter(|_| request.uri().scheme() == Some(&Scheme::HTTP)) {
            Some(direct) => {
                let answer = direct.send(request.map(Full::new)).await?;
                Ok(answer.map(|body| AnswerBody(Way::Driven(body))))
            }
            None => self.send(request.map(B::from)).await,
        }
    }
}

/// The body of an answer, as it arrives. If it is dropped before its end, its connection is closed.
pub struct AnswerBody(Way);

enum Way {
    Pooled(Incoming),
    Driven(Driven),
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.0 {
            Way::Pooled(body) => Pin::new(body).poll_frame(context),
            Way::Driven(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Way::Pooled(body) => body.is_end_stream(),
            Way::Driven(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Way::Pooled(body) => body.size_hint(),
            Way::Driven(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerBody").finish_non_exhaustive()
    }
}

impl<B> Clone for HttpForwarder<B> {
    fn clone(&self) -> Self {
        let Self { client, direct, proxy_authorization } = self;
        let proxy_authorization = proxy_authorization.clone();
        Self { client: client.clone(), direct: direct.clone(), proxy_authorization }
    }
}

impl<B> fmt::Debug for HttpForwarder<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpForwarder").finish_non_exhaustive()
    }
}
