//! The composition root: configuration, router, telemetry, shutdown. `app` and the crates below it decide what a page
//! or an endpoint does.

pub mod application;
pub mod assembly_error;
pub mod assets;
mod back_channel_logout;
pub mod client_ip;
pub mod command;
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
mod session_state;
mod store;
mod ways;
