use axum::response::{IntoResponse, Response};

use crate::{Problem, ProblemKind};

/// A request did not pass the layers that this crate's extractors rely on. This is a mistake in the router; the answer
/// is 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingLayer(pub &'static str);

impl IntoResponse for MissingLayer {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

impl From<MissingLayer> for Problem {
    fn from(missing: MissingLayer) -> Self {
        tracing::error!(layer = missing.0, "a route lacks a layer");
        Self::new(ProblemKind::Internal)
    }
}
