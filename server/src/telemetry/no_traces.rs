//! A build without the feature `otlp` sends no traces.

use http::{HeaderMap, Method};
use tracing::Span;

/// A call to an API is not part of a trace.
pub(crate) fn call(_: &Method, _: &mut HeaderMap) -> Span {
    Span::none()
}
