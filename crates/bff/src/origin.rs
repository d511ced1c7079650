use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::{Host, Url};

/// The origin that browsers use: scheme, host and port (RFC 6454), and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicOrigin {
    origin: String,
    authority: String,
    https: bool,
    loopback: bool,
}

/// Why a text is not an origin this application can be served on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidOrigin {
    /// Not a URL at all.
    #[error("it is not a URL such as https://app.example.com")]
    NotAUrl,
    /// Neither http nor https.
    #[error("its scheme is neither http nor https")]
    Scheme,
    /// A path, a query or user information is present.
    #[error("an origin ends after host and port")]
    TooLong,
}

impl PublicOrigin {
    /// In the form of the `Origin` header: `https://app.example.com`.
    pub fn as_str(&self) -> &str {
        &self.origin
    }

    /// In the form of the `Host` header: without the port if it is the default port of the scheme.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether an authority from a `Host` header or a request target names this origin. It contains the host and,
    /// unless it is the default of the scheme, the port (RFC 3986, section 6.2.3).
    pub fn is_named(&self, authority: &str) -> bool {
        if authority.eq_ignore_ascii_case(&self.authority) {
            return true;
        }
        // User information is not allowed here, and the library would remove it.
        if authority.contains(['@', '/', '\\', '?', '#']) {
            return false;
        }
        let scheme = if self.https { "https" } else { "http" };
        let named = Url::parse(&format!("{scheme}://{authority}/"));
        named.is_ok_and(|named| named.origin().ascii_serialization() == self.origin)
    }

    /// Whether browsers reach it over TLS.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether the host is only this machine: `localhost`, 127.0.0.0/8 or `::1`.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether the host is a domain and not an IP address. Browsers have passkeys for domains only (Web Authentication,
    /// section 5.1.2).
    pub fn has_domain(&self) -> bool {
        Url::parse(&self.origin).is_ok_and(|url| matches!(url.host(), Some(Host::Domain(_))))
    }

    /// Whether the host is this domain or a subdomain of it.
    pub fn is_within(&self, domain: &str) -> bool {
        let host = Url::parse(&self.origin).ok().and_then(|url| url.host_str().map(str::to_owned));
        let parent = |host: &str| host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        self.has_domain() && host.is_some_and(|host| host == domain || parent(&host))
    }

    /// The same origin under the name `localhost`; people type both in development.
    #[must_use]
    pub fn as_localhost(&self) -> Option<Self> {
        let mut url = Url::parse(&self.origin).ok().filter(|_| self.loopback)?;
        url.set_host(Some("localhost")).ok()?;
        Self::from_str(url.as_str()).ok()
    }
}

impl FromStr for PublicOrigin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let url = Url::parse(text).map_err(|_| InvalidOrigin::NotAUrl)?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(InvalidOrigin::Scheme),
        };
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let Some(host) = url.host().filter(|_| bare) else {
            return Err(InvalidOrigin::TooLong);
        };
        let loopback = match &host {
            Host::Domain(name) => *name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        Ok(Self { origin: url.origin().ascii_serialization(), authority, https, loopback })
    }
}

impl fmt::Display for PublicOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl fmt::Debug for PublicOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_ports_are_left_out_as_browsers_do() {
        let origin: PublicOrigin = "https://App.Example.com:443/".parse().unwrap();
        assert_eq!(origin.as_str(), "https://app.example.com");
        assert_eq!(origin.authority(), "app.example.com");
        assert!(origin.is_https() && !origin.is_loopback());
    }

    #[test]
    fn an_origin_is_within_its_domain_and_the_parents_of_it() {
        let origin: PublicOrigin = "https://app.example.com".parse().unwrap();
        assert!(
            origin.has_domain() && origin.is_within("app.example.com") && origin.is_within("example.com")
        );
        for domain in ["", "ample.com", "other.example.com", "example.org", ".example.com"] {
            assert!(!origin.is_within(domain), "{domain}");
        }
        let address: PublicOrigin = "http://127.0.0.1:3000".parse().unwrap();
        assert!(!address.has_domain() && !address.is_within("127.0.0.1") && !address.is_within("1"));
    }

    #[test]
    fn loopback_hosts_are_recognised() {
        for text in
            ["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000", "http://127.8.8.8"]
        {
            assert!(text.parse::<PublicOrigin>().unwrap().is_loopback(), "{text}");
        }
        for text in ["http://10.0.0.1", "http://localhost.example.com", "http://0.0.0.0:3000"] {
            assert!(!text.parse::<PublicOrigin>().unwrap().is_loopback(), "{text}");
        }
    }

    #[test]
    fn what_follows_the_authority_is_refused() {
        for text in [
            "https://a.example/path",
            "https://a.example/?q",
            "https://user@a.example",
            "https://a.example/#f",
        ] {
            assert_eq!(text.parse::<PublicOrigin>(), Err(InvalidOrigin::TooLong), "{text}");
        }
        assert_eq!("ftp://a.example".parse::<PublicOrigin>(), Err(InvalidOrigin::Scheme));
        assert_eq!("app.example.com".parse::<PublicOrigin>(), Err(InvalidOrigin::NotAUrl));
    }

    #[test]
    fn localhost_stands_for_a_loopback_origin_only() {
        let origin: PublicOrigin = "http://127.0.0.1:3000".parse().unwrap();
        assert_eq!(origin.as_localhost().unwrap().authority(), "localhost:3000");
        assert_eq!("https://a.example".parse::<PublicOrigin>().unwrap().as_localhost(), None);
    }

    #[test]
    fn an_authority_names_an_origin_by_what_it_means() {
        for (origin, ours, foreign) in [
            (
                "https://app.example.com",
                &[
                    "app.example.com",
                    "app.example.com:443",
                    "APP.example.COM",
                    "App.Example.com:0443",
                    "app.example.com:",
                ][..],
                &[
                    "app.example.com:80",
                    "app.example.com:8443",
                    "app.example.com.",
                    "evil.app.example.com",
                    "app.example.com@evil.example",
                    "evil@app.example.com",
                    "app.example.com:443:443",
                    "app.example.com:4430",
                ][..],
            ),
            (
                "http://app.example.com",
                &["app.example.com", "app.example.com:80"][..],
                &["app.example.com:443"][..],
            ),
            (
                "https://app.example.com:8443",
                &["app.example.com:8443", "APP.EXAMPLE.COM:8443"][..],
                &["app.example.com", "app.example.com:443"][..],
            ),
            (
                "https://[2001:db8::1]",
                &["[2001:db8::1]", "[2001:DB8:0:0::1]:443", "[2001:0db8::0001]"][..],
                &["[2001:db8::2]", "2001:db8::1"][..],
            ),
        ] {
            let origin: PublicOrigin = origin.parse().unwrap();
            for (authorities, is_named) in [(ours, true), (foreign, false)] {
                for authority in authorities {
                    assert_eq!(origin.is_named(authority), is_named, "{origin}: {authority}");
                }
            }
        }
    }
}
