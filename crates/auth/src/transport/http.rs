use std::error::Error as _;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use http::HeaderValue;
use http::header::ACCEPT_ENCODING;
use reqwest::redirect;
use url::Url;

use super::{Request, Response, Transport, TransportError};

/// What an [`HttpTransport`] may take its time for, and how much it takes in.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Name resolution, connect and TLS together.
    pub connect_timeout: Duration,
    /// The whole call, from the first lookup to the last byte of the answer.
    pub timeout: Duration,
    /// The largest answer, as it is once it is decompressed; a longer one is cut off and has no effect here.
    pub max_answer_bytes: usize,
    /// How long an unused connection is kept. Shorter than the keep-alive of the servers we expect (Node closes after
    /// five seconds), so that a request seldom meets a connection that is just being closed.
    pub pool_idle_timeout: Duration,
    /// A proxy for every call. The environment is never asked for one.
    pub proxy: Option<Url>,
    /// The certificates that TLS trusts, in PEM, in place of those of the system.
    pub root_certificates: Option<Vec<u8>>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            // Nothing was sent yet, so that giving up early costs nothing; the pages behind it wait for little more.
            connect_timeout: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            max_answer_bytes: 1024 * 1024,
            pool_idle_timeout: Duration::from_secs(4),
            proxy: None,
            root_certificates: None,
        }
    }
}

/// The [`Transport`] over HTTP: pooled connections, TLS by rustls with the roots of the system.
///
/// It follows no redirect and repeats nothing. Two layers below could repeat a request by themselves. reqwest repeats
/// what an HTTP/2 peer says it did not process; that is switched off. hyper-util sends a request again that it could
/// not hand to a pooled connection; hyper gives such a request back only while it still is in the connection's queue
/// and not a byte of it has been encoded, so the other side sees it once.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    max_answer_bytes: usize,
}

impl HttpTransport {
    /// A transport with connections of its own; cheap to clone, and every clone shares them.
    ///
    /// Without any root certificate on the machine it still serves `http` and refuses every `https` address.
    ///
    /// # Errors
    ///
    /// [`TransportError::NotSent`] when the proxy's address, the certificates or the TLS backend cannot be used.
    pub fn new(settings: &HttpSettings) -> Result<Self, TransportError> {
        if let Some(pem) = &settings.root_certificates {
            let trusted = certificates(pem)?;
            let client = builder(settings)?.tls_certs_only(trusted).build().map_err(classify)?;
            return Ok(Self { client, max_answer_bytes: settings.max_answer_bytes });
        }
        let client = builder(settings)?.build().or_else(|error| {
            tracing::warn!(error = %chain(&error), "no root certificates: https addresses will be refused");
            builder(settings)?.tls_certs_only([]).build().map_err(classify)
        })?;
        Ok(Self { client, max_answer_bytes: settings.max_answer_bytes })
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<Response, TransportError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(interrupted)? {
            if body.len() + chunk.len() > self.max_answer_bytes {
                let limit = self.max_answer_bytes;
                return Err(TransportError::Interrupted(format!("the answer is longer than {limit} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(body.freeze());
        *response.status_mut() = answer.status();
        *response.version_mut() = answer.version();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let request = reqwest::Request::try_from(request.map(reqwest::Body::from)).map_err(classify)?;
        let answer = self.client.execute(request).await.map_err(classify)?;
        self.read(answer).await
    }
}

fn builder(settings: &HttpSettings) -> Result<reqwest::ClientBuilder, TransportError> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("ironleaf/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        // SECURITY: a refresh token that travels twice ends the session at the API.
        .retry(reqwest::retry::never())
        // Answers are small. One that comes compressed all the same is read.
        .default_headers([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))].into_iter().collect())
        .no_proxy()
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.timeout)
        .pool_idle_timeout(settings.pool_idle_timeout);
    match &settings.proxy {
        Some(proxy) => Ok(builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(classify)?)),
        None => Ok(builder),
    }
}

/// At least one: without any every call would fail.
fn certificates(pem: &[u8]) -> Result<Vec<reqwest::Certificate>, TransportError> {
    let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(classify)?;
    if certificates.is_empty() {
        return Err(TransportError::NotSent("there is no certificate in PEM".to_owned()));
    }
    Ok(certificates)
}

/// `NotSent` is a promise that nothing left. Only an error before there was a connection to write to keeps it: a
/// pooled connection that turns out to be closed may have taken some bytes.
fn classify(error: reqwest::Error) -> TransportError {
    if error.is_builder() || error.is_connect() {
        TransportError::NotSent(chain(&error.without_url()))
    } else {
        interrupted(error)
    }
}

fn interrupted(error: reqwest::Error) -> TransportError {
    TransportError::Interrupted(chain(&error.without_url()))
}

/// The error with its causes: reqwest's own words say only "error sending request".
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
