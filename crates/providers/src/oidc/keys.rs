//! Where the keys of the provider are: at the `jwks_uri` of its metadata.

use std::sync::Arc;

use async_trait::async_trait;
use http::header::ACCEPT;
use http::{Method, StatusCode};
use ironleaf_auth::Transport;
use ironleaf_jwks::{FetchedKeys, KeySource, KeySourceError};

use super::discovery::Discovery;
use super::wire;

pub(super) struct ProviderKeys {
    pub(super) discovery: Arc<Discovery>,
    pub(super) transport: Arc<dyn Transport>,
}

#[async_trait]
impl KeySource for ProviderKeys {
    async fn fetch(&self) -> Result<FetchedKeys, KeySourceError> {
        let metadata =
            self.discovery.current().await.map_err(|error| KeySourceError::new(error.to_string()))?;
        let sending = async {
            let mut request = wire::request(Method::GET, metadata.jwks_uri.as_str())?;
            request.headers_mut().insert(ACCEPT, wire::JSON);
            self.transport.send(request).await
        };
        let response = sending.await.map_err(|error| KeySourceError::new(error.to_string()))?;
        if response.status() != StatusCode::OK {
            return Err(KeySourceError::new(wire::describe(&response)));
        }
        let (parts, body) = response.into_parts();
        Ok(FetchedKeys::from_response(&parts.headers, body))
    }
}
