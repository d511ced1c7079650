use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;

mod breaker;
#[cfg(feature = "http")]
mod http;

pub use self::breaker::{BreakerSettings, BreakerState, CircuitBreaker};
#[cfg(feature = "http")]
pub use self::http::{AnswerBody, HttpForwarder, HttpSettings, HttpTransport};

/// A request to the API, with its whole body.
pub type Request = ::http::Request<Bytes>;

/// The answer, with its whole body.
pub type Response = ::http::Response<Bytes>;

/// Sends a request to the API and returns the answer.
///
/// An implementation limits the time of every call and the size of every answer.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// [`TransportError`] says whether a byte may have reached the other side. Any HTTP status is an answer, not an error.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;

    /// What a circuit breaker in this transport does with the next call, for readiness and metrics. Without a breaker,
    /// every call goes through.
    fn breaker(&self) -> BreakerState {
        BreakerState::Closed
    }
}

/// Why there is no answer, and whether the request may have had an effect.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransportError {
    /// No byte of the request was sent (name resolution, connect, TLS, an open circuit breaker). It is safe to repeat.
    #[error("the request was not sent: {0}")]
    NotSent(String),
    /// The request was sent and no whole answer came back (reset, timeout, cut off). It may have had its effect.
    #[error("the request was sent and no whole answer came back: {0}")]
    Interrupted(String),
}
