use std::fmt;

use url::Url;

/// The longest value that is looked at: longer ones are no page of ours.
const MAX_BYTES: usize = 2048;

/// A place on this origin to come back to: a path with its query, safe in a `Location` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Accepts a path on this origin, and nothing that a browser, a proxy or a URL parser could read as a place
    /// elsewhere.
    ///
    /// # Security
    ///
    /// An open redirect hands the moment after a sign-in to somebody else (ASVS 3.7.2). The characters are therefore
    /// limited to those of RFC 3986 before anything is parsed, and both the written and the decoded form must be a
    /// path that does not start with two slashes.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES || !text.bytes().all(is_path_or_query_byte) || !is_local(text) {
            return None;
        }
        // Proxies decode: what is no path after that is none before.
        let decoded = decode(text)?;
        if !is_local(&decoded) || decoded.contains(['\\', '\0']) || decoded.chars().any(char::is_control) {
            return None;
        }
        let base = Url::parse("https://origin.invalid").ok()?;
        let url = base.join(text).ok().filter(|url| url.origin() == base.origin())?;
        // `/..//evil` becomes `//evil` only here, where dot segments are resolved, and `/a/../%2fevil` what decodes to it.
        let resolved = decode(url.path())?;
        if !is_local(url.path()) || !is_local(&resolved) || resolved.starts_with("/api/") {
            return None;
        }
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let place = format!("{}{query}", url.path());
        // It is longer where the parser escapes what was written as it is, and has to be read again behind a form.
        (place.len() <= MAX_BYTES).then_some(Self(place))
    }

    /// The path with its query.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }

    /// The fields of the query, decoded, for a form that sends them again.
    pub fn query_pairs(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let query = self.0.split_once('?').map_or("", |(_, query)| query);
        url::form_urlencoded::parse(query.as_bytes()).into_owned()
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local(text: &str) -> bool {
    text.starts_with('/') && !text.starts_with("//") && !text.starts_with("/\\")
}

/// `pchar`, `/` and `?` of RFC 3986, section 3.3 and 3.4. No fragment: it would hide the rest from the server.
fn is_path_or_query_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/?".contains(&byte)
}

/// One round of percent-decoding; `None` for an escape that is none, or bytes that are not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_on_this_origin_are_accepted() {
        for text in ["/", "/account", "/account?tab=mail&x=%20", "/a/b/c", "/set-password", "/?q=http://x"] {
            assert_eq!(ReturnTo::parse(text).expect(text).as_str(), text);
        }
    }

    #[test]
    fn what_would_be_too_long_to_be_read_again_is_refused() {
        // A URL parser writes `'` in a query as `%27`.
        let longest = format!("/?{}", "'".repeat((MAX_BYTES - 2) / 3));
        let place = ReturnTo::parse(&longest).expect("it fits");
        assert_eq!(ReturnTo::parse(place.as_str()), Some(place));
        assert_eq!(ReturnTo::parse(&format!("{longest}'")), None);
    }

    #[test]
    fn hostile_values_are_refused() {
        for text in [
            "",
            "account",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\\/evil.example",
            "https:evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "%2f%2fevil.example",
            "/%2fevil.example",
            "/%2Fevil.example",
            "/%5cevil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r\nSet-Cookie:a=b",
            "/%0d%0aSet-Cookie:a=b",
            "/%00",
            "/%09/evil.example",
            " /account",
            "/account ",
            "/user@evil.example\\@x",
            "//user:pw@evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/a/..//evil.example",
            "/a/../..//evil.example",
            "/%2e%2e//evil.example",
            "/a/../%2fevil.example",
            "/a/%2e%2e/%2Fevil.example",
            "/%61pi/sign-out",
            "/account#x",
            "/ä",
            "/\u{2044}evil",
            "/\u{ff0f}evil.example",
            "/%",
            "/%2",
            "/%zz",
            "/%ff",
            "/api/sign-out",
            "/x/../api/sign-out",
        ] {
            assert_eq!(ReturnTo::parse(text), None, "{text:?}");
        }
        assert_eq!(ReturnTo::parse(&format!("/{}", "a".repeat(MAX_BYTES))), None);
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_stays_on_the_origin(text in r"[/\\.%a-z0-9:@?#\t ]{0,24}") {
            if let Some(target) = ReturnTo::parse(&text) {
                let base = Url::parse("https://app.example").unwrap();
                let url = base.join(target.as_str()).unwrap();
                prop_assert_eq!(url.origin(), base.origin());
                prop_assert!(!target.as_str().starts_with("//"));
            }
        }
    }
}
