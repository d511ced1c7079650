//! Calls on behalf of people, each on the way that leads to its API.

use std::sync::Arc;

use async_trait::async_trait;
use ironleaf_auth::{BreakerState, Provider, Request, Response, Transport, TransportError};
use url::{Origin, Url};

/// The name of the API that is reached like the core API.
const CORE_API: &str = "api";

/// Leads calls to the provider's own server on the provider's way, and all others on that of the core API.
struct Ways {
    provider_origins: Vec<Origin>,
    to_provider: Arc<dyn Transport>,
    to_core_api: Arc<dyn Transport>,
}

/// The transport for calls to the APIs of this provider.
pub(crate) fn ways(
    provider: &dyn Provider,
    to_provider: Arc<dyn Transport>,
    to_core_api: Arc<dyn Transport>,
) -> Arc<dyn Transport> {
    let own = provider.base_urls().iter().filter(|base| base.name != CORE_API);
    let provider_origins: Vec<_> = own.map(|base| base.url.origin()).collect();
    if provider_origins.is_empty() {
        return to_core_api;
    }
    Arc::new(Ways { provider_origins, to_provider, to_core_api })
}

impl Ways {
    fn leads_to_provider(&self, request: &Request) -> bool {
        let origin = Url::parse(&request.uri().to_string()).map(|url| url.origin());
        origin.is_ok_and(|origin| self.provider_origins.contains(&origin))
    }
}

#[async_trait]
impl Transport for Ways {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let way = if self.leads_to_provider(&request) { &self.to_provider } else { &self.to_core_api };
        way.send(request).await
    }

    fn breaker(&self) -> BreakerState {
        self.to_core_api.breaker()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ironleaf_auth::system_clock;
    use ironleaf_providers::{BetterAuthProvider, BetterAuthSettings};

    use super::*;

    /// Answers with its name.
    struct Way(&'static str);

    #[async_trait]
    impl Transport for Way {
        async fn send(&self, _: Request) -> Result<Response, TransportError> {
            Ok(Response::new(Bytes::from_static(self.0.as_bytes())))
        }
    }

    #[tokio::test]
    async fn each_call_takes_the_way_to_its_server() {
        let settings = BetterAuthSettings {
            api_url: Some("https://api.test/v1".parse().unwrap()),
            ..BetterAuthSettings::at("https://auth.test/api/auth".parse().unwrap())
        };
        let provider = BetterAuthProvider::new(settings, Arc::new(Way("its own")), system_clock());
        let way = ways(&provider, Arc::new(Way("auth")), Arc::new(Way("api")));
        for (url, expected) in [
            ("https://auth.test/api/auth/get-session", "auth"),
            ("https://auth.test:443/api/auth/token", "auth"),
            ("https://api.test/v1/orders", "api"),
            ("http://auth.test/api/auth/token", "api"),
            ("https://auth.test.evil.test/api/auth", "api"),
        ] {
            let request = http::Request::builder().uri(url).body(Bytes::new()).unwrap();
            assert_eq!(way.send(request).await.unwrap().body(), expected, "{url}");
        }
    }
}
