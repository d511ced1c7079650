//! The crate as an application uses it: a router inside the layer, and a browser with a cookie jar.

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
mod provisional;
mod room;
mod support;
mod tampering;
mod time;
mod unremembered;
mod versions;
