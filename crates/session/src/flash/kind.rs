//! What a flash is called, and how long it lives.

use std::{fmt, marker::PhantomData, time::Duration};

use crate::cookie;

/// What is lost with a flash that finds no room in the `Cookie` header, from the least on: in this order they give way to
/// each other, and all of them to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// What somebody has typed, and types again.
    Typed,
    /// One press of a button more.
    Step,
    /// What came of something.
    Message,
    /// Where somebody wanted to go.
    Place,
    /// What somebody is in the middle of, and has to begin again.
    Errand,
    /// Something that protects people.
    Protection,
}

/// A cookie of a kind of flash, whatever it carries; see [`SessionLayer::with_flashes`](crate::SessionLayer::with_flashes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlashCookie {
    /// The cookie's name without the prefix. Named flashes of the kind begin with it.
    pub name: &'static str,
    /// What is lost with it.
    pub worth: Worth,
}

/// One kind of flash: its cookie, how long it lives, and what it carries.
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
    /// A kind of flash, worth as much as a [`Message`](Worth::Message). The cookie's name gets the same prefix as the session's.
    ///
    /// # Panics
    ///
    /// For a name that no cookie may have, that begins with `__`, or that contains `session`: whoever looks for a
    /// session cookie must not find this one. For a life of more than 400 days. In a `const` it does not compile.
    pub const fn new(name: &'static str, max_age: Duration) -> Self {
        assert!(cookie::is_name(name), "this cannot be the name of a cookie");
        assert!(!contains_at(name, 0, "__"), "the prefix is added where it is due");
        assert!(!contains(name, "session"), "a flash must not be taken for a session");
        assert!(max_age.as_secs() <= cookie::MAX_COOKIE_LIFE.as_secs(), "browsers keep no cookie that long");
        Self { name, max_age, worth: Worth::Message, carries: PhantomData }
    }

    /// The same, worth something else.
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
