//! The protection of many frameworks against forged requests: what a cookie says must be repeated in a header. A forger
//! in a browser can send the cookie, but not read it. Here both are sent by us, so any value serves.

use std::borrow::Cow;

use http::{HeaderName, Method};
use ironleaf_auth::{Random, Request, SecretText};
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use crate::answer::secret_header;

/// A cookie and the header that repeats it, such as `XSRF-TOKEN` and `X-XSRF-TOKEN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsrfPair {
    /// The name of the cookie.
    pub cookie: String,
    /// The name of the header. It has the value of the cookie, percent-decoded as scripts of browsers decode it.
    pub header: HeaderName,
}

/// The value until the API has set one.
pub(super) fn first_value(random: &Random) -> SecretText {
    // 32 letters and digits: a form that frameworks with an expected length accept.
    let mut bytes = [0; 16];
    random(&mut bytes);
    Uuid::from_bytes(bytes).simple().to_string().into()
}

/// Whether frameworks ask for the pair with this method (RFC 9110, section 9.2.1).
pub(super) fn is_asked_for(method: &Method) -> bool {
    !method.is_safe()
}

/// Repeats the value of the cookie in the header.
pub(super) fn repeat(pair: &CsrfPair, value: &SecretText, request: &mut Request) {
    let decoded = percent_decode_str(value.expose()).decode_utf8().unwrap_or(Cow::Borrowed(value.expose()));
    match secret_header(&decoded) {
        Some(value) => request.headers_mut().insert(&pair.header, value),
        None => request.headers_mut().remove(&pair.header),
    };
}
