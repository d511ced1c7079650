//! How the session of a guest ended, as far as it decides whether another guest may begin.
//!
//! Whoever signs in as a guest may have requests under way that the browser sent with the guest's cookie. Such a request
//! must not begin another guest: its answer would write that guest's cookie over the person's.

use std::time::Duration;

use ironleaf_records::Principal;
use ironleaf_session::Record;
use ironleaf_store::{Draft, Durability, Expected, Key};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use crate::Bff;

/// How long a request with the cookie of a guest who has signed in counts as one that was under way. After that, the
/// browser has never got the person's cookie, and must be able to go on.
const UNDER_WAY: Duration = Duration::from_mins(1);

/// A sign-in waits no longer than this to write that, and a request no longer to read it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The session of this request is not used, and a guest may take its place. It is in the extensions of the request.
#[derive(Clone, Copy)]
pub(crate) struct GuestMayFollow;

/// Remembers that somebody signs in as this guest now. Call it before the guest's session ends.
pub(crate) async fn remember_sign_in(bff: &Bff, guest: &Record<Principal>) {
    let (mark, mark_ttl, body, durability) = (vec![1], UNDER_WAY, None, Durability::Relaxed);
    let draft = Draft { mark, mark_ttl, body, durability };
    let key = key(guest);
    let written = timeout(PATIENCE, bff.store().write(&key, Expected::Anything, draft)).await;
    if !matches!(written, Ok(Ok(_))) {
        tracing::warn!(
            "it could not be stored that a guest signs in; their late requests may begin another guest"
        );
    }
}

/// Whether somebody may have signed in as this guest so lately that their browser has requests under way.
pub(crate) async fn has_just_signed_in(bff: &Bff, guest: &Record<Principal>) -> bool {
    let found = timeout(PATIENCE, bff.store().read(&[key(guest)])).await;
    let is_long_ago = matches!(found, Ok(Ok(found)) if found.iter().all(Option::is_none));
    !is_long_ago
}

fn key(guest: &Record<Principal>) -> Key {
    let hash = Sha256::new().chain_update("ironleaf/v1/guest-signed-in\0").chain_update(guest.id.as_bytes());
    Key::from_bytes(hash.finalize().into())
}
