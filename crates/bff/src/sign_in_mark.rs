//! Sign-ins that are under way or have just happened.
//!
//! Whoever signs in may have requests under way that the browser sent before. The answer to such a request must not undo
//! the sign-in: it must neither write a guest's cookie over the person's, nor remove it in place of that of a session
//! that is over. A browser knows cookies by their names alone, and keeps what arrives last.

use std::time::Duration;

use ironleaf_records::Principal;
use ironleaf_session::{Flash, Record};
use ironleaf_store::{Draft, Durability, Expected, Key};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use crate::Bff;
use crate::limits::KNOWN_DEVICE;

/// How long a request with what a browser had before a sign-in counts as one that was under way. After that, the
/// browser has never got the person's cookie, and must be able to go on.
const UNDER_WAY: Duration = Duration::from_mins(1);

/// A sign-in waits no longer than this to write that, and a request no longer to read it.
const PATIENCE: Duration = Duration::from_millis(500);

/// By what the requests of one browser are recognised: the session that they came with, and the browser itself.
pub(crate) struct Traces {
    /// That of the browser comes first.
    keys: Vec<Key>,
}

impl Traces {
    /// `flash` has the cookie of the browser.
    pub(crate) fn of(came_with: Option<&Record<Principal>>, flash: Option<&Flash>) -> Self {
        let device = flash.and_then(|flash| flash.peek(&KNOWN_DEVICE));
        let session = came_with.map(|record| key("guest-signed-in", record.id.as_bytes()));
        let device = device.map(|device| key("device-signs-in", device.id()));
        Self { keys: device.into_iter().chain(session).collect() }
    }

    /// Remembers that somebody signs in here now. The store has one mark for a browser, however often somebody signs in
    /// there, and one for each session of a browser that is not known.
    pub(crate) async fn remember_sign_in(&self, bff: &Bff) {
        let Some(key) = self.keys.first() else { return };
        let (mark, mark_ttl, body, durability) = (vec![1], UNDER_WAY, None, Durability::Relaxed);
        let draft = Draft { mark, mark_ttl, body, durability };
        let written = timeout(PATIENCE, bff.store().write(key, Expected::Anything, draft)).await;
        if !matches!(written, Ok(Ok(_))) {
            tracing::warn!(
                "it could not be stored that somebody signs in; the answer to a late request may undo it"
            );
        }
    }

    /// Whether somebody may be signing in here, or have done so lately.
    pub(crate) async fn may_show_sign_in(&self, bff: &Bff) -> bool {
        let found = timeout(PATIENCE, bff.store().read(&self.keys)).await;
        let is_long_ago = matches!(found, Ok(Ok(found)) if found.iter().all(Option::is_none));
        !is_long_ago
    }
}

fn key(purpose: &str, id: &[u8]) -> Key {
    let hash = Sha256::new().chain_update("ironleaf/v1/").chain_update(purpose).chain_update([0]);
    Key::from_bytes(hash.chain_update(id).finalize().into())
}
