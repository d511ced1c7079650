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
    let error = error.map(|(error, description)| [("error", error), ("error_description", description)]);
    let scopes = (!scopes.is_empty()).then(|| scopes.join(" "));
    let parameters = error.into_iter().flatten().chain(scopes.as_deref().map(|scopes| ("scope", scopes)));
    let challenge = parameters.fold(format!("Bearer realm=\"{realm}\""), |challenge, (name, value)| {
        format!("{challenge}, {name}=\"{value}\"")
    });
    HeaderValue::try_from(challenge).unwrap_or(HeaderValue::from_static("Bearer"))
}
