#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!(
    "ironleaf-providers holds tokens and is for the server only: the browser half must not depend on it"
);

#[cfg(any(
    feature = "better-auth",
    feature = "commercetools",
    feature = "cookie-api",
    feature = "core-api",
    feature = "jwt-sessions",
    feature = "oidc"
))]
mod answer;
#[cfg(any(
    feature = "better-auth",
    feature = "commercetools",
    feature = "cookie-api",
    feature = "core-api",
    feature = "jwt-sessions"
))]
mod asked;
#[cfg(feature = "better-auth")]
mod better_auth;
#[cfg(feature = "commercetools")]
mod commercetools;
#[cfg(feature = "cookie-api")]
mod cookie_api;
#[cfg(feature = "core-api")]
mod core_api;
#[cfg(any(feature = "better-auth", feature = "cookie-api", feature = "core-api", feature = "jwt-sessions"))]
mod endpoint;
#[cfg(any(feature = "cookie-api", feature = "core-api", feature = "jwt-sessions"))]
mod jwt;
#[cfg(feature = "jwt-sessions")]
mod jwt_sessions;
#[cfg(any(feature = "cookie-api", feature = "core-api", feature = "jwt-sessions"))]
mod mark;
#[cfg(any(feature = "better-auth", feature = "cookie-api", feature = "jwt-sessions"))]
mod named_calls;
#[cfg(any(feature = "commercetools", feature = "oidc"))]
mod oauth;
#[cfg(feature = "oidc")]
mod oidc;
#[cfg(any(feature = "better-auth", feature = "cookie-api", feature = "oidc"))]
mod roles;
#[cfg(any(feature = "commercetools", feature = "cookie-api", feature = "jwt-sessions"))]
mod spellings;
#[cfg(all(test, any(feature = "better-auth", feature = "oidc")))]
#[expect(clippy::unwrap_used, reason = "fixtures: a failure in one is a failed test")]
mod test_keys;
#[cfg(all(
    test,
    any(feature = "commercetools", feature = "cookie-api", feature = "jwt-sessions", feature = "oidc")
))]
#[expect(clippy::unwrap_used, reason = "fixtures: a failure in one is a failed test")]
mod test_log;
#[cfg(test)]
mod test_transport;

#[cfg(feature = "better-auth")]
pub use better_auth::{AuthSession, BetterAuthProvider, BetterAuthSettings};
#[cfg(feature = "commercetools")]
pub use commercetools::{CommercetoolsProvider, CommercetoolsSettings};
#[cfg(feature = "cookie-api")]
pub use cookie_api::{
    CookieApiProvider, CookieApiSettings, CsrfPair, PersonFields, RefreshReuse, Registration,
};
#[cfg(feature = "core-api")]
pub use core_api::{CoreApiProvider, CoreApiSettings};
#[cfg(feature = "jwt-sessions")]
pub use jwt_sessions::{AccessTransport, JwtSessionsProvider, JwtSessionsSettings};
#[cfg(feature = "oidc")]
pub use oidc::{
    Algorithm, AssertionAudience, ClientAuthentication, ClientKey, ClientKeyError, DiscoveryError, Issuer,
    IssuerError, OidcProvider, OidcSettings, Reauthentication, ReuseEnds,
};
