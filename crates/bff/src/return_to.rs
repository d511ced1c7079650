use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use percent_encoding::{percent_decode_str, percent_encode_byte};
use url::Url;

/// Longer values are not parsed, because no page here needs them.
const MAX_BYTES: usize = 2048;

/// Any origin works: the check is whether a path stays on it.
static ORIGIN: LazyLock<Option<Url>> = LazyLock::new(|| Url::parse("https://origin.invalid").ok());

/// A place on this origin to return to: a path with its query, safe in a `Location` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Accepts a path on this origin. It refuses whatever a browser, a proxy or a URL parser could read as a place
    /// elsewhere. Characters that browsers send in a query as typed (`[`, `|`, a lone `%`) are kept or escaped.
    ///
    /// # Security
    ///
    /// An open redirect hands the moment after a sign-in to an attacker (ASVS 3.7.2). So the characters of the path are
    /// limited to those of RFC 3986 before any parsing, and both the written and the decoded form must be a path that
    /// does not start with two slashes. A query cannot change where a path leads, but it must not contain characters
    /// that end a header.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
        let mut place = local_path(path)?;
        if let Some(query) = query {
            place.push('?');
            push_query(query, &mut place)?;
        }
        // Escaping makes it longer, and it must be accepted again after a form.
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

    /// The decoded fields of the query, for a form that sends them again.
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

/// The path as every parser understands it: without dot segments.
fn local_path(path: &str) -> Option<String> {
    if is_plain(path) { (!is_form(path)).then(|| path.to_owned()) } else { parsed_path(path) }
}

/// Whether forms are sent to the path, which has nothing to show. What lies deeper may be an API behind this origin.
fn is_form(path: &str) -> bool {
    // A proxy may take several slashes for one.
    path.strip_prefix("/api/").is_some_and(|name| !name.trim_start_matches('/').contains('/'))
}

/// Whether the path consists of letters, digits and single slashes, like those of most pages. Every parser leaves such a
/// path as it is, so it need not be parsed.
fn is_plain(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte);
    path.starts_with('/') && path.bytes().all(is_plain) && !path.contains("//")
}

fn parsed_path(path: &str) -> Option<String> {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            // `pchar` and `/` of RFC 3986, section 3.3.
            byte if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&byte) => {
                escaped.push(char::from(byte));
            }
            // Browsers send these unescaped (WHATWG URL, path percent-encode set).
            b'[' | b']' | b'^' | b'|' => escaped.push_str(percent_encode_byte(byte)),
            _ => return None,
        }
    }
    // Proxies decode: the path must also be valid after decoding.
    let decoded = decode(&escaped)?;
    if !is_local(&escaped)
        || !is_local(&decoded)
        || decoded.contains('\\')
        || decoded.chars().any(char::is_control)
    {
        return None;
    }
    let base = ORIGIN.as_ref()?;
    let url = base.join(&escaped).ok().filter(|url| url.origin() == base.origin())?;
    // Resolving dot segments can produce a new prefix: `/..//evil` becomes `//evil` only here, and `/a/../%2fevil`
    // becomes a path that decodes to it.
    let resolved = decode(url.path())?;
    // Both again: an escaped slash joins two segments for some servers and parts them for others.
    let is_page = [url.path(), &*resolved].into_iter().all(|path| is_local(path) && !is_form(path));
    is_page.then(|| url.path().to_owned())
}

/// The query with everything escaped that RFC 3986, section 3.4, does not allow, except a `%` that escapes nothing:
/// whoever made such a link must be able to read it. `None` for what no browser sends: a fragment, which would hide the
/// rest from the server, and control characters.
fn push_query(query: &str, place: &mut String) -> Option<()> {
    for byte in query.bytes() {
        match byte {
            b'#' => return None,
            byte if byte.is_ascii_control() => return None,
            byte if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/?".contains(&byte) => {
                place.push(char::from(byte));
            }
            byte => place.push_str(percent_encode_byte(byte)),
        }
    }
    Some(())
}

/// Decodes one round of percent-encoding. `None` for an invalid escape, or for bytes that are not UTF-8.
fn decode(text: &str) -> Option<String> {
    // The library keeps a `%` that escapes nothing.
    let is_escape = |after: &str| {
        after.as_bytes().first_chunk::<2>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(is_escape) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned)
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
    fn a_plain_path_needs_no_parsing() {
        for path in ["/", "/account", "/a/b-c/D_1/", "/api", "/api/", "/api/x", "/api/x/y", "/apis/x", "/-"] {
            assert!(is_plain(path), "{path}");
            assert_eq!(local_path(path), parsed_path(path), "{path}");
        }
        for path in ["", "a", "//", "/a//b", "/.", "/%61", "/a\\b", "/ä", "/~", "/a:b"] {
            assert!(!is_plain(path), "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_path_that_looks_plain_is_one(path in "/?[-/_a-zA-Z0-9.%api]{0,12}") {
            prop_assert_eq!(local_path(&path), parsed_path(&path));
        }
    }

    #[test]
    fn a_file_of_an_api_is_a_place_and_what_takes_a_form_is_none() {
        for path in ["/api/orders/7", "/api/orders/", "/api/orders/report.pdf", "/api/orders/7?page=2"] {
            assert_eq!(ReturnTo::parse(path).expect(path).as_str(), path);
        }
        for path in [
            "/api/",
            "/api//sign-out",
            "/api///",
            "/api/sign-out",
            "/api/sign-out?x=/y",
            "/api/x/../sign-out",
            "/api/%73ign-out",
            "/api/%2Fsign-out",
            "/api/a%2Fb",
        ] {
            assert_eq!(ReturnTo::parse(path), None, "{path}");
        }
    }

    #[test]
    fn what_browsers_send_as_it_was_typed_comes_back() {
        for (text, expected) in [
            ("/?filter[a]=1", "/?filter%5Ba%5D=1"),
            ("/account?x=a|b", "/account?x=a%7Cb"),
            ("/?q=`{^}`\\", "/?q=%60%7B%5E%7D%60%5C"),
            ("/?q=a b\"<>", "/?q=a%20b%22%3C%3E"),
            ("/?q=ä€", "/?q=%C3%A4%E2%82%AC"),
            ("/a[1]|b^c", "/a%5B1%5D%7Cb%5Ec"),
            // Escaped bytes, and a `%` that escapes nothing, stay as they are.
            ("/?q=100%&r=%zz&s=%ff", "/?q=100%&r=%zz&s=%ff"),
            ("/?text=one%0D%0Atwo%5C&file=%00", "/?text=one%0D%0Atwo%5C&file=%00"),
            ("/?next=//elsewhere/..//x&u=https://x/?y", "/?next=//elsewhere/..//x&u=https://x/?y"),
            ("/a/./b/../c?x='y'", "/a/c?x='y'"),
            ("/?", "/?"),
            ("/??", "/??"),
        ] {
            let place = ReturnTo::parse(text).expect(text);
            assert_eq!(place.as_str(), expected, "{text}");
            assert_eq!(ReturnTo::parse(expected), Some(place), "{text}");
        }
    }

    #[test]
    fn what_would_be_too_long_to_be_read_again_is_refused() {
        // It is written as `%7C`.
        let longest = format!("/?{}", "|".repeat((MAX_BYTES - 2) / 3));
        let place = ReturnTo::parse(&longest).expect("it fits");
        assert_eq!(ReturnTo::parse(place.as_str()), Some(place));
        assert_eq!(ReturnTo::parse(&format!("{longest}|")), None);
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
            "/account?x#y",
            "/?a\rb",
            "/?a\nSet-Cookie:b",
            "/?\0",
            "//evil.example?x",
            "/\\evil.example?x",
            "/api/sign-out?x=1",
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
        fn whatever_is_accepted_stays_on_the_origin(text in r"[/\\.%a-z0-9:@?#\t |\[]{0,24}") {
            if let Some(target) = ReturnTo::parse(&text) {
                let base = Url::parse("https://app.example").unwrap();
                let url = base.join(target.as_str()).unwrap();
                prop_assert_eq!(url.origin(), base.origin());
                prop_assert!(!target.as_str().starts_with("//"));
            }
        }
    }
}
