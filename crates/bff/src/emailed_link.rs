mod readings;

use std::fmt;
use std::time::Duration;

use http::request::Parts;
use ironleaf_auth::{AccountError, SecretText, SignIn};
use ironleaf_credentials::email::{is_international, normal_form};
use ironleaf_session::{Decoder, Encoder, FlashKind, Payload, PayloadError, Worth};

use self::readings::readings;
use crate::asked::note_sign_in;
use crate::limits::{Mail, NoMail, Subject};
use crate::visit::Visit;
use crate::{AccountFailure, SignInFailure};

/// How long a link waits for the POST that uses it.
const LINK_LIFE: Duration = Duration::from_mins(10);

/// Carries a [`SignInLink`] from the GET that brought it to the POST that uses it.
pub const SIGN_IN_LINK: FlashKind<SignInLink> =
    FlashKind::new("ironleaf-link", LINK_LIFE).worth(Worth::Errand);

/// Carries a [`VerificationLink`] from the GET that brought it to the POST that uses it.
pub const VERIFICATION_LINK: FlashKind<VerificationLink> =
    FlashKind::new("ironleaf-verification", LINK_LIFE).worth(Worth::Errand);

/// What an e-mailed link says with which somebody signs in without a password.
///
/// # Security
///
/// Its token is for this crate alone: there is no way to it from outside, and it is neither printed nor serialized.
///
/// ```compile_fail,E0616
/// let link = ironleaf_bff::SignInLink::from_query("email=a@b.c&token=secret").unwrap();
/// let _ = link.token;
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SignInLink {
    email: String,
    token: SecretText,
    sets_password: bool,
}

impl SignInLink {
    /// From the query of `/login?email=..&token=..&action=..`, also where a mail program has escaped it once more. `None` where the
    /// address or the token is missing, or longer than any, or where the address is none.
    pub fn from_query(query: &str) -> Option<Self> {
        readings(query).find_map(|fields| {
            let email = fields.get("email").and_then(normal_form).filter(|email| is_address(email))?;
            // What follows a link in a text may be taken for its end.
            let action = fields.get("action").unwrap_or_default();
            let sets_password =
                action.trim_matches(|letter: char| !letter.is_ascii_alphanumeric()) == "password";
            Some(Self { email, token: fields.token()?, sets_password })
        })
    }

    /// Whether the query is that of a link, if perhaps not of a whole one.
    pub fn is_meant_by(query: &str) -> bool {
        readings(query).any(|fields| fields.get("email").or(fields.get("token")).is_some())
    }

    /// The address it was sent to, in its one form.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// Whether it is meant for setting a new password.
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
        out.str(&self.email);
        out.token(self.token.expose());
        out.bool(self.sets_password);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let email = input.str()?.to_owned();
        let token = SecretText::from(input.token()?.as_str());
        Ok(Self { email, token, sets_password: input.bool()? })
    }
}

/// What an e-mailed link says that verifies an address. As with [`SignInLink`], there is no way to its token.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationLink {
    token: SecretText,
}

impl VerificationLink {
    /// From the query of `/email-verification?token=..`, also where a mail program has escaped it once more. `None` where the token is
    /// missing, or longer than any.
    pub fn from_query(query: &str) -> Option<Self> {
        readings(query).find_map(|fields| Some(Self { token: fields.token()? }))
    }

    /// Whether the query is that of a link, if perhaps not of a whole one.
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

/// SECURITY: a page shows it, and anybody can make a link. So it is one word with the characters of RFC 5322's
/// `dot-atom`, letters of any script and their marks among them (RFC 6531), on both sides of one `@`.
fn is_address(email: &str) -> bool {
    let is_part = |part: &str| {
        let allowed = |letter: char| {
            letter.is_ascii_alphanumeric()
                || "!#$%&'*+-/=?^_`{|}~.".contains(letter)
                || is_international(letter)
        };
        !part.is_empty() && part.chars().all(allowed)
    };
    email.split_once('@').is_some_and(|(local, domain)| is_part(local) && is_part(domain))
}

/// Signs a person in with an e-mailed link, over whatever session the request came with, as
/// [`sign_in_with_password`](crate::sign_in_with_password) does. A link works once.
///
/// # Errors
///
/// [`SignInFailure::InvalidCredentials`] where the link is not, or no longer, good; else see [`SignInFailure`]. The session
/// the request came with is left as it was.
pub async fn sign_in_with_link(parts: &Parts, link: &SignInLink) -> Result<(), SignInFailure> {
    let visit = Visit::from_parts(parts).ok_or(SignInFailure::Unavailable)?;
    let attempt = visit.admit(Subject::Link(&link.email)).await?;
    let credentials = SignIn::OneTimeToken { email: link.email.clone(), token: link.token.clone() };
    visit.judged(attempt, Some(link.email.clone()), credentials).await
}

/// Asks for an e-mail with a link to set a new password. Success says nothing about whether there is such an account, nor about
/// whether the address has had so many of them lately that it is sent no more for a while.
///
/// # Errors
///
/// [`AccountFailure::Invalid`], [`AccountFailure::TooManyRequests`], [`AccountFailure::Unavailable`].
pub async fn request_password_reset(parts: &Parts, email: &str) -> Result<(), AccountFailure> {
    let visit = Visit::from_parts(parts).ok_or(AccountFailure::Unavailable)?;
    let email = normal_form(email).ok_or_else(AccountFailure::invalid_email)?;
    let _spent = visit.spend(Subject::Mail(&email)).await?;
    match visit.mail(Mail::Reset(&email)).await {
        Ok(()) => {
            let asked = visit
                .in_time(async { visit.bff.accounts()?.request_password_reset(&visit.caller, &email).await })
                .await;
            asked.map_err(|error| visit.fold_anonymous(error))?;
        }
        // SECURITY: the same answer. Nobody learns what others have asked for, and nobody waits for it: a link is there that is good.
        Err(NoMail::Enough(_)) => {}
        Err(NoMail::NotNow(too_many)) => return Err(too_many.into()),
    }
    note_sign_in(&visit, &email);
    Ok(())
}

/// Verifies an e-mail address with the link that was sent to it, and waits for the result. A link that is opened twice
/// verifies twice, as far as the core API has it so.
///
/// # Errors
///
/// [`AccountFailure::InvalidToken`], [`AccountFailure::TooManyRequests`], [`AccountFailure::Unavailable`].
pub async fn verify_email(parts: &Parts, link: &VerificationLink) -> Result<(), AccountFailure> {
    let visit = Visit::from_parts(parts).ok_or(AccountFailure::Unavailable)?;
    // Each costs the core API a record, and this process some seconds of asking.
    let _spent = visit.spend(Subject::Verification(link.token.expose())).await?;
    let asked =
        visit.in_time(async { visit.bff.accounts()?.verify_email(&visit.caller, &link.token).await }).await;
    asked.map_err(|error| visit.fold_anonymous(error))
}

impl Visit {
    /// SECURITY: nothing passes that could tell an address with an account from one without.
    fn fold_anonymous(&self, error: AccountError) -> AccountFailure {
        let told = match error {
            AccountError::SignedOut
            | AccountError::Gone
            | AccountError::Forbidden
            | AccountError::EmailTaken => {
                AccountError::Unavailable(format!("an answer that an anonymous request cannot have: {error}"))
            }
            told => told,
        };
        AccountFailure::fold(&self.bff, told, None)
    }
}

#[cfg(test)]
mod tests;
