//! The messages that cross a redirect. What travels is a number out of this list, in a sealed cookie: no page shows
//! text that somebody else put into its address.

use std::time::Duration;

use ironleaf_bff::codec::{Decoder, Encoder};
use ironleaf_bff::{FlashKind, MAX_EMAIL_BYTES, Payload, PayloadError, SignedOutReason};

/// A message for the next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Message {
    SignInFailed,
    TooManyTries,
    Unavailable,
    /// The reason is for support; the sentence is the same for each.
    SessionExpired(SignedOutReason),
    SignedOut,
    SessionTooLarge,
}

/// Cleared by the page that shows it; after a minute nobody knows what it was about.
pub(crate) const MESSAGE: FlashKind<Message> = FlashKind::new("ironleaf-message", Duration::from_mins(1));

/// What was typed into a form that came back, never a password. Cleared when the form shows it.
pub(crate) const FIELDS: FlashKind<Fields> = FlashKind::new("ironleaf-fields", Duration::from_mins(30));

/// The number of [`Message::SessionExpired`]; a support code follows it.
const EXPIRED: u64 = 4;

impl Message {
    const PLAIN: [Self; 5] =
        [Self::SignInFailed, Self::TooManyTries, Self::Unavailable, Self::SignedOut, Self::SessionTooLarge];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::SignInFailed => "Login failed. Please check your credentials.",
            Self::TooManyTries => "Too many attempts. Please wait a moment and try again.",
            Self::Unavailable => "We cannot reach our servers right now. Please try again in a moment.",
            Self::SessionExpired(_) => "Your session has expired, please log in again.",
            Self::SignedOut => "You have been logged out.",
            Self::SessionTooLarge => {
                "You cannot be logged in: the session of this account is larger than this site allows. Whoever runs \
                 this site can raise the limit, SESSION_HEADER_BUDGET."
            }
        }
    }

    /// What the person can tell to support, where there is something to ask.
    pub(crate) const fn support_code(self) -> Option<&'static str> {
        match self {
            Self::SessionExpired(reason) => Some(reason.support_code()),
            _ => None,
        }
    }

    /// Errors interrupt a screen reader, other messages wait.
    pub(crate) const fn is_error(self) -> bool {
        matches!(self, Self::SignInFailed | Self::TooManyTries | Self::Unavailable | Self::SessionTooLarge)
    }

    /// Stable: sealed cookies carry it across a deployment.
    const fn number(self) -> u64 {
        match self {
            Self::SignInFailed => 1,
            Self::TooManyTries => 2,
            Self::Unavailable => 3,
            Self::SessionExpired(_) => EXPIRED,
            Self::SignedOut => 5,
            Self::SessionTooLarge => 6,
        }
    }
}

impl Payload for Message {
    fn encode(&self, out: &mut Encoder) {
        out.varint(self.number());
        if let Some(code) = self.support_code() {
            out.str(code);
        }
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let number = input.varint()?;
        let message = if number == EXPIRED {
            SignedOutReason::from_support_code(input.str()?).map(Self::SessionExpired)
        } else {
            Self::PLAIN.into_iter().find(|message| message.number() == number)
        };
        message.ok_or(PayloadError::Invalid("unknown message"))
    }
}

/// The fields of one form, to be filled in again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    /// The path of the form's page; another page does not show them.
    pub(crate) page: String,
    /// The e-mail address as it was typed.
    pub(crate) email: String,
}

impl Fields {
    /// What is longer than any e-mail address was not typed, and would crowd the cookies.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        self.email.len() <= MAX_EMAIL_BYTES
    }
}

impl Payload for Fields {
    fn encode(&self, out: &mut Encoder) {
        out.str(&self.page);
        out.str(&self.email);
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self { page: input.str()?.to_owned(), email: input.str()?.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_arrives_as_it_left() {
        let expired = SignedOutReason::ALL.map(Message::SessionExpired);
        for message in Message::PLAIN.into_iter().chain(expired) {
            let mut out = Encoder::new();
            message.encode(&mut out);
            let bytes = out.finish();
            let mut input = Decoder::new(&bytes);
            assert_eq!(Message::decode(&mut input).unwrap(), message);
            input.finish().unwrap();
        }
    }
}
