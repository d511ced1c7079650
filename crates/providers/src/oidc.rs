//! The provider for any OpenID Connect provider: sign-in by redirect, with discovery, PKCE and pushed authorization
//! requests; refresh with rotation or without; revocation, sign-out at the provider, and back-channel logout.
//!
//! The password grant is deliberately absent (RFC 9700, section 2.4), and so are the implicit and hybrid flows.

mod authorization;
mod claims;
mod client_auth;
mod discovery;
mod discovery_error;
mod fault;
mod grant;
mod id_token;
mod issuer;
mod keys;
mod logout;
mod metadata;
mod provider;
mod refresh;
mod settings;
mod sign_in;
mod sign_out;
mod userinfo;
mod wire;

#[cfg(test)]
mod tests;

pub use ironleaf_jwks::Algorithm;

pub use self::client_auth::{AssertionAudience, ClientAuthentication, ClientKey, ClientKeyError};
pub use self::discovery_error::DiscoveryError;
pub use self::issuer::{Issuer, IssuerError};
pub use self::provider::OidcProvider;
pub use self::settings::{OidcSettings, Reauthentication, ReuseEnds};
