#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!(
    "ironleaf-providers holds tokens and is for the server only: the browser half must not depend on it"
);

#[cfg(any(feature = "core-api", feature = "oidc"))]
mod answer;
#[cfg(feature = "core-api")]
mod core_api;
#[cfg(feature = "oidc")]
mod oidc;

#[cfg(feature = "core-api")]
pub use core_api::{CoreApiProvider, CoreApiSettings};
#[cfg(feature = "oidc")]
pub use oidc::{
    Algorithm, AssertionAudience, ClientAuthentication, ClientKey, ClientKeyError, DiscoveryError, Issuer,
    IssuerError, OidcProvider, OidcSettings, Reauthentication, ReuseEnds,
};
