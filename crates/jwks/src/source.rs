//! Where a key set comes from.

mod freshness;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;

/// Where the key set of one issuer comes from, such as its `jwks_uri`.
///
/// [`KeyCache`](crate::KeyCache) decides when it is asked, limits how long it may take, and never asks twice at the same
/// time.
#[async_trait]
pub trait KeySource: Send + Sync + 'static {
    /// Fetches the key set.
    ///
    /// # Errors
    ///
    /// If the provider does not answer with a key set. Keys that were fetched earlier are then used further.
    async fn fetch(&self) -> Result<FetchedKeys, KeySourceError>;
}

/// A key set as it was fetched.
#[derive(Clone, Debug)]
pub struct FetchedKeys {
    /// The JSON text of the key set (RFC 7517 section 5).
    pub body: Bytes,
    /// For how long the provider permits to keep it. `None` if it does not say.
    pub max_age: Option<Duration>,
}

impl FetchedKeys {
    /// The body of a response, and the remaining life according to its `Cache-Control` and `Age` (RFC 9111 section
    /// 4.2). `no-store` and `no-cache` count as a life of zero.
    pub fn from_response(headers: &HeaderMap, body: Bytes) -> Self {
        Self { body, max_age: freshness::remaining(headers) }
    }
}

/// The key set was not fetched. Contains the reason as text for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeySourceError(String);

impl KeySourceError {
    /// With this reason. It appears in the log, and must contain neither credentials nor tokens.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
