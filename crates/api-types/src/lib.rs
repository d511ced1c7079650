#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod user;

pub use user::{Role, User};
