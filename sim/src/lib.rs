//! The simulation of Ironleaf: the real session, token and BFF code, in virtual time, between simulated browsers, a
//! simulated network and a model of the API. Everything follows from one seed.
//!
//! It uses no socket, no thread and no real time: a week takes seconds.

mod back_channel;
mod browser;
mod checker;
mod core_api;
mod counts;
mod dice;
mod glass;
mod living;
pub mod mistakes;
mod network;
pub mod options;
mod outage;
mod process;
mod provider;
mod replica;
pub mod report;
mod request;
pub mod run;
mod script;
mod store;
mod style;
pub mod table;
mod timeline;
mod trace;
mod weather;
mod world;

pub use style::Style;
