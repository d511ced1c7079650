//! The name and the lifetime of a flash.

use std::{fmt, marker::PhantomData, time::Duration};

use crate::cookie;

/// How much is lost with a flash for which the `Cookie` header has no space, in ascending order. Flashes are dropped in
/// this order, in favour of each other and of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// Text that somebody has typed and can type again.
    Typed,
    /// One more press of a button.
    Step,
    /// The result of an action.
    Message,
    /// Where somebody wanted to go.
    Place,
    /// A task that somebody is in the middle of and would have to restart.
    Errand,
    /// A protection of people.
    Protection,
}

/// The cookie of a kind of flash, whatever its type; see [`SessionLayer::with_flashes`](crate::SessionLayer::with_flashes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlashCookie {
    /// The cookie's name without the prefix. The names of named flashes of the kind begin with it.
    pub name: &'static str,
    /// What is lost with it.
    pub worth: Worth,
}

/// One kind of flash: its cookie, its lifetime and its type.
///
/// ```
/// # use std::time::Duration;
/// # use ironleaf_session::{FlashKind, Serde};
/// const MESSAGE: FlashKind<Serde<String>> = FlashKind::new("ironleaf-message", Duration::from_secs(60));
/// ```
pub struct FlashKind<T> {
    pub(super) name: &'static str,
    pub(super) max_age: Duration,
    pub(super) worth: Worth,
    carries: PhantomData<fn() -> T>,
}

impl<T> FlashKind<T> {
    /// A kind of flash with the worth of a [`Message`](Worth::Message). The cookie's name gets the same prefix as the session's.
    ///
    /// # Panics
    ///
    /// If the name is not valid for a cookie, begins with `__`, or contains `session` (code that looks for a session
    /// cookie must not find this one), or if the lifetime exceeds 400 days. In a `const`, that is a compile error.
    pub const fn new(name: &'static str, max_age: Duration) -> Self {
        assert!(cookie::is_name(name), "this cannot be the name of a cookie");
        assert!(!contains_at(name, 0, "__"), "the prefix is added where it is due");
        assert!(!contains(name, "session"), "a flash must not be taken for a session");
        assert!(max_age.as_secs() <= cookie::MAX_COOKIE_LIFE.as_secs(), "browsers keep no cookie that long");
        Self { name, max_age, worth: Worth::Message, carries: PhantomData }
    }

    /// The same kind with this worth.
    #[must_use]
    pub const fn worth(self, worth: Worth) -> Self {
        Self { worth, ..self }
    }

    /// Its cookie.
    pub const fn cookie(&self) -> FlashCookie {
        FlashCookie { name: self.name, worth: self.worth }
    }
}

const fn contains(text: &str, needle: &str) -> bool {
    let mut start = 0;
    while start < text.len() {
        if contains_at(text, start, needle) {
            return true;
        }
        start += 1;
    }
    false
}

const fn contains_at(text: &str, start: usize, needle: &str) -> bool {
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    let mut index = 0;
    while index < needle.len() {
        if start + index >= text.len() || !text[start + index].eq_ignore_ascii_case(&needle[index]) {
            return false;
        }
        index += 1;
    }
    true
}

impl<T> fmt::Debug for FlashKind<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, max_age, worth, carries: _ } = self;
        let mut kind = formatter.debug_struct("FlashKind");
        kind.field("name", name).field("max_age", max_age).field("worth", worth).finish()
    }
}
