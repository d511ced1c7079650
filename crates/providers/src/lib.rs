#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!(
    "ironleaf-providers holds tokens and is for the server only: the browser half must not depend on it"
);

#[cfg(any(feature = "better-auth", feature = "core-api", feature = "oidc"))]
mod answer;
#[cfg(feature = "better-auth")]
mod better_auth;
#[cfg(feature = "core-api")]
mod core_api;
#[cfg(feature = "oidc")]
mod oidc;
#[cfg(any(feature = "better-auth", feature = "oidc"))]
mod roles;

#[cfg(feature = "better-auth")]
pub use better_auth::{AuthSession, BetterAuthProvider, BetterAuthSettings};
#[cfg(feature = "core-api")]
pub use core_api::{CoreApiProvider, CoreApiSettings};
#[cfg(feature = "oidc")]
pub use oidc::{
    Algorithm, AssertionAudience, ClientAuthentication, ClientKey, ClientKeyError, DiscoveryError, Issuer,
    IssuerError, OidcProvider, OidcSettings, Reauthentication, ReuseEnds,
};
