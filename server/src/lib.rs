//! The composition root: configuration, router, telemetry, shutdown. What a page or an endpoint does is decided in
//! `app` and in the crates below it.

pub mod application;
pub mod assembly_error;
pub mod assets;
pub mod client_ip;
pub mod config;
pub mod health;
pub mod router;
pub mod serve;
pub mod telemetry;

mod context;
mod layers;
mod metrics;
mod problems;
pub mod providers;
mod secrets;
mod store;
