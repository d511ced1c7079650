#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!("ironleaf-jwks verifies the tokens of the server; it must never reach a browser");

mod base64url;
mod cache;
mod claims;
#[cfg(feature = "discovery")]
mod discovery;
mod error;
mod key;
mod key_set;
mod numeric_date;
#[cfg(feature = "tower")]
pub mod require_access_token;
mod rules;
mod scopes;
mod settings;
mod source;
mod status;
mod token;
mod verified;

pub use cache::KeyCache;
#[cfg(feature = "discovery")]
pub use discovery::DiscoveredKeys;
pub use error::TokenError;
pub use ironleaf_ambient::{CLOCK_SKEW, Clock, system_clock};
pub use jsonwebtoken::Algorithm;
pub use key_set::KeySet;
#[cfg(feature = "axum")]
pub use require_access_token::RequireAccessTokenMissing;
#[cfg(feature = "tower")]
pub use require_access_token::{
    AccessRefusal, AccessToken, InsufficientScope, RequireAccessToken, RequireAccessTokenService,
};
pub use rules::{OtherAudiences, Rules};
pub use settings::KeyCacheSettings;
pub use source::{FetchedKeys, KeySource, KeySourceError};
pub use status::{FetchOutcome, KeyStatus};
pub use verified::Verified;
