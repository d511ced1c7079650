//! The issuer identifier: the one text that metadata, tokens and answers must repeat exactly.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;
use url::{Host, Url};

/// Where the metadata is, below the issuer (OpenID Connect Discovery 1.0, section 4).
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// The identifier of an OpenID provider (OpenID Connect Core 1.0, section 1.2): an `https` URL without query and
/// fragment. For development, `http` is accepted on loopback hosts.
///
/// It is compared byte for byte, so it is kept as it was written: `https://id.example.com` and
/// `https://id.example.com/` are two issuers.
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    is_loopback: bool,
}

/// Why a text is not the identifier of an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IssuerError {
    /// It is not an absolute URL with a host.
    #[error("the issuer is not a URL such as https://id.example.com")]
    NotAUrl,
    /// It is `http`, and not on a loopback host.
    #[error("the issuer must be https; http is accepted only for loopback hosts")]
    NotSecure,
    /// It has a user name, a password, a query or a fragment.
    #[error("the issuer must be a URL without user, query and fragment")]
    Excess,
}

impl Issuer {
    /// Reads an identifier.
    ///
    /// # Errors
    ///
    /// See [`IssuerError`].
    pub fn parse(text: &str) -> Result<Self, IssuerError> {
        let url = Url::parse(text).map_err(|_| IssuerError::NotAUrl)?;
        if url.host().is_none() || text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(IssuerError::NotAUrl);
        }
        let is_loopback = url.scheme() == "http" && is_loopback(&url);
        if url.scheme() != "https" && !is_loopback {
            return Err(IssuerError::NotSecure);
        }
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || url.query().is_some() || url.fragment().is_some() {
            return Err(IssuerError::Excess);
        }
        Ok(Self { text: text.to_owned(), is_loopback })
    }

    /// The identifier, as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address of the metadata. The path of the issuer is kept.
    pub(super) fn configuration_url(&self) -> String {
        format!("{}{WELL_KNOWN}", self.text.strip_suffix('/').unwrap_or(&self.text))
    }

    /// Whether tokens and secrets may be sent to this address: `https`, or for a loopback issuer also `http` on a
    /// loopback host.
    pub(super) fn may_use(&self, endpoint: &Url) -> bool {
        let is_secure = endpoint.scheme() == "https" && endpoint.host().is_some();
        is_secure || (self.is_loopback && endpoint.scheme() == "http" && is_loopback(endpoint))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => Ipv4Addr::is_loopback(&address),
        Some(Host::Ipv6(address)) => Ipv6Addr::is_loopback(&address),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_kept_and_the_metadata_is_below_its_path() {
        for (text, configuration) in [
            ("https://id.example.com", "https://id.example.com/.well-known/openid-configuration"),
            ("https://t.eu.auth0.com/", "https://t.eu.auth0.com/.well-known/openid-configuration"),
            ("https://id.test/realms/main", "https://id.test/realms/main/.well-known/openid-configuration"),
            ("http://127.0.0.1:4000", "http://127.0.0.1:4000/.well-known/openid-configuration"),
            ("http://[::1]:4000", "http://[::1]:4000/.well-known/openid-configuration"),
            ("http://localhost:4000", "http://localhost:4000/.well-known/openid-configuration"),
        ] {
            let issuer = Issuer::parse(text).unwrap();
            assert_eq!((issuer.as_str(), issuer.configuration_url().as_str()), (text, configuration));
        }
    }

    #[test]
    fn anything_but_a_secure_address_is_refused() {
        for (text, error) in [
            ("id.example.com", IssuerError::NotAUrl),
            ("", IssuerError::NotAUrl),
            ("https:// id.example.com", IssuerError::NotAUrl),
            ("https://id.example.com/a\tb", IssuerError::NotAUrl),
            ("http://id.example.com", IssuerError::NotSecure),
            ("http://localhost.example.com", IssuerError::NotSecure),
            ("ftp://id.example.com", IssuerError::NotSecure),
            ("https://user@id.example.com", IssuerError::Excess),
            ("https://id.example.com/?tenant=1", IssuerError::Excess),
            ("https://id.example.com/#a", IssuerError::Excess),
        ] {
            assert_eq!(Issuer::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_issuers_on_loopback_hosts() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let remote = Issuer::parse("https://id.example.com").unwrap();
        let local = Issuer::parse("http://127.0.0.1:4000").unwrap();
        assert!(remote.may_use(&url("https://other.example.com/token")));
        assert!(!remote.may_use(&url("http://127.0.0.1/token")));
        assert!(local.may_use(&url("http://localhost:4001/token")));
        assert!(local.may_use(&url("https://id.example.com/token")));
        assert!(!local.may_use(&url("http://id.example.com/token")));
        assert!(!local.may_use(&url("javascript:alert(1)")));
    }
}
