//! One replica of the application: real code in a process that can be paused, disconnected and killed.

mod assembly;
mod fate;
mod plain;
mod state;

pub(crate) use assembly::{BESIDE, REASON_HEADER};
pub(crate) use state::Replica;
