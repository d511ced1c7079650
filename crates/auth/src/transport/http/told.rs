//! What others learn: our name, and, for readers of the log, what went wrong.

use std::error::Error;

use http::HeaderValue;
use hyper_util::client::legacy;

use crate::TransportError;

pub(super) const OUR_NAME: HeaderValue =
    HeaderValue::from_static(concat!("ironleaf/", env!("CARGO_PKG_VERSION")));

/// The error with its causes. The text of the outermost error says little more than "client error".
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// `NotSent` promises that nothing was sent. Only an error before there was a connection to write to keeps that
/// promise: a pooled connection that turns out to be closed may have taken some bytes.
pub(super) fn classify(error: &legacy::Error) -> TransportError {
    if error.is_connect() {
        TransportError::NotSent(chain(error))
    } else {
        TransportError::Interrupted(chain(error))
    }
}
