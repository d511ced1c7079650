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
mod sessions;
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
pub use sessions::{KnownSession, Seen, SessionName};

/// The store as the session and auth crates see it: heads, leases and tombstones, and which sessions a person has.
/// Cloning is cheap.
#[derive(Clone)]
pub struct Records {
    store: Arc<dyn Store>,
    sealer: Sealer,
    clock: Clock,
    limits: RecordLimits,
}

/// The limits of what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordLimits {
    /// How long a session can last. An end is remembered for this long.
    pub absolute_timeout: Duration,
    /// How many ended sessions of one owner are remembered individually. If more end within that time, all older
    /// sessions of the owner end too, which takes one record. So one account cannot fill the store.
    pub ends_per_owner: u32,
}

impl Default for RecordLimits {
    fn default() -> Self {
        Self { absolute_timeout: Duration::from_hours(30 * 24), ends_per_owner: 256 }
    }
}

/// The head that was read together with the tombstones. It is in the extensions of the request.
#[derive(Clone)]
pub struct ArrivedHead(pub HeadRead);

/// Why the session of this request was ended. It is in the extensions of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedBecause {
    /// The reason.
    pub reason: EndReason,
    /// Whether the provider, or somebody else who has to be told, may not know yet.
    pub is_untold: bool,
}

impl Records {
    /// Keeps records in this store, sealed with this sealer.
    pub fn new(store: Arc<dyn Store>, sealer: Sealer, clock: Clock, limits: RecordLimits) -> Self {
        Self { store, sealer, clock, limits }
    }
}

/// The lifecycle's key for a session.
pub fn session_key<P: Payload>(record: &Record<P>) -> SessionKey {
    SessionKey::new(record.id.as_bytes(), record.rotation).of(Subject {
        owner: *record.owner.as_bytes(),
        provider_sid: record.provider_sid.clone(),
        created_at: record.created_at,
    })
}
