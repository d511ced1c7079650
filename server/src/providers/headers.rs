//! Names of headers that an API chooses.

use http::HeaderName;

use crate::config::Reader;

/// Headers that say something of their own. A value under one of these names would replace the session cookie or a token,
/// or break the request.
const WITH_A_MEANING: [&str; 20] = [
    "accept",
    "authorization",
    "connection",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "range",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-real-ip",
];

/// The beginnings of further ones.
const FAMILIES: [&str; 7] =
    ["accept-", "access-control-", "content-", "if-", "proxy-", "sec-", "x-forwarded-"];

/// A header for a value of the API's own.
pub(super) fn must_have_no_meaning(read: &mut Reader<'_>, variable: &str, header: &HeaderName) {
    let name = header.as_str();
    let is_of_family = FAMILIES.iter().any(|family| name.starts_with(family));
    if is_of_family || WITH_A_MEANING.contains(&name) {
        read.problem(format!(
            "{variable} is `{name}`: that header has a meaning of its own, and this value would take its place. Name the one that the \
             API reads, such as X-CSRF-Token"
        ));
    }
}
