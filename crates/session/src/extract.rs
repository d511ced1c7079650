//! Extractors for axum, based on axum-core alone.

use axum_core::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};

use crate::{Flash, Payload, Session};

/// A handler asks for a session or a flash, but its route is not inside a [`SessionLayer`](crate::SessionLayer) of that payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session layer is missing: add `SessionLayer` around this route")]
pub struct SessionLayerMissing;

impl IntoResponse for SessionLayerMissing {
    fn into_response(self) -> Response {
        tracing::error!("{self}");
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

impl<P: Payload, S: Send + Sync> FromRequestParts<S> for Session<P> {
    type Rejection = SessionLayerMissing;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or(SessionLayerMissing)
    }
}

/// `None` if the layer is missing; an anonymous session is still a session.
impl<P: Payload, S: Send + Sync> OptionalFromRequestParts<S> for Session<P> {
    type Rejection = SessionLayerMissing;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Flash {
    type Rejection = SessionLayerMissing;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or(SessionLayerMissing)
    }
}

/// `None` if the layer is missing.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Flash {
    type Rejection = SessionLayerMissing;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
