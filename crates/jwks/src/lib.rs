#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!("ironleaf-jwks verifies the tokens of the server; it must never reach a browser");

mod base64url;
mod cache;
mod claims;
mod error;
mod key;
mod key_set;
mod numeric_date;
mod rules;
mod scopes;
mod settings;
mod source;
mod status;
mod token;
mod verified;

pub use cache::KeyCache;
pub use error::TokenError;
pub use ironleaf_ambient::{CLOCK_SKEW, Clock, system_clock};
pub use jsonwebtoken::Algorithm;
pub use key_set::KeySet;
pub use rules::{OtherAudiences, Rules};
pub use settings::KeyCacheSettings;
pub use source::{FetchedKeys, KeySource, KeySourceError};
pub use status::{FetchOutcome, KeyStatus};
pub use verified::Verified;
