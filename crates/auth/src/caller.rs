use std::net::IpAddr;

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
const BROWSER_HEADERS: [&str; 16] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "origin",
    "referer",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "sec-fetch-user",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
    "auth-context",
];

impl Caller {
    /// Makes `request` one that we send on the caller's behalf: nothing that only the browser may say, the client's
    /// address as the one value of `X-Forwarded-For`, and the caller's extensions. A provider calls it before it adds
    /// its own headers.
    pub fn introduce(&self, request: &mut Request) {
        let headers = request.headers_mut();
        // SECURITY: the session cookie must never reach the API.
        for name in BROWSER_HEADERS {
            headers.remove(name);
        }
        let address = self
            .client_ip
            .and_then(|address| HeaderValue::from_str(&address.to_canonical().to_string()).ok());
        if let Some(address) = address {
            headers.insert("x-forwarded-for", address);
        }
        request.extensions_mut().extend(self.extensions.clone());
    }
}
