use std::fmt;
use std::time::Duration;

use ironleaf_auth::{EmailAddress, SecretText};
use ironleaf_credentials::email::is_international;
use ironleaf_session::{Decoder, Encoder, FlashKind, Payload, PayloadError, Worth};

use super::readings::readings;

/// How long a link waits for the POST that uses it.
const LINK_LIFE: Duration = Duration::from_mins(10);

/// Carries a [`SignInLink`] from the GET that brought it to the POST that uses it.
pub const SIGN_IN_LINK: FlashKind<SignInLink> =
    FlashKind::new("ironleaf-link", LINK_LIFE).worth(Worth::Errand);

/// Carries a [`VerificationLink`] from the GET that brought it to the POST that uses it.
pub const VERIFICATION_LINK: FlashKind<VerificationLink> =
    FlashKind::new("ironleaf-verification", LINK_LIFE).worth(Worth::Errand);

/// Carries a [`PasswordLink`] from the GET that brought it to the POST that uses it.
pub const PASSWORD_LINK: FlashKind<PasswordLink> =
    FlashKind::new("ironleaf-password-link", LINK_LIFE).worth(Worth::Errand);

/// The content of an e-mailed link that signs a person in without a password.
///
/// # Security
///
/// Its token is private to this crate: it cannot be read from outside, and is neither printed nor serialized.
///
/// ```compile_fail,E0616
/// let link = ironleaf_bff::SignInLink::from_query("email=a@b.c&token=secret").unwrap();
/// let _ = link.token;
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SignInLink {
    pub(super) email: EmailAddress,
    pub(super) token: SecretText,
    pub(super) sets_password: bool,
}

impl SignInLink {
    /// From the query of `/login?email=..&token=..&action=..`, also if a mail program has escaped it once more. `None`
    /// if the address or the token is missing or too long, or if the address is invalid.
    pub fn from_query(query: &str) -> Option<Self> {
        readings(query).find_map(|fields| {
            let email = fields.get("email").and_then(EmailAddress::parse).filter(is_address)?;
            // Text after a link may be taken for the end of the link.
            let action = fields.get("action").unwrap_or_default();
            let sets_password =
                action.trim_matches(|letter: char| !letter.is_ascii_alphanumeric()) == "password";
            Some(Self { email, token: fields.token()?, sets_password })
        })
    }

    /// Whether the query belongs to a link, even an incomplete one.
    pub fn is_meant_by(query: &str) -> bool {
        readings(query).any(|fields| fields.get("email").or(fields.get("token")).is_some())
    }

    /// The address that the link was sent to.
    pub fn email(&self) -> &EmailAddress {
        &self.email
    }

    /// Whether the link is for setting a new password.
    pub fn sets_password(&self) -> bool {
        self.sets_password
    }
}

impl fmt::Debug for SignInLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInLink").field("sets_password", &self.sets_password).finish_non_exhaustive()
    }
}

impl Payload for SignInLink {
    fn encode(&self, out: &mut Encoder) {
        out.str(self.email.as_str());
        out.token(self.token.expose());
        out.bool(self.sets_password);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let email = EmailAddress::from_normal_form(input.str()?.to_owned());
        let token = SecretText::from(input.token()?.as_str());
        Ok(Self { email, token, sets_password: input.bool()? })
    }
}

/// The content of an e-mailed link that verifies an address. As with [`SignInLink`], its token cannot be read from
/// outside.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationLink {
    pub(super) token: SecretText,
}

impl VerificationLink {
    /// From the query of `/email-verification?token=..`, also if a mail program has escaped it once more. `None` if the
    /// token is missing or too long.
    pub fn from_query(query: &str) -> Option<Self> {
        readings(query).find_map(|fields| Some(Self { token: fields.token()? }))
    }

    /// Whether the query belongs to a link, even an incomplete one.
    pub fn is_meant_by(query: &str) -> bool {
        readings(query).any(|fields| fields.get("token").is_some())
    }
}

impl fmt::Debug for VerificationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationLink").finish_non_exhaustive()
    }
}

impl Payload for VerificationLink {
    fn encode(&self, out: &mut Encoder) {
        out.token(self.token.expose());
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self { token: SecretText::from(input.token()?.as_str()) })
    }
}

/// The content of an e-mailed link that sets a new password, together with that password. As with [`SignInLink`], its
/// token cannot be read from outside.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordLink {
    pub(super) token: SecretText,
}

impl PasswordLink {
    /// From the query of `/set-password?token=..`, also if a mail program has escaped it once more. `None` if the token
    /// is missing or too long.
    pub fn from_query(query: &str) -> Option<Self> {
        readings(query).find_map(|fields| Some(Self { token: fields.token()? }))
    }

    /// Whether the query belongs to a link, even an incomplete one. A provider may send the browser here with an `error`
    /// in place of the token.
    pub fn is_meant_by(query: &str) -> bool {
        readings(query).any(|fields| fields.get("token").or(fields.get("error")).is_some())
    }
}

impl fmt::Debug for PasswordLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordLink").finish_non_exhaustive()
    }
}

impl Payload for PasswordLink {
    fn encode(&self, out: &mut Encoder) {
        out.token(self.token.expose());
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self { token: SecretText::from(input.token()?.as_str()) })
    }
}

/// Carries a [`RestorationLink`] from the GET that brought it to the POST that uses it.
pub const RESTORATION_LINK: FlashKind<RestorationLink> =
    FlashKind::new("ironleaf-restoration", LINK_LIFE).worth(Worth::Errand);

/// The content of an e-mailed link that takes back an address. It is read like a [`VerificationLink`], and it is another
/// type: neither can be used for the other.
#[derive(Clone, PartialEq, Eq)]
pub struct RestorationLink {
    pub(super) token: SecretText,
}

impl RestorationLink {
    /// From the query of `/restore-address?token=..`, as [`VerificationLink::from_query`].
    pub fn from_query(query: &str) -> Option<Self> {
        VerificationLink::from_query(query).map(|VerificationLink { token }| Self { token })
    }

    /// Whether the query belongs to a link, even an incomplete one.
    pub fn is_meant_by(query: &str) -> bool {
        VerificationLink::is_meant_by(query)
    }
}

impl fmt::Debug for RestorationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestorationLink").finish_non_exhaustive()
    }
}

impl Payload for RestorationLink {
    fn encode(&self, out: &mut Encoder) {
        out.token(self.token.expose());
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self { token: SecretText::from(input.token()?.as_str()) })
    }
}

/// SECURITY: a page shows the address, and anybody can make a link. So it must be one word with the characters of RFC
/// 5322's `dot-atom`, including letters of any script and their marks (RFC 6531), on both sides of one `@`.
fn is_address(email: &EmailAddress) -> bool {
    let is_part = |part: &str| {
        let allowed = |letter: char| {
            letter.is_ascii_alphanumeric()
                || "!#$%&'*+-/=?^_`{|}~.".contains(letter)
                || is_international(letter)
        };
        !part.is_empty() && part.chars().all(allowed)
    };
    email.as_str().split_once('@').is_some_and(|(local, domain)| is_part(local) && is_part(domain))
}
