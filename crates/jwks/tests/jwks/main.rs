//! The behaviour of keys, rules and layer, from the outside. Every key is made for the run.

#![expect(clippy::unwrap_used, reason = "what every test shares is not marked as a test")]

mod access_tokens;
mod cache;
mod concurrency;
#[cfg(feature = "discovery")]
mod discovery;
mod headers;
mod id_tokens;
mod keys;
#[cfg(feature = "axum")]
mod layer;
mod logout_tokens;
mod properties;
mod support;
