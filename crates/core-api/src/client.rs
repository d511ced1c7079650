//! Who is behind a request: the address and the browser, as far as they can be believed.
//!
//! The application in front says whose request it passes on: the address in `X-Forwarded-For`, the browser in
//! `X-Forwarded-User-Agent`, and a pseudonym of the browser in `X-Device-Id`.

use std::{
    convert::Infallible,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{HeaderMap, header, request::Parts};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{CoreApi, browser};

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_USER_AGENT: &str = "x-forwarded-user-agent";
const DEVICE_ID: &str = "x-device-id";

/// Longer than any hash as text.
const MAX_DEVICE_BYTES: usize = 128;

/// What is known about the sender of a request. It has the browser in words, never the header.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Client {
    pub(crate) address: Option<IpAddr>,
    pub(crate) browser: Option<String>,
    /// Whether an administrator did this. Their address and browser are not the person's to know.
    #[serde(default)]
    pub(crate) is_administrator: bool,
    /// Recognises the browser. Needed during the request only.
    #[serde(skip)]
    pub(crate) device: Option<[u8; 32]>,
}

impl Client {
    fn of(peer: Option<IpAddr>, headers: &HeaderMap) -> Self {
        // SECURITY: anybody else could claim to be anybody.
        let is_believed = peer.is_none_or(is_near);
        let forwarded = |name: &str| headers.get(name).filter(|_| is_believed);
        let user_agent = forwarded(FORWARDED_USER_AGENT).or_else(|| headers.get(header::USER_AGENT));
        let device =
            forwarded(DEVICE_ID).filter(|device| !device.is_empty() && device.len() <= MAX_DEVICE_BYTES);
        Self {
            address: if is_believed { last_forwarded(headers).or(peer) } else { peer }
                .map(|address| address.to_canonical()),
            browser: user_agent.map(|user_agent| browser::in_words(user_agent.as_bytes())),
            is_administrator: false,
            device: device.map(|device| hash("device", device.as_bytes())),
        }
    }

    pub(crate) fn administrator() -> Self {
        Self { is_administrator: true, ..Self::default() }
    }

    /// Names the browser. Without an identifier, all browsers of one kind in one network are the same.
    pub(crate) fn device(&self) -> [u8; 32] {
        self.device.unwrap_or_else(|| {
            let network = self.address.map(network).unwrap_or_default();
            let browser = self.browser.as_deref().unwrap_or_default();
            hash("browser", format!("{browser}\0{network}").as_bytes())
        })
    }
}

/// In the words of an e-mail.
impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_administrator {
            return f.write_str("an administrator of this site");
        }
        f.write_str(self.browser.as_deref().unwrap_or("Unknown browser"))?;
        match self.address {
            Some(address) => write!(f, ", address {address}"),
            None => Ok(()),
        }
    }
}

impl FromRequestParts<CoreApi> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &CoreApi) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Ok(Self::of(peer, &parts.headers))
    }
}

/// The one that the neighbour itself has added. What stands before it may have come from anywhere.
fn last_forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// Loopback and private networks (RFC 1918, RFC 4193, RFC 3927, RFC 4291).
fn is_near(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private() || peer.is_link_local(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local() || peer.is_unicast_link_local(),
    }
}

/// What a provider usually gives to one customer at a time: a /24, or a /56.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, 0).to_string()
        }
        IpAddr::V6(address) => {
            let bits = u128::from(address) & (u128::MAX << 72);
            Ipv6Addr::from(bits).to_string()
        }
    }
}

fn hash(kind: &str, text: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(kind).chain_update([0]).chain_update(text).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";

    fn client(peer: Option<&str>, lines: &[(&'static str, &str)]) -> Client {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        Client::of(peer.map(|peer| peer.parse().unwrap()), &headers)
    }

    #[test]
    fn the_application_in_front_says_whose_request_it_is() {
        let lines = [
            ("x-forwarded-for", "198.51.100.1, 203.0.113.9"),
            ("x-forwarded-user-agent", FIREFOX),
            ("user-agent", "a client/1"),
        ];
        for peer in [
            None,
            Some("127.0.0.1"),
            Some("::1"),
            Some("10.1.2.3"),
            Some("::ffff:192.168.0.1"),
            Some("fd00::1"),
        ] {
            let said = client(peer, &lines).to_string();
            assert_eq!(said, "Firefox on Linux, address 203.0.113.9", "{peer:?}");
        }
    }

    #[test]
    fn nobody_else_is_believed() {
        let lines =
            [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-user-agent", FIREFOX), ("x-device-id", "d")];
        let stranger = client(Some("198.51.100.7"), &lines);
        assert_eq!(stranger.to_string(), "Unknown browser, address 198.51.100.7");
        assert_eq!(stranger.device(), client(Some("198.51.100.7"), &[]).device());
    }

    #[test]
    fn a_browser_is_recognised_by_its_identifier_or_else_by_its_kind_and_network() {
        let device = |id: &str, address: &str| {
            client(
                None,
                &[("x-device-id", id), ("x-forwarded-for", address), ("x-forwarded-user-agent", FIREFOX)],
            )
            .device()
        };
        assert_eq!(device("a", "203.0.113.9"), device("a", "198.51.100.1"));
        assert_ne!(device("a", "203.0.113.9"), device("b", "203.0.113.9"));
        let too_long = "x".repeat(129);
        assert_eq!(device("", "203.0.113.9"), device(&too_long, "203.0.113.250"));
        assert_ne!(device("", "203.0.113.9"), device("", "203.0.114.9"));
        assert_eq!(device("", "2001:db8:0:1::1"), device("", "2001:db8:0:ff::2"));
        assert_ne!(device("", "2001:db8:0:1::1"), device("", "2001:db8:0:100::1"));
    }

    #[test]
    fn what_is_no_address_is_not_repeated() {
        for value in ["unknown", "<b>", "203.0.113.9:80", ""] {
            assert_eq!(
                client(Some("127.0.0.1"), &[("x-forwarded-for", value)]).to_string(),
                "Unknown browser, address 127.0.0.1"
            );
        }
    }
}
