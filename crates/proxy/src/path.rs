use std::fmt::Write as _;

use thiserror::Error;

/// The path of a request in its only accepted spelling: what is compared with the routes is what is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(String);

/// Why a path is not forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadPath {
    /// `.` or `..` as a segment, also escaped or with parameters (`..;`).
    #[error("a segment of the path is `.` or `..`")]
    Dots,
    /// Two slashes in a row.
    #[error("a segment of the path is empty")]
    EmptySegment,
    /// An escaped slash, backslash or control character.
    #[error("the path escapes a slash, a backslash or a control character")]
    EscapedSeparator,
    /// A `%` without two hexadecimal digits.
    #[error("the path has a `%` without two hexadecimal digits")]
    Escape,
    /// A character that RFC 3986, section 3.3 does not allow in a path.
    #[error("the path has a character that must be escaped")]
    Character,
    /// Without its parameters or capitals, it is the path of another route.
    #[error("without its parameters or capitals, the path is that of another route")]
    OtherRoute,
}

impl Path {
    /// Brings a path into its normal form (RFC 3986, section 6.2.2): letters, digits, `-`, `.`, `_` and `~` are not
    /// escaped, and the digits of escapes are upper-case.
    ///
    /// # Errors
    ///
    /// [`BadPath`] if two programs could read the path differently.
    ///
    /// # Security
    ///
    /// A path that the proxy takes for one thing and the API for another passes every rule about paths. Browsers
    /// resolve dots before they send a path, so whoever sends one is not a browser.
    pub fn normalised(raw: &str) -> Result<Self, BadPath> {
        let mut path = String::with_capacity(raw.len());
        let mut bytes = raw.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'%' => push_escaped(&mut path, escaped(&mut bytes)?)?,
                _ if is_plain(byte) || is_kept(byte) => path.push(char::from(byte)),
                _ => return Err(BadPath::Character),
            }
        }
        let mut segments = path.strip_prefix('/').ok_or(BadPath::Character)?.split('/').peekable();
        while let Some(segment) = segments.next() {
            if segment.is_empty() && segments.peek().is_some() {
                return Err(BadPath::EmptySegment);
            }
            // Some servers cut parameters off before they resolve dots.
            if matches!(segment.split(';').next(), Some("." | "..")) {
                return Err(BadPath::Dots);
            }
        }
        Ok(Self(path))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path as some servers read it: without what follows a semicolon in a segment, without the segments of which
    /// nothing is left, and in small letters.
    pub(crate) fn folded(&self) -> String {
        let small = self.0.to_ascii_lowercase();
        let last = small.split('/').count() - 1;
        let segments = small.split('/').map(|segment| {
            let end = [";", "%3b"].into_iter().filter_map(|mark| segment.find(mark)).min();
            &segment[..end.unwrap_or(segment.len())]
        });
        let kept = segments
            .enumerate()
            .filter(|(index, segment)| *index == 0 || !segment.is_empty() || *index == last);
        kept.map(|(_, segment)| segment).collect::<Vec<_>>().join("/")
    }
}

/// The unreserved characters (RFC 3986, section 2.3).
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// What else a path may have (RFC 3986, section 3.3), and what browsers do not escape although they should.
fn is_kept(byte: u8) -> bool {
    b"/!$&'()*+,;=:@[]|^".contains(&byte)
}

fn escaped(bytes: &mut std::str::Bytes<'_>) -> Result<u8, BadPath> {
    let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16)).ok_or(BadPath::Escape);
    let (high, low) = (digit()?, digit()?);
    u8::try_from(high * 16 + low).map_err(|_| BadPath::Escape)
}

fn push_escaped(path: &mut String, byte: u8) -> Result<(), BadPath> {
    match byte {
        _ if is_plain(byte) => path.push(char::from(byte)),
        b'/' | b'\\' | 0..0x20 | 0x7f => return Err(BadPath::EscapedSeparator),
        // Writing to a string does not fail.
        _ => drop(write!(path, "%{byte:02X}")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for (raw, normal) in [
            ("/api/orders/7", "/api/orders/7"),
            ("/api/%6frders/%41", "/api/orders/A"),
            ("/a%c3%a4/%7e", "/a%C3%A4/~"),
            ("/a b".replace(' ', "%20").as_str(), "/a%20b"),
            ("/api/", "/api/"),
            ("/", "/"),
            ("/a;v=1/b:c@d", "/a;v=1/b:c@d"),
            ("/a/..b/...", "/a/..b/..."),
            ("/100%25", "/100%25"),
        ] {
            assert_eq!(Path::normalised(raw).unwrap().as_str(), normal, "{raw}");
        }
    }

    #[test]
    fn what_two_programs_could_read_differently_is_refused() {
        for (raw, error) in [
            ("/a/../b", BadPath::Dots),
            ("/a/%2e%2E/b", BadPath::Dots),
            ("/a/..", BadPath::Dots),
            ("/./a", BadPath::Dots),
            ("/a/..;/b", BadPath::Dots),
            ("/a/.;x=1/b", BadPath::Dots),
            ("//a", BadPath::EmptySegment),
            ("/a//b", BadPath::EmptySegment),
            ("/a%2fb", BadPath::EscapedSeparator),
            ("/a%2Fb", BadPath::EscapedSeparator),
            ("/a%5cb", BadPath::EscapedSeparator),
            ("/a%00", BadPath::EscapedSeparator),
            ("/a%0d%0ab", BadPath::EscapedSeparator),
            ("/a%7f", BadPath::EscapedSeparator),
            ("/a\\b", BadPath::Character),
            ("/a b", BadPath::Character),
            ("/ä", BadPath::Character),
            ("/a?b", BadPath::Character),
            ("/a#b", BadPath::Character),
            ("/%", BadPath::Escape),
            ("/%2", BadPath::Escape),
            ("/%zz", BadPath::Escape),
            ("/%u002e", BadPath::Escape),
            ("a", BadPath::Character),
            ("*", BadPath::Character),
            ("", BadPath::Character),
        ] {
            assert_eq!(Path::normalised(raw), Err(error), "{raw}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_normal_path_stays_as_it_is(raw in "/[ -~]{0,40}") {
            if let Ok(path) = Path::normalised(&raw) {
                proptest::prop_assert_eq!(Path::normalised(path.as_str()), Ok(path.clone()));
            }
        }
    }
}
