//! The header `WWW-Authenticate` (RFC 6750 section 3).

use http::HeaderValue;

/// Whether the text may be a realm here: printable ASCII that needs no escape.
pub(super) fn is_realm(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
}

/// Whether the text is one scope (RFC 6749 section 3.3).
pub(super) fn is_scope(text: &str) -> bool {
    is_realm(text) && !text.contains(' ')
}

/// A challenge. The parameters are in the characters that their sections allow.
pub(super) fn bearer(realm: &str, error: Option<(&str, &str)>, scopes: &[String]) -> HeaderValue {
    let mut challenge = format!("Bearer realm=\"{realm}\"");
    if let Some((error, description)) = error {
        challenge += &format!(", error=\"{error}\", error_description=\"{description}\"");
    }
    if !scopes.is_empty() {
        challenge += &format!(", scope=\"{}\"", scopes.join(" "));
    }
    HeaderValue::try_from(challenge).unwrap_or(HeaderValue::from_static("Bearer"))
}
