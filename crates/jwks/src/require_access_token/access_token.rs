//! The access token of a request that passed.

use std::sync::Arc;

use crate::Verified;

/// The access token of a request that passed [`RequireAccessToken`](crate::RequireAccessToken): an extension of the
/// request, and an extractor for axum.
///
/// It does not contain the token itself. `Debug` prints no personal data.
#[derive(Clone, Debug)]
pub struct AccessToken(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    verified: Verified,
    scopes: Vec<String>,
}

/// The access token lacks a scope that a handler needs. As a response it is 403 with a challenge (RFC 6750 section 3.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token lacks the scope {scope}")]
pub struct InsufficientScope {
    /// The scope.
    pub scope: &'static str,
}

impl AccessToken {
    pub(super) fn new(verified: Verified) -> Self {
        let scopes = verified.scopes();
        Self(Arc::new(Inner { verified, scopes }))
    }

    /// `sub`: the person, or the client where it acts for itself.
    pub fn subject(&self) -> Option<&str> {
        self.0.verified.subject()
    }

    /// The client that the token was issued to: `client_id`, or `azp` at providers that do not follow RFC 9068.
    pub fn client_id(&self) -> Option<&str> {
        self.0.verified.text("client_id").or_else(|| self.0.verified.text("azp"))
    }

    /// The scopes of `scope` and `scp`, each once.
    pub fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// Whether it has this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.0.scopes.iter().any(|granted| granted == scope)
    }

    /// For a handler that needs a scope beyond those of the layer.
    ///
    /// # Errors
    ///
    /// If the token lacks the scope.
    pub fn require_scope(&self, scope: &'static str) -> Result<(), InsufficientScope> {
        if self.has_scope(scope) { Ok(()) } else { Err(InsufficientScope { scope }) }
    }

    /// All claims.
    pub fn verified(&self) -> &Verified {
        &self.0.verified
    }
}

#[cfg(feature = "axum")]
pub use extractor::RequireAccessTokenMissing;

#[cfg(feature = "axum")]
mod extractor {
    use axum_core::{
        extract::FromRequestParts,
        response::{IntoResponse, Response},
    };
    use http::{StatusCode, header::WWW_AUTHENTICATE, request::Parts};

    use super::{AccessToken, InsufficientScope};

    /// A handler asks for an [`AccessToken`], but its route is not inside a
    /// [`RequireAccessToken`](crate::RequireAccessToken).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
    #[error("the layer is missing: add `RequireAccessToken` around this route")]
    pub struct RequireAccessTokenMissing;

    impl IntoResponse for RequireAccessTokenMissing {
        fn into_response(self) -> Response {
            tracing::error!("{self}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }

    impl<S: Send + Sync> FromRequestParts<S> for AccessToken {
        type Rejection = RequireAccessTokenMissing;

        async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
            parts.extensions.get::<Self>().cloned().ok_or(RequireAccessTokenMissing)
        }
    }

    impl IntoResponse for InsufficientScope {
        fn into_response(self) -> Response {
            let challenge = format!(r#"Bearer error="insufficient_scope", scope="{}""#, self.scope);
            (StatusCode::FORBIDDEN, [(WWW_AUTHENTICATE, challenge)]).into_response()
        }
    }
}
