#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!("ironleaf-credentials brings Unicode's tables: the browser has its own");

pub mod email;
pub mod password;
