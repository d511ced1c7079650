//! The handshake (RFC 6455, section 4): what a browser asks, and what an API has to answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, CONTENT_LENGTH, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use sha1::{Digest as _, Sha1};

/// Section 1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY_BYTES: usize = 16;
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// What an answer must have to a request for a WebSocket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Handshake {
    accept: String,
    /// The subprotocols to choose from.
    protocols: Vec<String>,
}

/// Why a request for a WebSocket cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It breaks a rule of section 4.2.1.
    Malformed,
    /// It is of another version than 13, which is the only one.
    Version,
}

/// Whether the request asks for a WebSocket.
pub(crate) fn is_handshake(headers: &HeaderMap) -> bool {
    has_token(headers, &UPGRADE, "websocket")
}

impl Handshake {
    /// # Errors
    ///
    /// [`Unfit`].
    pub(crate) fn of(parts: &Parts) -> Result<Self, Unfit> {
        let headers = &parts.headers;
        let one = |name: &HeaderName| {
            let mut values = headers.get_all(name).iter();
            values.next().filter(|_| values.next().is_none())?.to_str().ok()
        };
        // SECURITY: a body would be taken for the first bytes of the socket by one of the two sides.
        let has_body = headers.contains_key(TRANSFER_ENCODING)
            || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
        if parts.method != Method::GET
            || parts.version != Version::HTTP_11
            || !has_token(headers, &CONNECTION, "upgrade")
            || has_body
        {
            return Err(Unfit::Malformed);
        }
        if one(&SEC_WEBSOCKET_VERSION) != Some("13") {
            return Err(Unfit::Version);
        }
        let key = one(&SEC_WEBSOCKET_KEY).ok_or(Unfit::Malformed)?;
        if STANDARD.decode(key).map_or(0, |key| key.len()) != KEY_BYTES {
            return Err(Unfit::Malformed);
        }
        let accept = STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize());
        let protocols = tokens(headers, &SEC_WEBSOCKET_PROTOCOL).map(str::to_owned).collect();
        Ok(Self { accept, protocols })
    }

    /// Asks an API for the same, of whose request the headers of the connection were removed.
    pub(crate) fn ask(headers: &mut HeaderMap) {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, WEBSOCKET);
    }

    /// Whether these headers of an answer with the status 101 begin the WebSocket that was asked for.
    ///
    /// SECURITY: whatever else took the connection over could be made to speak HTTP to the next request on it.
    pub(crate) fn is_accepted_by(&self, headers: &HeaderMap) -> bool {
        let mut accepts = headers.get_all(SEC_WEBSOCKET_ACCEPT).iter();
        let is_ours = accepts.next().is_some_and(|accept| accept == self.accept.as_str());
        let mut chosen = tokens(headers, &SEC_WEBSOCKET_PROTOCOL);
        let is_offered = chosen.all(|chosen| self.protocols.iter().any(|offered| offered == chosen));
        is_ours && accepts.next().is_none() && is_offered && has_token(headers, &UPGRADE, "websocket")
    }
}

/// Whether a page of another site may be asking.
///
/// SECURITY: browsers ask nobody before they open a WebSocket to another site, and send the cookies of that site along
/// (cross-site WebSocket hijacking). Here the origin decides, and nothing else: it is ours, or the route
/// has listed it. A client without any header of a browser says by `X-Requested-With` that it is no page: pages cannot set it.
pub(crate) fn is_foreign(parts: &Parts, is_own: impl Fn(&str) -> bool, is_listed: bool) -> bool {
    let mut origins = parts.headers.get_all(ORIGIN).iter();
    let origin = origins.next().map(|origin| origin.to_str().unwrap_or_default());
    let site = parts.headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let may = match (origin, site) {
        _ if origins.next().is_some() => false,
        (Some(_), _) if is_listed => true,
        (Some(origin), site) => is_own(origin) && site.is_none_or(|site| site == b"same-origin"),
        (None, Some(site)) => site == b"same-origin",
        (None, None) => parts.headers.contains_key("x-requested-with"),
    };
    !may
}

fn has_token(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    tokens(headers, name).any(|token| token.eq_ignore_ascii_case(wanted))
}

fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The handshake of RFC 6455, section 1.3.
    const RIGHT: [(&str, &str); 5] = [
        ("upgrade", "websocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "chat, superchat"),
        ("sec-websocket-version", "13"),
    ];

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::get("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn changed(name: &str, value: Option<&'static str>) -> Parts {
        let kept = RIGHT.into_iter().filter(|(known, _)| *known != name);
        let changed: Vec<_> = kept.chain(value.map(|value| (name, value))).collect();
        parts(&changed)
    }

    #[test]
    fn the_example_of_the_standard_is_answered_as_there() {
        let handshake = Handshake::of(&parts(&RIGHT)).unwrap();
        let answer = |accept: &'static str, protocol: &'static str| {
            parts(&[
                ("upgrade", "WebSocket"),
                ("sec-websocket-accept", accept),
                ("sec-websocket-protocol", protocol),
            ])
            .headers
        };
        assert!(handshake.is_accepted_by(&answer("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "chat")));
        assert!(handshake.is_accepted_by(&answer("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "")));
        assert!(!handshake.is_accepted_by(&answer("s3pPLMBiTxaQ9kYGzzhZRbK+xOO=", "chat")));
        assert!(!handshake.is_accepted_by(&answer("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "other")));
        assert!(!handshake.is_accepted_by(&HeaderMap::new()));
    }

    #[test]
    fn what_breaks_a_rule_is_no_handshake() {
        for (name, value, unfit) in [
            ("connection", Some("keep-alive"), Unfit::Malformed),
            ("sec-websocket-key", None, Unfit::Malformed),
            ("sec-websocket-key", Some("c2hvcnQ="), Unfit::Malformed),
            ("sec-websocket-key", Some("not base64"), Unfit::Malformed),
            ("sec-websocket-version", Some("8"), Unfit::Version),
            ("sec-websocket-version", None, Unfit::Version),
            ("content-length", Some("5"), Unfit::Malformed),
            ("transfer-encoding", Some("chunked"), Unfit::Malformed),
        ] {
            assert_eq!(Handshake::of(&changed(name, value)), Err(unfit), "{name} {value:?}");
        }
        let mut post = parts(&RIGHT);
        post.method = Method::POST;
        assert_eq!(Handshake::of(&post), Err(Unfit::Malformed));
        let twice = parts(&[&RIGHT[..], &[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")]].concat());
        assert_eq!(Handshake::of(&twice), Err(Unfit::Malformed));
        assert!(is_handshake(&parts(&RIGHT).headers));
        assert!(!is_handshake(&changed("upgrade", Some("h2c")).headers));
    }

    #[test]
    fn only_pages_of_known_origins_may_ask() {
        let own = "https://app.example";
        for (headers, may) in [
            (&[("origin", own)][..], true),
            (&[("origin", own), ("sec-fetch-site", "same-origin")], true),
            (&[("origin", own), ("sec-fetch-site", "cross-site")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "https://evil.example"), ("x-requested-with", "x")], false),
            (&[("origin", "null")], false),
            (&[("origin", own), ("origin", "https://evil.example")], false),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[], false),
            (&[("x-requested-with", "x")], true),
        ] {
            let is_foreign = is_foreign(&parts(headers), |origin| origin == own, false);
            assert_eq!(is_foreign, !may, "{headers:?}");
        }
        let listed = [("origin", "https://listed.example"), ("sec-fetch-site", "cross-site")];
        assert!(!is_foreign(&parts(&listed), |_| false, true));
        let twice = [&listed[..], &[("origin", "https://evil.example")]].concat();
        assert!(is_foreign(&parts(&twice), |_| false, true));
    }
}
