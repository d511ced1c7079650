//! Divides the space that the session leaves in the `Cookie` header.
//!
//! This counts everything that the browser will send: the session, every flash, and other applications' cookies on this
//! host. If the header exceeds what a proxy accepts, the proxy answers every request itself for as long as the cookies
//! live. Then no request gets here that could remove one.

use super::{
    jar::{Change, Flash, State},
    kind::Worth,
    suffix::is_suffix,
};
use crate::{context::Context, cookie};

/// The bytes that are always left to other applications' cookies. If those need more, flashes are dropped for them too,
/// since we cannot remove them.
const FOR_OTHERS_BYTES: usize = 246;

/// How many bytes a cookie takes of the header, including the separator after it.
pub(super) const fn weight(name_bytes: usize, value_bytes: usize) -> usize {
    name_bytes + value_bytes + "=; ".len()
}

/// Whom a cookie belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Session,
    Flash(Worth),
    Others,
}

/// A flash that the browser will hold.
struct Held {
    cookie_name: String,
    bytes: usize,
    worth: Worth,
}

impl Context {
    fn whose(&self, cookie_name: &[u8]) -> Whose {
        match cookie_name.strip_prefix(self.cookie_name.as_bytes()) {
            Some([]) => return Whose::Session,
            Some([b'.', index @ ..]) if index.iter().all(u8::is_ascii_digit) => return Whose::Session,
            _ => {}
        }
        let is_of = |name: &str| match cookie_name.strip_prefix(name.as_bytes()) {
            Some([]) => true,
            Some([b'-', suffix @ ..]) => str::from_utf8(suffix).is_ok_and(is_suffix),
            _ => false,
        };
        let found =
            self.flashes.iter().find(|flash| is_of(&cookie::full_name(flash.name, self.settings.secure)));
        found.map_or(Whose::Others, |flash| Whose::Flash(flash.worth))
    }
}

impl Flash {
    /// How many bytes of the header are left for a flash, after the session as it arrived and the flashes with more worth.
    pub(super) fn room_for(&self, state: &State, cookie_name: &str, worth: Worth) -> usize {
        let held = self.held(&state.changes);
        let is_ahead = |held: &&Held| held.worth > worth && held.cookie_name != cookie_name;
        let taken: usize = held.iter().filter(is_ahead).map(|held| held.bytes).sum();
        self.room(None, &state.changes).saturating_sub(taken)
    }

    /// Removes the flashes with the least worth if the browser would hold more than the header allows. Checks nothing
    /// if nothing changes.
    pub(super) fn make_room(&self, changes: &mut Vec<Change>, session_bytes: Option<usize>) {
        if changes.is_empty() && session_bytes.is_none_or(|bytes| bytes == 0) {
            return;
        }
        let room = self.room(session_bytes, changes);
        let mut held = self.held(changes);
        let mut bytes: usize = held.iter().map(|held| held.bytes).sum();
        // Of two flashes with the same worth the older one comes first, because the sort is stable.
        held.sort_by_key(|held| held.worth);
        for Held { cookie_name, bytes: weight, .. } in held {
            if bytes <= room {
                break;
            }
            bytes -= weight;
            tracing::warn!(
                cookie = cookie_name,
                "a flash cookie was removed to make room for a more important one"
            );
            changes.retain(|change| change.cookie_name != cookie_name);
            changes.push(Change { cookie_name, written: None });
        }
    }

    /// How many bytes the session and the cookies of others leave to flashes.
    fn room(&self, session_bytes: Option<usize>, changes: &[Change]) -> usize {
        let bytes_of = |whose| -> usize {
            let pairs = self
                .pairs()
                .filter(|(name, _)| self.shared.context.whose(name) == whose && !is_changed(changes, name));
            pairs.map(|(name, value)| weight(name.len(), value.len())).sum()
        };
        let session = session_bytes.unwrap_or_else(|| bytes_of(Whose::Session));
        let others = bytes_of(Whose::Others).max(FOR_OTHERS_BYTES);
        self.shared.context.settings.line_budget_bytes().saturating_sub(session + others)
    }

    /// The flashes that the browser will hold: first those that it sent and keeps, then those of this response.
    fn held(&self, changes: &[Change]) -> Vec<Held> {
        let present =
            self.pairs().filter(|(name, _)| !is_changed(changes, name)).filter_map(|(name, value)| {
                let Whose::Flash(worth) = self.shared.context.whose(name) else { return None };
                let cookie_name = str::from_utf8(name).ok()?.to_owned();
                Some(Held { cookie_name, bytes: weight(name.len(), value.len()), worth })
            });
        let new = changes.iter().filter_map(|Change { cookie_name, written }| {
            let written = written.as_ref()?;
            let bytes = weight(cookie_name.len(), written.value.len());
            Some(Held { cookie_name: cookie_name.clone(), bytes, worth: written.worth })
        });
        present.chain(new).collect()
    }
}

fn is_changed(changes: &[Change], cookie_name: &[u8]) -> bool {
    changes.iter().any(|change| change.cookie_name.as_bytes() == cookie_name)
}
