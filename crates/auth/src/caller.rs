use std::net::IpAddr;

use http::header::{self, HeaderName};
use http::{Extensions, HeaderValue};

use crate::Request;

/// On whose behalf a call is made: what the provider may pass on about the browser behind it.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The browser's address. It travels as the one trusted forwarding header.
    pub client_ip: Option<IpAddr>,
    /// Further context (a trace context, say) for transports and providers that know it.
    pub extensions: Extensions,
}

/// What a browser sends and no API behind us may see: its credentials, where it is, and what it says about addresses.
static BROWSER_HEADERS: [HeaderName; 16] = [
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    header::COOKIE,
    header::ORIGIN,
    header::REFERER,
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("sec-fetch-mode"),
    HeaderName::from_static("sec-fetch-dest"),
    HeaderName::from_static("sec-fetch-user"),
    header::FORWARDED,
    X_FORWARDED_FOR,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("auth-context"),
];

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl Caller {
    /// Makes `request` one that we send on the caller's behalf: nothing that only the browser may say, the client's
    /// address as the one value of `X-Forwarded-For`, and the caller's extensions. A provider calls it before it adds
    /// its own headers.
    pub fn introduce(&self, request: &mut Request) {
        let headers = request.headers_mut();
        // SECURITY: the session cookie must never reach the API.
        if !headers.is_empty() {
            for name in &BROWSER_HEADERS {
                headers.remove(name);
            }
        }
        let address = self
            .client_ip
            .and_then(|address| HeaderValue::from_str(&address.to_canonical().to_string()).ok());
        if let Some(address) = address {
            headers.insert(X_FORWARDED_FOR, address);
        }
        request.extensions_mut().extend(self.extensions.clone());
    }
}
