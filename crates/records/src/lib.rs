#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!(
    "ironleaf-records holds tokens and is for the server only: the browser half must not depend on it"
);

mod encoding;
mod ends;
mod grant;
mod heads;
mod keys;
mod ledger;
mod principal;
#[cfg(test)]
mod tests;
mod tombstone;

use std::sync::Arc;
use std::time::Duration;

use ironleaf_auth::{Clock, EndReason, HeadRead, SessionKey, Subject};
use ironleaf_session::{Payload, Record, Sealer};
use ironleaf_store::Store;

pub use ends::End;
pub use grant::{decode_grant, encode_grant};
pub use principal::Principal;

/// The session and auth crates' view of a store: heads, leases and tombstones. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    store: Arc<dyn Store>,
    sealer: Sealer,
    clock: Clock,
    limits: RecordLimits,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordLimits {
    /// How long a session can last: for so long an end is remembered.
    pub absolute_timeout: Duration,
    /// How many ended sessions of one owner are remembered one by one. Of whoever ends more within that time, the sessions that
    /// are older than all of those are over as well, which takes one record: one account cannot fill the store.
    pub ends_per_owner: u32,
}

impl Default for RecordLimits {
    fn default() -> Self {
        Self { absolute_timeout: Duration::from_hours(30 * 24), ends_per_owner: 256 }
    }
}

/// The head that was read together with the tombstones, in the extensions of the request.
#[derive(Clone)]
pub struct ArrivedHead(pub HeadRead);

/// Why the session that this request came with was ended, in the extensions of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedBecause {
    /// Why.
    pub reason: EndReason,
    /// Whether the provider may not have been told yet, nor anybody else who has to be.
    pub is_untold: bool,
}

impl Records {
    /// Over this store, sealed with this sealer.
    pub fn new(store: Arc<dyn Store>, sealer: Sealer, clock: Clock, limits: RecordLimits) -> Self {
        Self { store, sealer, clock, limits }
    }
}

/// What the lifecycle knows a session by.
pub fn session_key<P: Payload>(record: &Record<P>) -> SessionKey {
    SessionKey::new(record.id.as_bytes(), record.rotation).of(Subject {
        owner: *record.owner.as_bytes(),
        provider_sid: record.provider_sid.clone(),
        created_at: record.created_at,
    })
}
