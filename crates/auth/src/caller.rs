use std::net::IpAddr;

use http::header::{self, HeaderName};
use http::{Extensions, HeaderValue};

use crate::Request;

/// On whose behalf a call is made: what the provider may pass on about the browser.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The browser's address. It is sent as the only trusted forwarding header.
    pub client_ip: Option<IpAddr>,
    /// Further context, such as a trace context, for transports and providers that use it.
    pub extensions: Extensions,
}

/// Headers that browsers send and the API must not see: credentials, where the page is, and claims about addresses.
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
    /// Prepares `request` to be sent on the caller's behalf. It removes the headers that only the browser may set, sets
    /// the client's address as the only value of `X-Forwarded-For`, and adds the caller's extensions. A provider calls
    /// this before it adds its own headers.
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
