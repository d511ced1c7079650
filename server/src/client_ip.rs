//! Finds the address of the browser that sent a request, also behind proxies. It does not trust anything that a browser
//! can write itself.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// The networks of the proxies in front of the application, from `TRUSTED_PROXIES`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Whether there are none. Then no header is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them is wider than any private network: a part of the internet, or all of it.
    pub fn is_everybody(&self) -> bool {
        self.0.iter().any(|network| match network {
            // The widest private one is 10.0.0.0/8 (RFC 1918).
            IpNet::V4(network) => network.prefix_len() < 8,
            // The unique local addresses are fc00::/7 (RFC 4193).
            IpNet::V6(network) => network.prefix_len() < 7,
        })
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for TrustedProxies {
    type Err = ipnet::AddrParseError;

    /// Networks or single addresses, separated by commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let network = |text: &str| match text.parse::<IpAddr>() {
            Ok(address) => Ok(IpNet::from(address.to_canonical())),
            Err(_) => text.parse(),
        };
        text.split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(network)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&networks.join(","))
    }
}

/// How the address of a client is found.
#[derive(Debug, Clone)]
pub struct ClientIp {
    /// The proxies whose header is trusted.
    pub proxies: TrustedProxies,
    /// The header to which the proxies add the address that they saw, on the right.
    pub header: HeaderName,
}

impl ClientIp {
    /// The right-most address that is not one of our proxies. Without a trusted header, the address of the peer.
    ///
    /// SECURITY: everything to the left of that address was written by somebody else and may be false. Text that is not
    /// an address ends the search: the proxy that passed it on is the last one that is known.
    pub(crate) fn of(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let mut client = peer?.to_canonical();
        let lines: Vec<_> = headers.get_all(&self.header).iter().collect();
        let hops = lines.into_iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops {
            if !self.proxies.contains(client) {
                break;
            }
            let Some(address) = std::str::from_utf8(hop).ok().and_then(address_of) else { break };
            client = address;
        }
        Some(client)
    }
}

/// Parses an address as proxies write it. Some put it in brackets, some add the port.
fn address_of(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()));
    // Makes a client equal whether a proxy listens for IPv4, IPv6 or both.
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "x-forwarded-for";

    fn found(proxies: &str, peer: &str, lines: &[&'static [u8]]) -> String {
        let client_ip =
            ClientIp { proxies: proxies.parse().unwrap(), header: HeaderName::from_static(HEADER) };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(HEADER, http::HeaderValue::from_bytes(line).unwrap());
        }
        client_ip.of(Some(peer.parse().unwrap()), &headers).unwrap().to_string()
    }

    #[test]
    fn without_trusted_proxies_the_peer_is_the_client() {
        assert_eq!(found("", "203.0.113.9", &[b"198.51.100.1"]), "203.0.113.9");
        assert_eq!(found("", "::ffff:203.0.113.9", &[]), "203.0.113.9");
    }

    #[test]
    fn a_header_from_a_peer_that_is_no_proxy_is_not_believed() {
        assert_eq!(found("10.0.0.0/8", "203.0.113.9", &[b"198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn the_right_most_address_that_is_no_proxy_is_the_client() {
        let proxies = "10.0.0.0/8, 2001:db8:1::/48";
        for (lines, client) in [
            (&[b"198.51.100.1".as_slice()][..], "198.51.100.1"),
            // The part that the client wrote itself is on the left.
            (&[b"1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            (&[b"1.1.1.1, 198.51.100.1, 10.9.9.9, 2001:db8:1::7"], "198.51.100.1"),
            (&[b"1.1.1.1", b"198.51.100.1,10.9.9.9"], "198.51.100.1"),
            // A client that claims to be one of the proxies does not hide its own address.
            (&[b"10.1.1.1, 198.51.100.1"], "198.51.100.1"),
            (&[b"10.2.2.2 , 10.3.3.3"], "10.2.2.2"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(found(proxies, "10.0.0.1", lines), client, "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_address_ends_the_search_at_who_passed_it_on() {
        for line in [
            b"unknown".as_slice(),
            b"",
            b",",
            b"\xff\xfe",
            b"1.2.3",
            b"[::1",
            b"1.2.3.4:x",
            b"_hidden",
            b"1.1.1.1 2.2.2.2",
        ] {
            let line: &'static [u8] = line;
            assert_eq!(found("10.0.0.0/8", "10.0.0.1", &[line]), "10.0.0.1", "{line:?}");
        }
        assert_eq!(found("10.0.0.0/8", "10.0.0.1", &[b"198.51.100.1, junk, 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn addresses_of_both_kinds_are_read_as_proxies_write_them() {
        for (line, client) in [
            (b"2001:db8::1".as_slice(), "2001:db8::1"),
            (b"[2001:db8::1]", "2001:db8::1"),
            (b"[2001:db8::1]:443", "2001:db8::1"),
            (b"198.51.100.1:52144", "198.51.100.1"),
            (b"::ffff:198.51.100.1", "198.51.100.1"),
        ] {
            assert_eq!(found("10.0.0.0/8", "10.0.0.1", &[line]), client);
        }
    }

    #[test]
    fn an_ipv4_proxy_is_known_on_a_socket_that_speaks_both() {
        assert_eq!(found("10.0.0.0/8", "::ffff:10.0.0.1", &[b"198.51.100.1"]), "198.51.100.1");
        assert_eq!(found("::ffff:10.0.0.1", "10.0.0.1", &[b"198.51.100.1"]), "198.51.100.1");
        assert_eq!(found("10.0.0.1", "::1", &[b"198.51.100.1"]), "::1");
    }
}
