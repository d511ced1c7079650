#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!(
    "ironleaf-providers holds tokens and is for the server only: the browser half must not depend on it"
);

#[cfg(feature = "core-api")]
mod core_api;

#[cfg(feature = "core-api")]
pub use core_api::{CoreApiProvider, CoreApiSettings};
