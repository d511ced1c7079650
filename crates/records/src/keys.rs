//! The names of records.

use ironleaf_session::Owner;
use ironleaf_store::Key;
use sha2::{Digest as _, Sha256};

/// SECURITY: a store sees hashes only. Each kind has a domain of its own, so that no two of them ever meet.
fn key(domain: &str, name: &[u8]) -> Key {
    let hash = Sha256::new().chain_update(domain).chain_update([0]).chain_update(name).finalize();
    Key::from_bytes(hash.into())
}

pub(crate) fn head_key(session: &[u8]) -> Key {
    key("ironleaf/v1/head", session)
}

/// Where the first version remembered the end of one session; it is in the head now.
pub(crate) fn ended_session_key(session: &[u8]) -> Key {
    key("ironleaf/v1/ended/session", session)
}

pub(crate) fn ended_owner_key(owner: &Owner) -> Key {
    key("ironleaf/v1/ended/owner", owner.as_bytes())
}

pub(crate) fn ended_provider_sid_key(sid: &str) -> Key {
    key("ironleaf/v1/ended/provider-sid", sid.as_bytes())
}

/// Which sessions of the owner have ended one by one.
pub(crate) fn ends_key(owner: &Owner) -> Key {
    key("ironleaf/v1/ended/list", owner.as_bytes())
}
