mod answer;
mod connect;
mod direct;
mod forwarder;
mod settings;
mod told;

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, USER_AGENT};
use http::{HeaderValue, Uri};
use http_body_util::Full;
use hyper_util::client::legacy;
use tokio::time::timeout;
use url::Url;

use self::connect::Proxy;
pub use self::forwarder::{AnswerBody, HttpForwarder};
pub use self::settings::HttpSettings;
use self::told::{OUR_NAME, chain};
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

fn proxy(url: &Url) -> Result<Proxy, TransportError> {
    let refused = || TransportError::NotSent("the proxy's address cannot be used".to_owned());
    let authority = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => return Err(refused()),
    };
    let uri = Uri::builder().scheme(url.scheme()).authority(authority).path_and_query("/");
    let uri = uri.build().ok().filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
    Ok(Proxy { uri: uri.ok_or_else(refused)?, authorization: authorization(url) })
}

/// The `Basic` credentials (RFC 7617), if the proxy's address has a name or a password.
fn authorization(url: &Url) -> Option<HeaderValue> {
    let (name, password) = (url.username(), url.password());
    if name.is_empty() && password.is_none() {
        return None;
    }
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    let credentials = [decoded(name), b":".to_vec(), decoded(password.unwrap_or_default())].concat();
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// `NotSent` promises that nothing was sent. Only an error before there was a connection to write to keeps that
/// promise: a pooled connection that turns out to be closed may have taken some bytes.
fn classify(error: &legacy::Error) -> TransportError {
    if error.is_connect() {
        TransportError::NotSent(chain(error))
    } else {
        TransportError::Interrupted(chain(error))
    }
}

#[cfg(test)]
mod tests;
