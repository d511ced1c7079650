//! Makes a connection to an address: directly or through a proxy, with TLS, within a time limit.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{HeaderMap, PROXY_AUTHORIZATION, USER_AGENT};
use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;
use url::Url;

use super::settings::HttpSettings;
use super::told::{OUR_NAME, chain};
use crate::TransportError;

type BoxError = Box<dyn Error + Send + Sync>;

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// A peer that vanished silently is noticed after a minute, even if nothing is written to it.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_RETRIES: u32 = 3;

/// A proxy, and the headers that are sent to it.
#[derive(Debug, Clone)]
pub(super) struct Proxy {
    pub(super) uri: Uri,
    pub(super) authorization: Option<HeaderValue>,
}

impl Proxy {
    /// The proxy at this address, with the credentials in it.
    pub(super) fn at(url: &Url) -> Result<Self, TransportError> {
        let refused = || TransportError::NotSent("the proxy's address cannot be used".to_owned());
        let authority = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(refused()),
        };
        let uri = Uri::builder().scheme(url.scheme()).authority(authority).path_and_query("/");
        let uri = uri.build().ok().filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
        Ok(Self { uri: uri.ok_or_else(refused)?, authorization: authorization(url) })
    }
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

/// Connects within its time limit, including name resolution and TLS.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    https: HttpsConnector<Way>,
    timeout: Duration,
}

/// Which HTTP the destination may choose, if it is reached over TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Versions {
    All,
    /// For connections that are to be upgraded (RFC 9110, section 7.8), which HTTP/2 does not know.
    Http1,
}

impl Connector {
    pub(super) fn new(
        settings: &HttpSettings,
        proxy: Option<Proxy>,
        versions: Versions,
    ) -> Result<Self, TransportError> {
        let tls = tls(settings.root_certificates.as_deref())?;
        let tcp = tcp(GaiResolver::new(), settings.connect_timeout);
        let way = match proxy {
            // The proxy itself is spoken to in HTTP/1.1.
            Some(proxy) => Way::Through { connector: HttpsConnector::from((tcp, tls.clone())), proxy },
            None => Way::Straight(tcp),
        };
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        let https = match versions {
            Versions::All => https.enable_all_versions().wrap_connector(way),
            Versions::Http1 => https.enable_http1().wrap_connector(way),
        };
        Ok(Self { https, timeout: settings.connect_timeout })
    }
}

/// The time limit is shared by all addresses of a host, so that one that does not answer leaves time for the next.
fn tcp<R>(resolver: R, limit: Duration) -> HttpConnector<R> {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(limit));
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE));
    tcp.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
    tcp
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Dialled>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let (limit, connecting) = (self.timeout, self.https.call(destination));
        Box::pin(async move {
            let late = |_| io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {limit:?}"));
            timeout(limit, connecting).await.map_err(late)?
        })
    }
}

/// How a connection is made, before TLS with the destination.
#[derive(Debug, Clone)]
enum Way {
    Straight(HttpConnector),
    Through { connector: HttpsConnector<HttpConnector>, proxy: Proxy },
}

impl Service<Uri> for Way {
    type Response = Dialled;
    type Error = BoxError;
    type Future = Connecting<Dialled>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Straight(tcp) => tcp.poll_ready(context).map_err(Into::into),
            Self::Through { connector, .. } => connector.poll_ready(context),
        }
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        match self {
            Self::Straight(tcp) => {
                let connecting = tcp.call(destination);
                Box::pin(async move {
                    Ok(Dialled { stream: MaybeHttpsStream::Http(connecting.await?), reads_requests: false })
                })
            }
            // A tunnel, whose contents the proxy cannot read (RFC 9110, section 9.3.6).
            Self::Through { connector, proxy } if destination.scheme() == Some(&Scheme::HTTPS) => {
                let mut headers = HeaderMap::from_iter([(USER_AGENT, OUR_NAME)]);
                headers.extend(proxy.authorization.clone().map(|value| (PROXY_AUTHORIZATION, value)));
                let tunnel = Tunnel::new(proxy.uri.clone(), connector.clone());
                let connecting = tunnel.with_headers(headers).call(destination);
                Box::pin(async move { Ok(Dialled { stream: connecting.await?, reads_requests: false }) })
            }
            Self::Through { connector, proxy } => {
                let connecting = connector.call(proxy.uri.clone());
                Box::pin(async move { Ok(Dialled { stream: connecting.await?, reads_requests: true }) })
            }
        }
    }
}

/// A connection to the destination, or to a proxy that reads each request. In that case the request names the
/// destination in full (RFC 9112, section 3.2.2).
pub(super) struct Dialled {
    stream: MaybeHttpsStream<TokioIo<TcpStream>>,
    reads_requests: bool,
}

impl Connection for Dialled {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.reads_requests)
    }
}

impl Read for Dialled {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for Dialled {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }
}

/// TLS that trusts only these certificates, or those that the system trusts.
fn tls(pem: Option<&[u8]>) -> Result<ClientConfig, TransportError> {
    let trusted = pem.map(certificates).transpose()?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| unusable(&error))?;
    if let Some(roots) = trusted {
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    let builder = match builder.clone().with_platform_verifier() {
        Ok(builder) => builder,
        Err(error) => {
            tracing::warn!(error = %chain(&error), "no root certificates: https addresses will be refused");
            builder.with_root_certificates(RootCertStore::empty())
        }
    };
    Ok(builder.with_no_client_auth())
}

/// At least one certificate: without any, every call would fail.
fn certificates(pem: &[u8]) -> Result<RootCertStore, TransportError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| unusable(&error))?;
        roots.add(certificate).map_err(|error| unusable(&error))?;
    }
    if roots.is_empty() {
        return Err(TransportError::NotSent("the PEM text contains no certificate".to_owned()));
    }
    Ok(roots)
}

fn unusable(error: &(impl fmt::Display + ?Sized)) -> TransportError {
    TransportError::NotSent(format!("TLS cannot be set up: {error}"))
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};
    use std::net::{Ipv4Addr, SocketAddr};

    use hyper_util::client::legacy::connect::dns::Name;
    use tokio::net::{TcpListener, TcpSocket};
    use tokio::time::Instant;

    use super::*;

    /// The addresses of every host.
    #[derive(Clone)]
    struct Addresses(Vec<SocketAddr>);

    impl Service<Name> for Addresses {
        type Response = std::vec::IntoIter<SocketAddr>;
        type Error = io::Error;
        type Future = Ready<io::Result<Self::Response>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            ready(Ok(self.0.clone().into_iter()))
        }
    }

    #[tokio::test]
    async fn an_address_that_does_not_answer_leaves_time_for_the_next() {
        const LIMIT: Duration = Duration::from_secs(2);
        const TRIED: Duration = Duration::from_millis(300);
        // Its queue is full, so the system drops further attempts.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 0, 0, 2), 0).into()).unwrap();
        let silent = socket.listen(1).unwrap();
        let port = silent.local_addr().unwrap().port();
        let mut waiting = Vec::new();
        while let Ok(connected) = timeout(TRIED, TcpStream::connect(silent.local_addr().unwrap())).await {
            waiting.push(connected.unwrap());
        }
        // The port of the URL is that of both.
        let answering = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let addresses = [&silent, &answering].map(|listener| listener.local_addr().unwrap()).to_vec();
        let started = Instant::now();
        let uri = format!("http://two.example:{port}/").parse().unwrap();
        let connected = timeout(LIMIT, tcp(Addresses(addresses), LIMIT).call(uri)).await;
        assert!(connected.expect("the silent address used up the time").is_ok());
        assert!(started.elapsed() >= LIMIT / 2, "the silent address answered");
    }
}
