//! The access token of a request (RFC 6750 section 2).

use http::{HeaderMap, HeaderValue, Uri, header::AUTHORIZATION};

use super::refusal::AccessRefusal;

/// The one token of the request.
pub(super) fn token(headers: &HeaderMap, uri: &Uri) -> Result<String, AccessRefusal> {
    let mut lines = headers.get_all(AUTHORIZATION).into_iter();
    let Some(line) = lines.next() else { return Err(AccessRefusal::NoToken) };
    if lines.next().is_some() {
        return Err(AccessRefusal::SeveralTokens);
    }
    let token = after_bearer(line)?;
    if has_token_in_query(uri) {
        return Err(AccessRefusal::SeveralTokens);
    }
    Ok(token.to_owned())
}

/// What follows the scheme, which is compared without case (RFC 9110 section 11.1).
fn after_bearer(line: &HeaderValue) -> Result<&str, AccessRefusal> {
    let line = line.to_str().map_err(|_| AccessRefusal::MalformedRequest)?;
    let (scheme, token) = line.split_once(' ').unwrap_or((line, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(AccessRefusal::NoToken);
    }
    let token = token.trim_matches(' ');
    let is_token = !token.is_empty() && token.bytes().all(is_of_a_token);
    if is_token { Ok(token) } else { Err(AccessRefusal::MalformedRequest) }
}

/// `b64token` of RFC 6750 section 2.1.
fn is_of_a_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
}

/// RFC 6750 section 2.3, which is not supported. Beside a header it is a second token.
fn has_token_in_query(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("access_token=")))
}
