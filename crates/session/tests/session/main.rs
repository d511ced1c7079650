//! The crate as an application sees it: a router with the layer around it, and a browser with a cookie jar.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chunks;
mod cipher;
mod concurrency;
mod flash;
mod golden;
mod keys;
mod layer;
mod leaving;
mod ledger;
mod properties;
mod room;
mod support;
mod tampering;
mod time;
mod versions;
