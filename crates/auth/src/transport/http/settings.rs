use std::time::Duration;

use url::Url;

/// The limits of an [`HttpTransport`](super::HttpTransport), its proxy and its certificates.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The time for name resolution, connect and TLS together.
    pub connect_timeout: Duration,
    /// The time for the whole call, from the first lookup to the last byte of the answer.
    pub timeout: Duration,
    /// The largest answer, in bytes after decompression. A longer one is cut off and counts as interrupted.
    pub max_answer_bytes: usize,
    /// How long an unused connection is kept. It is shorter than the keep-alive of the servers we expect (Node closes
    /// after five seconds), so that a request seldom meets a connection that is being closed.
    pub pool_idle_timeout: Duration,
    /// An HTTP proxy for every call, with its credentials if it needs some. The environment is never read for one.
    pub proxy: Option<Url>,
    /// The certificates that TLS trusts, in PEM, instead of those of the system.
    pub root_certificates: Option<Vec<u8>>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            // Nothing was sent yet, so giving up early costs nothing. The pages that wait have only a little more time.
            connect_timeout: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            max_answer_bytes: 1024 * 1024,
            pool_idle_timeout: Duration::from_secs(4),
            proxy: None,
            root_certificates: None,
        }
    }
}
