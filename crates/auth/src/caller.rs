use std::net::IpAddr;

use http::header::HeaderName;
use http::{Extensions, HeaderMap, HeaderValue};

use crate::Request;

/// On whose behalf a call is made: what the provider may pass on about the browser.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The browser's address. It is sent as the only trusted forwarding header.
    pub client_ip: Option<IpAddr>,
    /// The browser's `User-Agent`, at most [`MAX_USER_AGENT_BYTES`](Self::MAX_USER_AGENT_BYTES) of it. A provider passes
    /// it on only to an API that tells people where they have signed in, see [`describe`](Self::describe).
    pub user_agent: Option<HeaderValue>,
    /// A pseudonym of the browser, during a sign-in. It tells whether two sign-ins came from one browser.
    pub device: Option<HeaderValue>,
    /// Further context, such as a trace context, for transports and providers that use it.
    pub extensions: Extensions,
}

/// Headers that browsers send and the API must not see: credentials, where the page is, and claims about addresses.
const BROWSER_HEADERS: [&str; 19] = [
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
    "sign-out",
    "x-forwarded-user-agent",
    "x-device-id",
];

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_USER_AGENT: HeaderName = HeaderName::from_static("x-forwarded-user-agent");
const X_DEVICE_ID: HeaderName = HeaderName::from_static("x-device-id");

impl Caller {
    /// How much of a `User-Agent` is passed on. What names the browser stands within it.
    pub const MAX_USER_AGENT_BYTES: usize = 300;

    /// The beginning of a `User-Agent`, as [`user_agent`](Self::user_agent) has it.
    pub fn short_user_agent(whole: &HeaderValue) -> Option<HeaderValue> {
        let bytes = whole.as_bytes();
        HeaderValue::from_bytes(&bytes[..bytes.len().min(Self::MAX_USER_AGENT_BYTES)]).ok()
    }

    /// Prepares `request` to be sent on the caller's behalf. It removes the headers that only the browser may set, sets
    /// the client's address as the only value of `X-Forwarded-For`, and adds the caller's extensions. A provider calls
    /// this before it adds its own headers.
    pub fn introduce(&self, request: &mut Request) {
        let headers = request.headers_mut();
        Self::remove_browser_headers(headers);
        let address = self
            .client_ip
            .and_then(|address| HeaderValue::from_str(&address.to_canonical().to_string()).ok());
        if let Some(address) = address {
            headers.insert(X_FORWARDED_FOR, address);
        }
        request.extensions_mut().extend(self.extensions.clone());
    }

    /// Removes the headers that only the browser may set: its credentials, where its page is, and claims about addresses.
    pub fn remove_browser_headers(headers: &mut HeaderMap) {
        // SECURITY: the session cookie must never reach the API.
        let unwanted = headers.keys().filter(|name| BROWSER_HEADERS.contains(&name.as_str()));
        for name in unwanted.cloned().collect::<Vec<_>>() {
            headers.remove(name);
        }
    }

    /// Adds what is known about the browser: its `User-Agent` as `X-Forwarded-User-Agent`, and its pseudonym as
    /// `X-Device-Id`. Use it after [`introduce`](Self::introduce).
    pub fn describe(&self, request: &mut Request) {
        let described = [(X_FORWARDED_USER_AGENT, &self.user_agent), (X_DEVICE_ID, &self.device)];
        for (name, value) in described {
            if let Some(value) = value {
                request.headers_mut().insert(name, value.clone());
            }
        }
    }
}
