//! The token lifecycle, with heads in memory and with sealed heads in a store. What one of them rounds off, such as a
//! fraction of a millisecond, must not matter.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod over_memory;
mod over_sealed_store;
