mod answer;
mod connect;
mod direct;
mod forwarder;
mod settings;
mod told;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{ACCEPT, ACCEPT_ENCODING, USER_AGENT};
use http_body_util::Full;
use tokio::time::timeout;

pub use self::forwarder::{AnswerBody, HttpForwarder};
pub use self::settings::HttpSettings;
use self::told::OUR_NAME;
use super::{Request, Response, Transport, TransportError};

const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");
/// Answers are small, so none are asked to be compressed. A compressed answer is read all the same.
const UNCOMPRESSED: HeaderValue = HeaderValue::from_static("identity");

/// The [`Transport`] over HTTP/1.1 and HTTP/2: pooled connections, TLS by rustls with the roots of the system.
///
/// It follows no redirect and repeats nothing. One layer below, a request is sent again on another connection if a kept
/// one did not take it. hyper returns such a request only while it is still in the connection's queue and no byte of it
/// has been encoded. So the other side sees it once.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    forwarder: HttpForwarder<Full<Bytes>>,
    timeout: Duration,
    max_answer_bytes: usize,
}

impl HttpTransport {
    /// A transport with its own connections. It is cheap to clone, and every clone shares the connections.
    ///
    /// Without any root certificate on the machine it still serves `http`, and refuses every `https` address.
    ///
    /// # Errors
    ///
    /// [`TransportError::NotSent`] if the proxy's address, the certificates or the TLS backend cannot be used.
    pub fn new(settings: &HttpSettings) -> Result<Self, TransportError> {
        // SECURITY: nothing here repeats what a peer may have seen. A refresh token that is sent twice ends the session at the API.
        let forwarder = HttpForwarder::new(settings)?;
        let HttpSettings { timeout, max_answer_bytes, .. } = *settings;
        Ok(Self { forwarder, timeout, max_answer_bytes })
    }

    async fn exchange(&self, mut request: Request) -> Result<Response, TransportError> {
        let headers = request.headers_mut();
        headers.entry(USER_AGENT).or_insert(OUR_NAME);
        headers.entry(ACCEPT).or_insert(ANYTHING);
        headers.entry(ACCEPT_ENCODING).or_insert(UNCOMPRESSED);
        let answer = self.forwarder.send_whole(request).await?;
        answer::read(answer, self.max_answer_bytes).await
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let late = || TransportError::Interrupted(format!("no whole answer within {:?}", self.timeout));
        timeout(self.timeout, self.exchange(request)).await.unwrap_or_else(|_| Err(late()))
    }
}

#[cfg(test)]
mod tests;
