//! The messages that survive a redirect. The cookie carries a number from this list, sealed, so no page shows text that
//! somebody else put into its address.

use std::borrow::Cow;
use std::time::Duration;

use ironleaf_bff::codec::{Decoder, Encoder};
use ironleaf_bff::{FlashKind, Payload, PayloadError, SignedOutReason};

/// Defines the messages that are a number and a sentence, in one place, so that none can be missing anywhere. `error`
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
                    Self::SessionExpired(_) | Self::ResetLinkSent(_) | Self::SignedInAs(_) | Self::NowSignedInAs(_) => None,
                }
            }
        }
    };
}

messages! {
    1 Error SignInFailed: "Login failed. Please check your credentials.",
    2 Error TooManyTries: "Too many attempts. Please wait a moment and try again.",
    3 Error Unavailable: "We cannot reach our servers right now. Please try again in a moment.",
    5 Status SignedOut: "You have been logged out.",
    6 Error SessionTooLarge: "You cannot be logged in: the session of this account is larger than this site allows. \
        Whoever runs this site can raise the limit, SESSION_HEADER_BUDGET.",
    7 Error LinkFailed: "Auto login failed, please login manually.",
    8 Status Welcome: "Welcome! We have sent you an email to verify your address.",
    33 Status Registered: "Welcome! Your account has been created.",
    34 Status PerhapsRegistered: "If this address had no account, it has one now. If you have received an email from us, follow its link first. \
        Then log in.",
    9 Status RegisteredOnly: "Your account has been created, please log in.",
    11 Status PasswordUpdated: "Your password has been updated",
    12 Status AccountUpdated: "Account updated successfully",
    23 Error LinkDamaged: "Auto login failed, please login manually. The link is damaged: open it in the email again, or copy all of it.",
    30 Error NoRoomForLink: "There is no room for this link beside what this browser keeps of this site. \
        Log out or clear the cookies of this site, and open it in the email again.",
    13 Status VerificationSent: "Verification email sent",
    14 Status NothingToVerify: "Your email address is verified already.",
    15 Status AccountDeleted: "Account deleted successfully",
    16 Status Confirmed: "Thank you. You can make your change now.",
    17 Error NotAllowed: "You are not allowed to do this.",
    18 Error CheckFields: "Please check what you have entered.",
    19 Status ConfirmFirst: "Please enter your password before you change this.",
    20 Error InvalidToken: "Error! Invalid token",
    24 Error CookiesBlocked: "Your browser keeps no cookies of this site, which this link and a login need. Allow cookies for this site and \
        open the link again.",
    31 Status ConfirmElsewhere: "Please confirm that it's you before you change this.",
    35 Error Misconfigured: "Logging in does not work at the moment because of a setting on our side. We have noted it; trying again will \
        not help.",
    36 Error NotLetIn: "You cannot be logged in: your account is not verified yet, or it is locked. If you have received an email to verify \
        your address, follow its link first.",
    50 Status EmailChangeAsked: "Your address changes when you follow the link that we send by email, perhaps to your present address first. \
        If none arrives, the new address cannot be used.",
    51 Error PasswordLinkDead: "This link is too old or was used already. If you have just set a new password, log in with it. Otherwise \
        ask for another link.",
    37 Error SecondFactor: "You cannot be logged in here: your account asks for a second step to log in, and this site has none. Whoever \
        runs this site can tell you more.",
    32 Error NotAdmitted: "You cannot be logged in: your account has none of the roles that this site asks for. Whoever runs this site can \
        tell you more.",
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
    pub(crate) fn text(&self) -> Cow<'static, str> {
        with_reference(self.message.text(), self.reference.as_deref())
    }
}

impl From<Message> for Said {
    fn from(message: Message) -> Self {
        Self { message, reference: None }
    }
}

/// Adds what a person can quote to whoever runs this site.
pub(crate) fn with_reference<'a>(text: Cow<'a, str>, reference: Option<&str>) -> Cow<'a, str> {
    match reference {
        Some(reference) => format!("{text} Reference: {reference}").into(),
        None => text,
    }
}

/// A support code follows this number, or nothing if the reason is not known.
const EXPIRED: u64 = 4;
/// An address follows these.
const RESET_LINK_SENT: u64 = 10;
const SIGNED_IN_AS: u64 = 21;
const NOW_SIGNED_IN_AS: u64 = 22;

impl Message {
    pub(crate) fn text(&self) -> Cow<'static, str> {
        match self {
            Self::SessionExpired(Some(SignedOutReason::EndedByProvider)) => {
                "You have been logged out where you log in for this site, please log in again.".into()
            }
            Self::SessionExpired(Some(SignedOutReason::NotAllowed)) => {
                "You have been logged out: your account has none of the roles that this site asks for.".into()
            }
            Self::SessionExpired(_) => "Your session has expired, please log in again.".into(),
            Self::ResetLinkSent(email) => format!("A password reset link has been sent to {email}").into(),
            Self::SignedInAs(email) => format!("You are logged in as {email}").into(),
            Self::NowSignedInAs(email) => format!(
                "You are now signed in as {email}. Nothing was changed: the page was that of somebody else."
            )
            .into(),
            plain => plain.plain().map_or("", |(_, _, text)| text).into(),
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
            Self::ResetLinkSent(email) | Self::SignedInAs(email) | Self::NowSignedInAs(email) => {
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
            [Message::ResetLinkSent(email()), Message::SignedInAs(email()), Message::NowSignedInAs(email())];
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
            assert_eq!(said.text().ends_with("Reference: 00c0ffee00c0ffee"), said.reference.is_some());
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
        assert_eq!(numbers.len(), Message::PLAIN.len() + 4);
    }
}
