//! The messages that survive a redirect. The cookie carries a number from this list, sealed, so no page shows text that
//! somebody else put into its address.

use std::borrow::Cow;
use std::time::Duration;

use ironleaf_bff::codec::{Decoder, Encoder};
use ironleaf_bff::{FlashKind, Payload, PayloadError, ReturnTo, SignedOutReason};

use crate::language::Language;

/// Defines the messages that are a number and a sentence, in one place, so that none can be missing anywhere. The sentence
/// is a message of the catalogue, or, for one language only, a sentence as it is. `error`
/// messages interrupt a screen reader, `status` messages wait. Never reuse a number: sealed cookies carry it across a
/// deployment.
macro_rules! messages {
    ($($number:literal $kind:ident $name:ident: $text:literal,)*) => {
        /// A message for the next page.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum Message {
            $($name,)*
            /// The reason, if known, is for support. The sentence says it only where the person would wonder.
            SessionExpired(Option<SignedOutReason>),
            /// Names the address that was typed, whether it has an account or not.
            ResetLinkSent(String),
            /// The same for a link that signs in.
            SignInLinkSent(String),
            /// After a link, which a person may have opened without knowing whose it is.
            SignedInAs(String),
            /// For the person who is signed in, about a form on another person's page.
            NowSignedInAs(String),
        }

        impl Message {
            const PLAIN: &[Self] = &[$(Self::$name,)*];

            const fn plain(&self) -> Option<(u64, Kind, &'static str)> {
                match self {
                    $(Self::$name => Some(($number, Kind::$kind, $text)),)*
                    Self::SessionExpired(_)
                    | Self::ResetLinkSent(_)
                    | Self::SignInLinkSent(_)
                    | Self::SignedInAs(_)
                    | Self::NowSignedInAs(_) => None,
                }
            }
        }
    };
}

messages! {
    1 Error SignInFailed: "message-sign-in-failed",
    2 Error TooManyTries: "message-too-many-tries",
    3 Error Unavailable: "message-unavailable",
    5 Status SignedOut: "message-signed-out",
    6 Error SessionTooLarge: "message-session-too-large",
    7 Error LinkFailed: "message-link-failed",
    8 Status Welcome: "message-welcome",
    33 Status Registered: "message-registered",
    34 Status PerhapsRegistered: "message-perhaps-registered",
    9 Status RegisteredOnly: "message-registered-only",
    11 Status PasswordUpdated: "message-password-updated",
    12 Status AccountUpdated: "message-account-updated",
    23 Error LinkDamaged: "message-link-damaged",
    30 Error NoRoomForLink: "message-no-room-for-link",
    13 Status VerificationSent: "message-verification-sent",
    14 Status NothingToVerify: "message-nothing-to-verify",
    15 Status AccountDeleted: "message-account-deleted",
    16 Status Confirmed: "message-confirmed",
    17 Error NotAllowed: "message-not-allowed",
    18 Error CheckFields: "message-check-fields",
    19 Status ConfirmFirst: "message-confirm-first",
    20 Error InvalidToken: "message-invalid-token",
    24 Error CookiesBlocked: "message-cookies-blocked",
    31 Status ConfirmElsewhere: "message-confirm-elsewhere",
    35 Error Misconfigured: "message-misconfigured",
    36 Error NotLetIn: "message-not-let-in",
    32 Error NotAdmitted: "message-not-admitted",
    37 Error SecondFactor: "message-second-factor",
    38 Status SessionEnded: "message-session-ended",
    39 Status OtherSessionsEnded: "message-other-sessions-ended",
    40 Status AllSessionsEnded: "message-all-sessions-ended",
    41 Error NoSuchSession: "message-no-such-session",
    42 Status EmailChangeAsked: "message-email-change-asked",
    43 Error PasswordLinkDead: "message-password-link-dead",
    44 Status RoleGiven: "message-role-given",
    45 Status RoleTaken: "message-role-taken",
    46 Status PersonDeleted: "message-person-deleted",
    47 Error PersonChanged: "message-person-changed",
    48 Error NoSuchPerson: "message-no-such-person",
    49 Error OwnAccount: "message-own-account",
    50 Error PersonVerified: "message-person-verified",
    51 Status StaysSignedIn: "message-stays-signed-in",
    52 Error CodeOver: "message-code-over",
    53 Status SecondFactorEnabled: "message-second-factor-enabled",
    54 Status SecondFactorDisabled: "message-second-factor-disabled",
    55 Status RecoveryCodesReplaced: "message-recovery-codes-replaced",
    56 Error SecondFactorElsewhere: "message-second-factor-elsewhere",
    58 Status PasskeyAdded: "message-passkey-added",
    59 Status PasskeyRenamed: "message-passkey-renamed",
    60 Status PasskeyRemoved: "message-passkey-removed",
    61 Error PasskeyRefused: "message-passkey-refused",
    62 Error PasskeyOver: "message-passkey-over",
    63 Error PasskeyUnverified: "message-passkey-unverified",
    64 Error TooManyPasskeys: "message-too-many-passkeys",
    65 Error PasskeyKnown: "message-passkey-known",
    66 Error PasskeyNotAccepted: "message-passkey-not-accepted",
    67 Error NoSuchPasskey: "message-no-such-passkey",
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Status,
}

/// Cleared by the page that shows it. After a minute nobody would know what it is about.
pub(crate) const MESSAGE: FlashKind<Left> = FlashKind::new("ironleaf-message", Duration::from_mins(1));

/// A message on its way to a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    message: Message,
    /// The path of the page. Requests of other tabs do not take the message. Empty for any next page.
    page: String,
    /// The number of the request that failed, if it failed on our side.
    reference: Option<String>,
}

impl Left {
    /// `page` may have a query. If its path is not that of a page (`is_page`), the message is for any next page.
    pub(crate) fn for_page(said: Said, page: &str, is_page: impl FnOnce(&str) -> bool) -> Self {
        let Said { message, reference } = said;
        let path = page.split(['?', '#']).next().unwrap_or_default();
        Self { message, page: if is_page(path) { path.to_owned() } else { String::new() }, reference }
    }

    /// The message, if it is for the page of this path.
    pub(crate) fn on(self, path: &str) -> Option<Said> {
        let Self { message, page, reference } = self;
        (page.is_empty() || page == path).then_some(Said { message, reference })
    }
}

impl Payload for Left {
    /// The second has the reference.
    const VERSION: u32 = 2;

    fn encode(&self, out: &mut Encoder) {
        self.message.encode(out);
        out.str(&self.page);
        out.str(self.reference.as_deref().unwrap_or_default());
    }

    fn decode(version: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let (message, page) = (Message::decode(version, input)?, input.str()?.to_owned());
        let reference = if version == 1 { "" } else { input.str()? };
        let reference = Some(reference.to_owned()).filter(|reference| !reference.is_empty());
        Ok(Self { message, page, reference })
    }
}

/// A message as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) message: Message,
    /// The number of the request that failed, if it failed on our side. The log has it as `id`.
    pub(crate) reference: Option<String>,
}

impl Said {
    pub(crate) fn text(&self, language: Language) -> Cow<'static, str> {
        with_reference(self.message.text(language), self.reference.as_deref(), language)
    }
}

impl From<Message> for Said {
    fn from(message: Message) -> Self {
        Self { message, reference: None }
    }
}

/// Adds what a person can quote to whoever runs this site.
pub(crate) fn with_reference<'a>(
    text: Cow<'a, str>,
    reference: Option<&str>,
    language: Language,
) -> Cow<'a, str> {
    match reference {
        Some(id) => format!("{text} {}", language.words("reference", [("reference", id.into())])).into(),
        None => text,
    }
}

/// A support code follows this number, or nothing if the reason is not known.
const EXPIRED: u64 = 4;
/// An address follows these.
const RESET_LINK_SENT: u64 = 10;
const SIGN_IN_LINK_SENT: u64 = 57;
const SIGNED_IN_AS: u64 = 21;
const NOW_SIGNED_IN_AS: u64 = 22;

impl Message {
    /// What is said to a person who has proved who they are, and now goes on to `place`. Without one, they have come
    /// from the note that their session ends soon, which opens a tab of its own.
    pub(crate) const fn on_proof(place: Option<&ReturnTo>) -> Self {
        if place.is_some() { Self::Confirmed } else { Self::StaysSignedIn }
    }

    pub(crate) fn text(&self, language: Language) -> Cow<'static, str> {
        let about = |id, email: &str| language.words(id, [("email", email.into())]).into();
        match self {
            Self::SessionExpired(Some(SignedOutReason::EndedByProvider)) => {
                language.word("message-session-ended-by-provider").into()
            }
            Self::SessionExpired(Some(SignedOutReason::NotAllowed)) => {
                language.word("message-session-not-allowed").into()
            }
            Self::SessionExpired(_) => language.word("message-session-expired").into(),
            Self::ResetLinkSent(email) => about("message-reset-link-sent", email),
            Self::SignInLinkSent(email) => about("message-sign-in-link-sent", email),
            Self::SignedInAs(email) => about("message-signed-in-as", email),
            Self::NowSignedInAs(email) => about("message-now-signed-in-as", email),
            plain => plain.plain().map_or("", |(_, _, text)| language.word(text)).into(),
        }
    }

    /// The code that the person can give to support, if there is one.
    pub(crate) const fn support_code(&self) -> Option<&'static str> {
        match self {
            Self::SessionExpired(Some(reason)) => Some(reason.support_code()),
            _ => None,
        }
    }

    pub(crate) const fn is_error(&self) -> bool {
        matches!(self, Self::NowSignedInAs(_)) || matches!(self.plain(), Some((_, Kind::Error, _)))
    }

    const fn number(&self) -> u64 {
        match self {
            Self::SessionExpired(_) => EXPIRED,
            Self::ResetLinkSent(_) => RESET_LINK_SENT,
            Self::SignInLinkSent(_) => SIGN_IN_LINK_SENT,
            Self::SignedInAs(_) => SIGNED_IN_AS,
            Self::NowSignedInAs(_) => NOW_SIGNED_IN_AS,
            plain => match plain.plain() {
                Some((number, _, _)) => number,
                None => 0,
            },
        }
    }
}

impl Payload for Message {
    fn encode(&self, out: &mut Encoder) {
        out.varint(self.number());
        match self {
            Self::SessionExpired(_) => out.str(self.support_code().unwrap_or_default()),
            Self::ResetLinkSent(email)
            | Self::SignInLinkSent(email)
            | Self::SignedInAs(email)
            | Self::NowSignedInAs(email) => {
                out.str(email);
            }
            _ => {}
        }
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let message = match input.varint()? {
            EXPIRED => match input.str()? {
                "" => Some(Self::SessionExpired(None)),
                code => {
                    SignedOutReason::from_support_code(code).map(|reason| Self::SessionExpired(Some(reason)))
                }
            },
            RESET_LINK_SENT => Some(Self::ResetLinkSent(input.str()?.to_owned())),
            SIGN_IN_LINK_SENT => Some(Self::SignInLinkSent(input.str()?.to_owned())),
            SIGNED_IN_AS => Some(Self::SignedInAs(input.str()?.to_owned())),
            NOW_SIGNED_IN_AS => Some(Self::NowSignedInAs(input.str()?.to_owned())),
            number => Self::PLAIN.iter().find(|message| message.number() == number).cloned(),
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
        let email = || "ada@example.com".to_owned();
        let with_address =
            [Message::ResetLinkSent, Message::SignInLinkSent, Message::SignedInAs, Message::NowSignedInAs];
        let with_address = with_address.map(|message| message(email()));
        Message::PLAIN.iter().cloned().chain(expired).chain(with_address)
    }

    #[test]
    fn every_message_arrives_as_it_left() {
        for message in every_message() {
            let mut out = Encoder::new();
            message.encode(&mut out);
            let bytes = out.finish();
            let mut input = Decoder::new(&bytes);
            assert_eq!(Message::decode(1, &mut input).unwrap(), message);
            input.finish().unwrap();
        }
    }

    #[test]
    fn every_message_has_words_of_its_own_in_every_language() {
        for language in Language::all() {
            let all: Vec<_> = every_message().map(|message| message.text(language)).collect();
            assert!(all.iter().all(|text| !text.is_empty() && !text.starts_with("message-")), "{all:?}");
            let addressed = all.iter().filter(|text| text.contains("ada@example.com")).count();
            assert_eq!(addressed, 4, "{all:?}");
        }
    }

    #[test]
    fn a_message_is_for_the_page_that_it_leads_to() {
        let is_page = |path: &str| matches!(path, "/login" | "/account");
        let left = |page| Left::for_page(Message::SignedOut.into(), page, is_page);
        for page in ["/login", "/login?return_to=/account", "/login#x"] {
            assert_eq!(left(page).on("/login"), Some(Message::SignedOut.into()), "{page}");
            assert_eq!(left(page).on("/"), None, "{page}");
        }
        for page in ["https://id.example/end", "/account/", "/robots.txt"] {
            assert_eq!(left(page).on("/account"), Some(Message::SignedOut.into()), "{page}");
        }
    }

    #[test]
    fn the_reference_arrives_with_its_message_and_an_older_cookie_has_none() {
        for reference in [None, Some("00c0ffee00c0ffee".to_owned())] {
            let said = Said { message: Message::Unavailable, reference };
            let left = Left::for_page(said.clone(), "/login", |_| true);
            let mut out = Encoder::new();
            left.encode(&mut out);
            let bytes = out.finish();
            let mut input = Decoder::new(&bytes);
            assert_eq!(Left::decode(Left::VERSION, &mut input).unwrap(), left);
            input.finish().unwrap();
            assert_eq!(
                said.text(Language::ENGLISH).ends_with("Reference: 00c0ffee00c0ffee"),
                said.reference.is_some()
            );
        }
        let mut older = Encoder::new();
        Message::Unavailable.encode(&mut older);
        older.str("/login");
        let bytes = older.finish();
        let left = Left::decode(1, &mut Decoder::new(&bytes)).unwrap();
        assert_eq!(left.on("/login"), Some(Message::Unavailable.into()));
    }

    #[test]
    fn no_two_messages_have_one_number() {
        let numbers: HashSet<_> = every_message().map(|message| message.number()).collect();
        assert_eq!(numbers.len(), Message::PLAIN.len() + 5);
    }
}
