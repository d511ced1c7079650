//! Which address a call went to.

use http::Uri;
use url::Url;

/// Whether the address has the scheme, host and port of this URL.
pub(crate) fn is_of_origin(uri: &Uri, url: &Url) -> bool {
    let port = uri.port_u16().or_else(|| match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    });
    uri.scheme_str() == Some(url.scheme())
        && uri.host() == url.host_str()
        && port == url.port_or_known_default()
}

/// Whether the address is this URL, whatever its query. A path that is written in another way, such as with an encoded
/// letter, is another.
#[cfg(any(feature = "cookie-api", feature = "core-api"))]
pub(crate) fn is_at(uri: &Uri, url: &Url) -> bool {
    is_of_origin(uri, url) && uri.path() == url.path()
}

#[cfg(all(test, any(feature = "cookie-api", feature = "core-api")))]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_in_scheme_host_port_and_path() {
        let url: Url = "https://api.test/v1/users/me".parse().unwrap();
        for (uri, is_same) in [
            ("https://api.test/v1/users/me", true),
            ("https://api.test:443/v1/users/me?full=1", true),
            ("https://api.test:444/v1/users/me", false),
            ("http://api.test/v1/users/me", false),
            ("https://api.test.evil.test/v1/users/me", false),
            ("https://me@api.test.evil.test/v1/users/me", false),
            ("https://api.test/v1/users/me/", false),
            ("https://api.test/v1/users/me/friends", false),
            ("https://api.test/v1/users/%6de", false),
            ("https://api.test/v1//users/me", false),
            ("https://api.test/users/me", false),
            ("/v1/users/me", false),
        ] {
            assert_eq!(is_at(&uri.parse().unwrap(), &url), is_same, "{uri}");
        }
    }
}
