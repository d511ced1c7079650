//! Flashes: small values that cross a redirect in their own sealed cookies and are read once.

mod jar;
mod kind;
mod named;
mod room;
mod suffix;

pub use jar::Flash;
use jar::{Change, State, Written};
pub use kind::{FlashCookie, FlashKind, Worth};

use crate::{
    Decoder, Encoder, Payload, PayloadError, Purpose, UnsealError,
    cookie::{self, MAX_COOKIE_BYTES},
    envelope::{decode_payload, encode_payload},
};

/// What the layer must do before the response leaves.
pub(crate) struct FlashDeparture {
    pub(crate) changes: Vec<Change>,
    pub(crate) looked_at: bool,
}

impl Flash {
    /// Stores a value for a later request, and replaces an existing one.
    ///
    /// `false` if the value is too large for a cookie, if the session and flashes with more [`Worth`] leave no space
    /// for it in the `Cookie` header, or if the response head has already passed the layer. Each case is logged.
    /// In the first two cases, the existing value is removed as well. A value that was stored may still be dropped if
    /// the same response needs more of the space later.
    pub fn set<T: Payload>(&self, kind: &FlashKind<T>, value: &T) -> bool {
        self.set_as(self.cookie_name(kind), kind, value)
    }

    /// The value that an earlier request stored. It stays there.
    pub fn peek<T: Payload>(&self, kind: &FlashKind<T>) -> Option<T> {
        self.peek_as(self.cookie_name(kind))
    }

    /// The value that an earlier request stored. The response removes it.
    ///
    /// Also `None` if the response head has already passed the layer, because then the value could not be removed.
    pub fn take<T: Payload>(&self, kind: &FlashKind<T>) -> Option<T> {
        self.take_as(self.cookie_name(kind))
    }

    /// Removes the value that an earlier request stored.
    ///
    /// `false` if the response head has already passed the layer.
    pub fn clear<T: Payload>(&self, kind: &FlashKind<T>) -> bool {
        self.clear_as(self.cookie_name(kind))
    }

    fn set_as<T: Payload>(&self, cookie_name: String, kind: &FlashKind<T>, value: &T) -> bool {
        let Some(mut state) = self.changing("set") else {
            return false;
        };
        let context = &self.shared.context;
        let mut out = Encoder::new();
        out.millis(context.now() + kind.max_age);
        encode_payload(&mut out, value);
        let value = context.sealer.seal(Purpose::Flash, &cookie_name, &out.finish());
        let line = cookie::set_cookie(&cookie_name, &value, context.settings.secure, Some(kind.max_age));
        if line.len() > MAX_COOKIE_BYTES {
            tracing::error!(
                cookie = cookie_name,
                bytes = line.len(),
                "a flash is too large for a cookie and was not set"
            );
            state.change(cookie_name, None);
            return false;
        }
        if room::weight(cookie_name.len(), value.len()) > self.room_for(&state, &cookie_name, kind.worth) {
            tracing::warn!(cookie = cookie_name, "a flash cookie was not set: the Cookie header is full");
            state.change(cookie_name, None);
            return false;
        }
        state.change(cookie_name, Some(Written { value, line, worth: kind.worth }));
        true
    }

    fn peek_as<T: Payload>(&self, cookie_name: String) -> Option<T> {
        let mut state = self.state();
        state.looked_at = true;
        self.read(&mut state, cookie_name)
    }

    fn take_as<T: Payload>(&self, cookie_name: String) -> Option<T> {
        let mut state = self.changing("take")?;
        let value = self.read(&mut state, cookie_name.clone())?;
        state.change(cookie_name, None);
        Some(value)
    }

    fn clear_as(&self, cookie_name: String) -> bool {
        let Some(mut state) = self.changing("clear") else {
            return false;
        };
        state.change(cookie_name, None);
        true
    }

    /// Closes the flashes for changes, and returns the changes.
    pub(crate) fn depart(&self) -> FlashDeparture {
        let mut state = self.state();
        state.head_has_passed = true;
        FlashDeparture { changes: state.changes.drain(..).collect(), looked_at: state.looked_at }
    }

    /// The `Set-Cookie` lines for these changes, and for the flashes that must be removed because the session takes
    /// `session_bytes` of the `Cookie` header (`None`: as many as on arrival).
    pub(crate) fn lines(&self, mut changes: Vec<Change>, session_bytes: Option<usize>) -> Vec<String> {
        self.make_room(&mut changes, session_bytes);
        let secure = self.shared.context.settings.secure;
        let line = |change: Change| match change.written {
            Some(written) => Some(written.line),
            // A cookie that the browser does not hold needs no removal.
            None if !self.is_present(&change.cookie_name) => None,
            None => Some(cookie::removal(&change.cookie_name, secure)),
        };
        changes.into_iter().filter_map(line).collect()
    }

    fn read<T: Payload>(&self, state: &mut State, cookie_name: String) -> Option<T> {
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

    /// The value's payload; `None` if it has expired or has a payload of another version.
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
}
