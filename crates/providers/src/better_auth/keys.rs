//! Where the keys of the auth server are: at `/jwks` of its jwt plugin.

use std::sync::Arc;

use async_trait::async_trait;
use http::header::{HeaderValue, ORIGIN};
use http::{Method, StatusCode};
use ironleaf_auth::Transport;
use ironleaf_jwks::{FetchedKeys, KeySource, KeySourceError};
use serde_json::Value;
use url::Url;

use super::wire;

pub(super) struct AuthServerKeys {
    pub(super) url: Url,
    pub(super) origin: Option<HeaderValue>,
    pub(super) transport: Arc<dyn Transport>,
}

#[async_trait]
impl KeySource for AuthServerKeys {
    async fn fetch(&self) -> Result<FetchedKeys, KeySourceError> {
        let sending = async {
            let mut request = wire::request(Method::GET, &self.url, &Value::Null)?;
            if let Some(origin) = &self.origin {
                request.headers_mut().insert(ORIGIN, origin.clone());
            }
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
