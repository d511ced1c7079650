//! Several values of one kind side by side, each in a cookie with a suffix.

use std::collections::BTreeSet;

use super::{jar::Flash, kind::FlashKind, suffix::is_suffix};
use crate::Payload;

/// Values of one kind under several names: each attempt to sign in over a redirect has its own, so that two tabs do not
/// take each other's.
///
/// The cookie is called `<name of the kind>-<suffix>`, and the value is sealed for that name. A suffix is 1 to 32
/// letters and digits; nothing is kept under another. No other kind's name may be one that a suffix can make.
impl Flash {
    /// [`set`](Self::set) under a suffix.
    ///
    /// `false` for what is no suffix, too; it is logged.
    pub fn set_named<T: Payload>(&self, kind: &FlashKind<T>, suffix: &str, value: &T) -> bool {
        let Some(cookie_name) = self.name_with(kind, suffix) else {
            tracing::error!(cookie = kind.name, "a flash was not set, because its suffix is not one");
            return false;
        };
        self.set_as(cookie_name, kind, value)
    }

    /// [`peek`](Self::peek) under a suffix. There is nothing under what is no suffix.
    pub fn peek_named<T: Payload>(&self, kind: &FlashKind<T>, suffix: &str) -> Option<T> {
        self.peek_as(self.name_with(kind, suffix)?)
    }

    /// [`take`](Self::take) under a suffix. There is nothing under what is no suffix.
    pub fn take_named<T: Payload>(&self, kind: &FlashKind<T>, suffix: &str) -> Option<T> {
        self.take_as(self.name_with(kind, suffix)?)
    }

    /// [`clear`](Self::clear) under a suffix; `false` for what is no suffix, too.
    pub fn clear_named<T: Payload>(&self, kind: &FlashKind<T>, suffix: &str) -> bool {
        self.name_with(kind, suffix).is_some_and(|cookie_name| self.clear_as(cookie_name))
    }

    /// The suffixes of this kind among the cookies that came with the request, in order and each once. What their values
    /// are worth shows when they are read.
    pub fn names<T: Payload>(&self, kind: &FlashKind<T>) -> Vec<String> {
        self.state().looked_at = true;
        let start = format!("{}-", self.cookie_name(kind));
        let suffix =
            |name| str::from_utf8(name).ok()?.strip_prefix(&start).filter(|suffix| is_suffix(suffix));
        let suffixes: BTreeSet<&str> = self.pairs().filter_map(|(name, _)| suffix(name)).collect();
        suffixes.into_iter().map(str::to_owned).collect()
    }

    fn name_with<T>(&self, kind: &FlashKind<T>, suffix: &str) -> Option<String> {
        is_suffix(suffix).then(|| format!("{}-{suffix}", self.cookie_name(kind)))
    }
}
