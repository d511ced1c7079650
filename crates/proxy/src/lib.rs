#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!(
    "ironleaf-proxy sends tokens and is for the server only: the browser half must not depend on it"
);

mod body;
mod caching;
mod cause;
mod cors;
mod ends;
mod exchange;
mod headers;
mod live;
mod location;
mod metrics;
mod path;
mod proxy;
mod refusal;
mod route;
mod routes;
mod socket;
mod stopping;
mod streams;

pub use exchange::Trace;
pub use path::{BadPath, Path};
pub use proxy::Proxy;
pub use route::{InvalidRoute, Origins, Route, Who};
pub use routes::{InvalidRoutes, Routes};
pub use stopping::Stopping;
pub use streams::StreamLimits;

/// Is in the extensions of an answer that an API has given. Outer layers leave such an answer as it is, whatever its
/// status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forwarded;
