//! Middleware that lets only requests with an access token through.
//!
//! # Rules
//!
//! - The token comes in the `Authorization` header with the scheme `Bearer` (RFC 6750 section 2.1), in no other way.
//! - It is verified with the keys of its issuer and the [`Rules`](crate::Rules), and must have all the scopes.
//! - The request that passes carries an [`AccessToken`]. Its `Authorization` header is marked as sensitive.
//!
//! A request that does not pass is answered without a body, according to RFC 6750 section 3:
//!
//! | request | status | `WWW-Authenticate` |
//! |---|---|---|
//! | without a token | 401 | no `error` |
//! | with two tokens, or one that is not written as the RFC says | 400 | `invalid_request` |
//! | with a token that is refused | 401 | `invalid_token`, and the reason as `error_description` |
//! | with a token without one of the scopes | 403 | `insufficient_scope` |
//! | while the keys are not available | 503 | none, but `Retry-After` |
//!
//! The response carries the [`AccessRefusal`] as an extension, so that an outer layer can log or count it.
//!
//! # Caveats
//!
//! - A browser asks for permission (CORS preflight) without a token: put a CORS layer outside this one.
//! - A token that is bound to a key of its sender is refused, because nothing here checks the proof.
//! - A token that its issuer revokes is accepted until it expires.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//! use axum::{Router, routing::get};
//! use ironleaf_jwks::{AccessToken, KeyCache, KeyCacheSettings, KeySource, RequireAccessToken, Rules, system_clock};
//!
//! async fn orders(token: AccessToken) -> String {
//!     format!("the orders of {}", token.subject().unwrap_or("nobody"))
//! }
//!
//! fn api(source: Arc<dyn KeySource>) -> Router {
//!     let keys = KeyCache::new(source, KeyCacheSettings::default(), system_clock());
//!     let rules = Rules::access_token("https://id.example.com", "https://api.example.com");
//!     let layer = RequireAccessToken::new(keys, rules).with_scopes(["orders:read"]);
//!     Router::new().route("/orders", get(orders)).layer(layer)
//! }
//! ```

mod access_token;
mod bearer;
mod challenge;
mod future;
mod layer;
mod policy;
mod refusal;
mod service;

#[cfg(feature = "axum")]
pub use access_token::RequireAccessTokenMissing;
pub use access_token::{AccessToken, InsufficientScope};
pub use future::ResponseFuture;
pub use layer::RequireAccessToken;
pub use refusal::AccessRefusal;
pub use service::RequireAccessTokenService;
