#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!("ironleaf-store keeps the records of the server; it must never reach a browser");

mod ambient;
mod bound;
#[cfg(feature = "conformance")]
pub mod conformance;
mod entry;
mod memory;
#[cfg(any(feature = "sqlite", feature = "redis"))]
mod readiness;
mod record;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;

pub use entry::{ENTRY_MAX_BYTES, Entry, EntryDraft, INDEX_MAX_ENTRIES};
pub use ironleaf_ambient::{CLOCK_SKEW, Clock, Random, system_clock, system_random};
pub use memory::MemoryStore;
pub use record::{
    Body, Draft, Durability, Eviction, Expected, Holder, Key, MARK_MAX_BYTES, Record, Version, Written,
};
#[cfg(feature = "redis")]
pub use redis::{EvictionPolicy, RedisSettings, RedisStore};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteSettings, SqliteStore};
pub use store::{Limit, Store, StoreError, Usage};
