//! The token lifecycle, over heads in memory and over sealed heads in a store: what one of them loses on the way (a fraction of a
//! millisecond, say) must not matter.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod over_memory;
mod over_sealed_store;
