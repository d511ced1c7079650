//! The flashes of one request: those that arrived, and those that changed.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::HeaderValue;

use super::kind::{FlashKind, Worth};
use crate::{context::Context, cookie};

/// The flashes of one request. All clones share them.
///
/// As with the [`Session`](crate::Session), changes count until the response head passes the layer.
///
/// # Security
///
/// A flash is sealed, so it can be neither read nor forged. Until it expires, the browser that received it can send it
/// again. If something must happen only once, the server has to remember that.
#[derive(Clone)]
pub struct Flash {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) context: Arc<Context>,
    cookies: Vec<HeaderValue>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) changes: Vec<Change>,
    pub(super) looked_at: bool,
    pub(super) head_has_passed: bool,
}

pub(crate) struct Change {
    pub(super) cookie_name: String,
    /// `None` removes the cookie.
    pub(super) written: Option<Written>,
}

pub(super) struct Written {
    pub(super) value: String,
    pub(super) line: String,
    pub(super) worth: Worth,
}

impl Flash {
    pub(crate) fn new(context: Arc<Context>, cookies: Vec<HeaderValue>) -> Self {
        Self { shared: Arc::new(Shared { context, cookies, state: Mutex::default() }) }
    }

    /// Names and values of all cookies in the request.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.shared.cookies.iter().flat_map(cookie::header::pairs_of)
    }

    pub(super) fn values<'a>(&'a self, cookie_name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs()
            .filter(move |(name, _)| *name == cookie_name.as_bytes())
            // A value that is not text becomes the empty string, which is never a sealed value.
            .map(|(_, value)| str::from_utf8(value).unwrap_or_default())
    }

    pub(super) fn is_present(&self, cookie_name: &str) -> bool {
        self.values(cookie_name).next().is_some()
    }

    pub(super) fn cookie_name<T>(&self, kind: &FlashKind<T>) -> String {
        cookie::full_name(kind.name, self.shared.context.settings.secure)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn changing(&self, method: &'static str) -> Option<MutexGuard<'_, State>> {
        let mut state = self.state();
        if state.head_has_passed {
            tracing::warn!(
                method,
                "a flash was changed after the response head had left the session layer; the change is lost"
            );
            return None;
        }
        state.looked_at = true;
        Some(state)
    }
}

impl State {
    pub(super) fn change(&mut self, cookie_name: String, written: Option<Written>) {
        self.changes.retain(|change| change.cookie_name != cookie_name);
        self.changes.push(Change { cookie_name, written });
    }
}

impl fmt::Debug for Flash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Flash").finish_non_exhaustive()
    }
}
