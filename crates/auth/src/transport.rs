use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;

mod breaker;
#[cfg(feature = "http")]
mod http;

pub use self::breaker::{BreakerSettings, BreakerState, CircuitBreaker};
#[cfg(feature = "http")]
pub use self::http::{HttpSettings, HttpTransport};

/// A request to the API behind us, body and all.
pub type Request = ::http::Request<Bytes>;

/// Its answer, body and all.
pub type Response = ::http::Response<Bytes>;

/// Carries a request to the API behind us and brings the answer back.
///
/// Whoever implements it puts a limit on the time of every call and on the size of every answer.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// [`TransportError`] tells whether a byte may have reached the other side; any HTTP status is an answer, not an
    /// error.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;

    /// What a circuit breaker on the way does with the next call, for readiness and metrics. Where there is none
    /// everything goes through.
    fn breaker(&self) -> BreakerState {
        BreakerState::Closed
    }
}

/// Why there is no answer, and whether the request may have had an effect.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransportError {
    /// No byte of the request left (name resolution, connect, TLS, an open circuit breaker): safe to repeat.
    #[error("the request was not sent: {0}")]
    NotSent(String),
    /// The request left and no whole answer came back (reset, timeout, cut off): it may have had its effect.
    #[error("the request was sent and no whole answer came back: {0}")]
    Interrupted(String),
}
