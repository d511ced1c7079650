//! Several values of one kind next to each other, each in a cookie with its own suffix.

use std::collections::BTreeSet;

use super::{jar::Flash, kind::FlashKind, suffix::is_suffix};
use crate::Payload;

/// Values of one kind under several names. For example, each attempt to sign in over a redirect has its own, so that
/// two tabs do not take each other's value.
///
/// The cookie is called `<name of the kind>-<suffix>`, and the value is sealed for that name. A suffix consists of 1 to
/// 32 letters and digits; nothing is stored under any other. No other kind may have a name that a suffix can produce.
impl Flash {
    /// [`set`](Self::set) under a suffix.
    ///
    /// Also `false` if the suffix is not valid, which is logged.
    pub fn set_named<T: Payload>(&self, kind: &FlashKind<T>, suffix: &str, value: &T) -> bool {
        let Some(cookie_name) = self.name_with(kind, suffix) else {
            tracing::error!(cookie = kind.name, "a flash was not set, because its suffix is invalid");
            return false;
        };
        self.set_as(cookie_name, kind, value)
    }

    /// [`peek`](Self::peek) under a suffix. There is nothing under an invalid suffix.
    pub fn peek_named<T: Payload>(&self, kind: &FlashKind<T>, suffix: &str) -> Option<T> {
        self.peek_as(self.name_with(kind, suffix)?)
    }

    /// [`take`](Self::take) under a suffix. There is nothing under an invalid suffix.
    pub fn take_named<T: Payload>(&self, kind: &FlashKind<T>, suffix: &str) -> Option<T> {
        self.take_as(self.name_with(kind, suffix)?)
    }

    /// [`clear`](Self::clear) under a suffix. Also `false` if the suffix is not valid.
    pub fn clear_named<T: Payload>(&self, kind: &FlashKind<T>, suffix: &str) -> bool {
        self.name_with(kind, suffix).is_some_and(|cookie_name| self.clear_as(cookie_name))
    }

    /// The suffixes of this kind among the cookies of the request, in order, and each one once. Whether a value is
    /// valid shows when it is read.
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
