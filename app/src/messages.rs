//! The messages that cross a redirect. What travels is a number out of this list, in a sealed cookie: no page shows
//! text that somebody else put into its address.

use std::borrow::Cow;
use std::time::Duration;

use ironleaf_bff::codec::{Decoder, Encoder};
use ironleaf_bff::{FlashKind, Payload, PayloadError, SignedOutReason};

/// A message for the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    SignInFailed,
    TooManyTries,
    Unavailable,
    /// The reason, where it is known, is for support; the sentence is the same for each.
    SessionExpired(Option<SignedOutReason>),
    SignedOut,
    SessionTooLarge,
    LinkFailed,
    InvalidToken,
    Welcome,
    /// The account is there; the sign-in that should have followed is not.
    RegisteredOnly,
    /// To the address that was typed, whether anybody has it or not.
    ResetLinkSent(String),
    PasswordUpdated,
    AccountUpdated,
    VerificationSent,
    NothingToVerify,
    AccountDeleted,
    ConfirmFirst,
    Confirmed,
    NotAllowed,
    CheckFields,
}

/// Cleared by the page that shows it; after a minute nobody knows what it was about.
pub(crate) const MESSAGE: FlashKind<Message> = FlashKind::new("ironleaf-message", Duration::from_mins(1));

/// A support code follows this number, or nothing where the reason is not known.
const EXPIRED: u64 = 4;
/// An address follows this one.
const RESET_LINK_SENT: u64 = 10;

impl Message {
    /// Those that are their number and nothing else.
    const PLAIN: [Self; 18] = [
        Self::SignInFailed,
        Self::TooManyTries,
        Self::Unavailable,
        Self::SignedOut,
        Self::SessionTooLarge,
        Self::LinkFailed,
        Self::InvalidToken,
        Self::Welcome,
        Self::RegisteredOnly,
        Self::PasswordUpdated,
        Self::AccountUpdated,
        Self::VerificationSent,
        Self::NothingToVerify,
        Self::AccountDeleted,
        Self::ConfirmFirst,
        Self::Confirmed,
        Self::NotAllowed,
        Self::CheckFields,
    ];

    pub(crate) fn text(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::SignInFailed => "Login failed. Please check your credentials.",
            Self::TooManyTries => "Too many attempts. Please wait a moment and try again.",
            Self::Unavailable => "We cannot reach our servers right now. Please try again in a moment.",
            Self::SessionExpired(_) => "Your session has expired, please log in again.",
            Self::SignedOut => "You have been logged out.",
            Self::SessionTooLarge => {
                "You cannot be logged in: the session of this account is larger than this site allows. Whoever runs \
                 this site can raise the limit, SESSION_HEADER_BUDGET."
            }
            Self::LinkFailed => "Auto login failed, please login manually.",
            Self::InvalidToken => "Error! Invalid token",
            Self::Welcome => "Welcome! We have sent you an email to verify your address.",
            Self::RegisteredOnly => "Your account has been created, please log in.",
            Self::ResetLinkSent(email) => {
                return Cow::Owned(format!("A password reset link has been sent to {email}"));
            }
            Self::PasswordUpdated => "Your password has been updated",
            Self::AccountUpdated => "Account updated successfully",
            Self::VerificationSent => "Verification email sent",
            Self::NothingToVerify => "Your email address is verified already.",
            Self::AccountDeleted => "Account deleted successfully",
            Self::ConfirmFirst => "Please enter your password before you change this.",
            Self::Confirmed => "Thank you. You can make your change now.",
            Self::NotAllowed => "You are not allowed to do this.",
            Self::CheckFields => "Please check what you have entered.",
        })
    }

    /// What the person can tell to support, where there is something to ask.
    pub(crate) const fn support_code(&self) -> Option<&'static str> {
        match self {
            Self::SessionExpired(Some(reason)) => Some(reason.support_code()),
            _ => None,
        }
    }

    /// Errors interrupt a screen reader, other messages wait.
    pub(crate) const fn is_error(&self) -> bool {
        matches!(
            self,
            Self::SignInFailed
                | Self::TooManyTries
                | Self::Unavailable
                | Self::SessionTooLarge
                | Self::LinkFailed
                | Self::InvalidToken
                | Self::NotAllowed
                | Self::CheckFields
        )
    }

    /// Stable: sealed cookies carry it across a deployment.
    const fn number(&self) -> u64 {
        match self {
            Self::SignInFailed => 1,
            Self::TooManyTries => 2,
            Self::Unavailable => 3,
            Self::SessionExpired(_) => EXPIRED,
            Self::SignedOut => 5,
            Self::SessionTooLarge => 6,
            Self::LinkFailed => 7,
            Self::Welcome => 8,
            Self::RegisteredOnly => 9,
            Self::ResetLinkSent(_) => RESET_LINK_SENT,
            Self::PasswordUpdated => 11,
            Self::AccountUpdated => 12,
            Self::VerificationSent => 13,
            Self::NothingToVerify => 14,
            Self::AccountDeleted => 15,
            Self::ConfirmFirst => 19,
            Self::Confirmed => 16,
            Self::NotAllowed => 17,
            Self::InvalidToken => 20,
            Self::CheckFields => 18,
        }
    }
}

impl Payload for Message {
    fn encode(&self, out: &mut Encoder) {
        out.varint(self.number());
        match self {
            Self::SessionExpired(_) => out.str(self.support_code().unwrap_or_default()),
            Self::ResetLinkSent(email) => out.str(email),
            _ => {}
        }
    }

    fn decode(input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let message = match input.varint()? {
            EXPIRED => match input.str()? {
                "" => Some(Self::SessionExpired(None)),
                code => {
                    SignedOutReason::from_support_code(code).map(|reason| Self::SessionExpired(Some(reason)))
                }
            },
            RESET_LINK_SENT => Some(Self::ResetLinkSent(input.str()?.to_owned())),
            number => Self::PLAIN.into_iter().find(|message| message.number() == number),
        };
        message.ok_or(PayloadError::Invalid("unknown message"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn every_message() -> impl Iterator<Item = Message> {
        let expired = SignedOutReason::ALL.map(Some).into_iter().chain([None]).map(Message::SessionExpired);
        let sent = Message::ResetLinkSent("ada@example.com".to_owned());
        Message::PLAIN.into_iter().chain(expired).chain([sent])
    }

    #[test]
    fn every_message_arrives_as_it_left() {
        for message in every_message() {
            let mut out = Encoder::new();
            message.encode(&mut out);
            let bytes = out.finish();
            let mut input = Decoder::new(&bytes);
            assert_eq!(Message::decode(&mut input).unwrap(), message);
            input.finish().unwrap();
        }
    }

    #[test]
    fn no_two_messages_have_one_number() {
        let numbers: HashSet<_> = every_message().map(|message| message.number()).collect();
        assert_eq!(numbers.len(), Message::PLAIN.len() + 2);
    }
}
