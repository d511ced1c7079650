//! The keys of records.

use ironleaf_session::Owner;
use ironleaf_store::Key;
use sha2::{Digest as _, Sha256};

/// SECURITY: a store sees only hashes. Each kind of record has its own domain, so no two kinds share a key.
fn key(domain: &str, name: &[u8]) -> Key {
    let hash = Sha256::new().chain_update(domain).chain_update([0]).chain_update(name).finalize();
    Key::from_bytes(hash.into())
}

pub(crate) fn head_key(session: &[u8]) -> Key {
    key("ironleaf/v1/head", session)
}

/// Where the first version recorded the end of one session. Now the head records it.
pub(crate) fn ended_session_key(session: &[u8]) -> Key {
    key("ironleaf/v1/ended/session", session)
}

pub(crate) fn ended_owner_key(owner: &Owner) -> Key {
    key("ironleaf/v1/ended/owner", owner.as_bytes())
}

pub(crate) fn ended_provider_sid_key(sid: &str) -> Key {
    key("ironleaf/v1/ended/provider-sid", sid.as_bytes())
}

/// The list of individually ended sessions of the owner.
pub(crate) fn ends_key(owner: &Owner) -> Key {
    key("ironleaf/v1/ended/list", owner.as_bytes())
}

/// The index of the owner's sessions.
pub(crate) fn sessions_key(owner: &Owner) -> Key {
    key("ironleaf/v1/sessions", owner.as_bytes())
}

/// The name of a session in that index. Forms carry it, so it is not the key of its head.
pub(crate) fn session_name(session: &[u8]) -> Key {
    key("ironleaf/v1/sessions/one", session)
}
