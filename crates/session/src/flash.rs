//! What crosses a redirect: small sealed cookies of their own, read once.

use std::{
    fmt,
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::HeaderValue;

use crate::{
    Decoder, Encoder, Payload, PayloadError, Purpose, UnsealError,
    context::Context,
    cookie::{self, MAX_COOKIE_BYTES},
    envelope::{decode_payload, encode_payload},
};

/// One kind of flash: its cookie, how long it lives, and what it carries.
///
/// ```
/// # use std::time::Duration;
/// # use ironleaf_session::{FlashKind, Serde};
/// const MESSAGE: FlashKind<Serde<String>> = FlashKind::new("ironleaf-message", Duration::from_secs(60));
/// ```
pub struct FlashKind<T> {
    name: &'static str,
    max_age: Duration,
    carries: PhantomData<fn() -> T>,
}

impl<T> FlashKind<T> {
    /// A kind of flash. The cookie's name gets the same prefix as the session's.
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
        Self { name, max_age, carries: PhantomData }
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
        formatter.debug_struct("FlashKind").field("name", &self.name).field("max_age", &self.max_age).finish()
    }
}

/// The flashes of one request. Clones are the same flashes.
///
/// As with the [`Session`](crate::Session), changes count until the head of the response has passed.
///
/// # Security
///
/// A flash is sealed, so it can be neither read nor forged; within its life it can be replayed by the browser
/// that got it. What must happen once only has to be remembered by the server.
#[derive(Clone)]
pub struct Flash {
    shared: Arc<Shared>,
}

struct Shared {
    context: Arc<Context>,
    cookies: Vec<HeaderValue>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    changes: Vec<Change>,
    looked_at: bool,
    head_has_passed: bool,
}

struct Change {
    cookie_name: String,
    /// `None` removes the cookie.
    written: Option<Written>,
}

struct Written {
    value: String,
    line: String,
}

/// What the layer is to do on the way out.
pub(crate) struct FlashDeparture {
    pub(crate) lines: Vec<String>,
    pub(crate) looked_at: bool,
}

impl Flash {
    pub(crate) fn new(context: Arc<Context>, cookies: Vec<HeaderValue>) -> Self {
        Self { shared: Arc::new(Shared { context, cookies, state: Mutex::default() }) }
    }

    /// Leaves a value for a later request, in place of one that is there.
    ///
    /// `false` if it is too large for a cookie, or if the head of the response has passed; both are logged.
    pub fn set<T: Payload>(&self, kind: &FlashKind<T>, value: &T) -> bool {
        let Some(mut state) = self.changing("set") else {
            return false;
        };
        let context = &self.shared.context;
        let cookie_name = self.cookie_name(kind);
        let mut out = Encoder::new();
        out.millis(context.now() + kind.max_age);
        encode_payload(&mut out, value);
        let value = context.sealer.seal(Purpose::Flash, &cookie_name, &out.finish());
        let line = cookie::set_cookie(&cookie_name, &value, context.settings.secure, kind.max_age);
        if line.len() > MAX_COOKIE_BYTES {
            tracing::error!(
                cookie = cookie_name,
                bytes = line.len(),
                "a flash is too large for a cookie and was not set"
            );
            return false;
        }
        state.change(cookie_name, Some(Written { value, line }));
        true
    }

    /// The value that an earlier request left, which stays where it is.
    pub fn peek<T: Payload>(&self, kind: &FlashKind<T>) -> Option<T> {
        let mut state = self.state();
        state.looked_at = true;
        self.read(&mut state, kind)
    }

    /// The value that an earlier request left; it is removed with the response.
    ///
    /// `None`, too, if the head of the response has passed, because then it could not be removed.
    pub fn take<T: Payload>(&self, kind: &FlashKind<T>) -> Option<T> {
        let mut state = self.changing("take")?;
        let value = self.read(&mut state, kind)?;
        state.change(self.cookie_name(kind), None);
        Some(value)
    }

    /// Removes the value that an earlier request left.
    ///
    /// `false` if the head of the response has passed.
    pub fn clear<T: Payload>(&self, kind: &FlashKind<T>) -> bool {
        let Some(mut state) = self.changing("clear") else {
            return false;
        };
        state.change(self.cookie_name(kind), None);
        true
    }

    /// Closes the flashes for changes and gives the lines of `Set-Cookie`.
    pub(crate) fn depart(&self) -> FlashDeparture {
        let mut state = self.state();
        state.head_has_passed = true;
        let secure = self.shared.context.settings.secure;
        let line = |change: Change| match change.written {
            Some(written) => Some(written.line),
            // What the browser does not hold needs no removal.
            None if !self.is_present(&change.cookie_name) => None,
            None => Some(cookie::removal(&change.cookie_name, secure)),
        };
        let lines = state.changes.drain(..).filter_map(line).collect();
        FlashDeparture { lines, looked_at: state.looked_at }
    }

    fn read<T: Payload>(&self, state: &mut State, kind: &FlashKind<T>) -> Option<T> {
        let cookie_name = self.cookie_name(kind);
        if let Some(change) = state.changes.iter().find(|change| change.cookie_name == cookie_name) {
            return self.open(&cookie_name, &change.written.as_ref()?.value).ok()?;
        }
        let mut was_tampered_with = false;
        for value in self.values(&cookie_name) {
            match self.open(&cookie_name, value) {
                Ok(Some(flash)) => return Some(flash),
                Ok(None) | Err(UnsealError::UnknownKey | UnsealError::UnknownVersion) => {}
                Err(UnsealError::Malformed | UnsealError::Tampered) => was_tampered_with = true,
            }
        }
        if was_tampered_with && !state.head_has_passed {
            tracing::warn!(cookie = cookie_name, "a flash cookie was altered; it is removed");
            state.change(cookie_name, None);
        }
        None
    }

    /// What the value carries; `None` if its time is over or its payload is of another version.
    fn open<T: Payload>(&self, cookie_name: &str, value: &str) -> Result<Option<T>, UnsealError> {
        let context = &self.shared.context;
        let unsealed = context.sealer.unseal(Purpose::Flash, cookie_name, value)?;
        let decode = |plaintext: &[u8]| {
            let mut input = Decoder::new(plaintext);
            let expires_at = input.millis()?;
            let payload = decode_payload(&mut input)?;
            input.finish()?;
            Ok::<_, PayloadError>((context.now() < expires_at).then_some(payload))
        };
        Ok(decode(&unsealed.plaintext).unwrap_or_default())
    }

    fn values<'a>(&'a self, cookie_name: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.shared.cookies.iter().flat_map(cookie::header::pairs_of);
        pairs
            .filter(move |(name, _)| *name == cookie_name.as_bytes())
            // A value that is no text becomes one that no sealed value is.
            .map(|(_, value)| str::from_utf8(value).unwrap_or_default())
    }

    fn is_present(&self, cookie_name: &str) -> bool {
        self.values(cookie_name).next().is_some()
    }

    fn cookie_name<T>(&self, kind: &FlashKind<T>) -> String {
        cookie::full_name(kind.name, self.shared.context.settings.secure)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changing(&self, method: &'static str) -> Option<MutexGuard<'_, State>> {
        let mut state = self.state();
        if state.head_has_passed {
            tracing::warn!(
                method,
                "a flash was changed after the head of the response had passed; the change is lost"
            );
            return None;
        }
        state.looked_at = true;
        Some(state)
    }
}

impl State {
    fn change(&mut self, cookie_name: String, written: Option<Written>) {
        self.changes.retain(|change| change.cookie_name != cookie_name);
        self.changes.push(Change { cookie_name, written });
    }
}

impl fmt::Debug for Flash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Flash").finish_non_exhaustive()
    }
}
