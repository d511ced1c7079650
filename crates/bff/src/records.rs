//! What is kept of sessions beside their cookies, in whatever store there is: heads, leases and tombstones.

mod encoding;
mod heads;
mod ledger;
#[cfg(test)]
mod tests;
mod tombstone;

use std::sync::Arc;

use ironleaf_auth::{Clock, HeadRead};
use ironleaf_session::{Owner, Sealer};
use ironleaf_store::{Key, Store};
use sha2::{Digest as _, Sha256};

use crate::SignedOutReason;

/// The session and auth crates' view of a store.
#[derive(Clone)]
pub(crate) struct Records {
    store: Arc<dyn Store>,
    sealer: Sealer,
    clock: Clock,
}

/// The head that was read together with the tombstones, in the extensions of the request.
#[derive(Clone)]
pub(crate) struct ArrivedHead(pub(crate) HeadRead);

/// Why the session that this request came with was ended, in the extensions of the request.
#[derive(Clone, Copy)]
pub(crate) struct EndedBecause(pub(crate) SignedOutReason);

impl Records {
    pub(crate) fn new(store: Arc<dyn Store>, sealer: Sealer, clock: Clock) -> Self {
        Self { store, sealer, clock }
    }
}

/// SECURITY: a store sees hashes only. Each kind has a domain of its own, so that no two of them ever meet.
fn key(domain: &str, name: &[u8]) -> Key {
    let hash = Sha256::new().chain_update(domain).chain_update([0]).chain_update(name).finalize();
    Key::from_bytes(hash.into())
}

fn head_key(session: &[u8]) -> Key {
    key("ironleaf/v1/head", session)
}

fn ended_session_key(session: &[u8]) -> Key {
    key("ironleaf/v1/ended/session", session)
}

fn ended_owner_key(owner: &Owner) -> Key {
    key("ironleaf/v1/ended/owner", owner.as_bytes())
}

fn ended_provider_sid_key(sid: &str) -> Key {
    key("ironleaf/v1/ended/provider-sid", sid.as_bytes())
}
