use std::time::Duration;

use url::Url;

/// What an [`HttpTransport`](super::HttpTransport) may take its time for, and how much it takes in.
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
    /// An HTTP proxy for every call, with its credentials where it wants some. The environment is never asked for one.
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
