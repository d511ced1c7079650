use std::fmt;
use std::time::Duration;

use http::request::Parts;
use ironleaf_auth::{AccountError, SecretText, SignIn};
use ironleaf_credentials::email::{is_international, normal_form};
use ironleaf_session::{Decoder, Encoder, FlashKind, Payload, PayloadError, Worth};
use percent_encoding::percent_decode_str;

use crate::asked::note_sign_in;
use crate::limits::{Mail, NoMail, Subject};
use crate::visit::Visit;
use crate::{AccountFailure, SignInFailure};

/// More than any core API puts into a link, and little enough for the cookie that carries it.
const MAX_TOKEN_BYTES: usize = 2048;

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

/// The fields of a query as one may read it.
struct Fields(Vec<(String, String)>);

impl Fields {
    /// As RFC 3986 has it: forms write a space as `+`, links do not, and `+` stands in many an address.
    fn read(query: &str) -> Self {
        let fields = query.split('&').map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (unescaped(name), unescaped(value))
        });
        Self(fields.collect())
    }

    /// The first field of this name.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn token(&self) -> Option<SecretText> {
        let token = self.get("token")?;
        (1..=MAX_TOKEN_BYTES).contains(&token.len()).then(|| SecretText::from(token))
    }
}

/// A longer query is read as it is written alone: no link is as long, and reading costs time.
const MAX_LINK_BYTES: usize = 8 * 1024;

/// Nobody escapes a link more often by mistake.
const MAX_ENTITY_LAYERS: usize = 4;

/// What a link may say: as it is written, with `&amp;` for `&` as in the source of an HTML e-mail, and escaped once more as a whole.
fn readings(query: &str) -> impl Iterator<Item = Fields> {
    let as_fields: fn(String) -> Fields = |text| Fields::read(&text);
    let mut texts = vec![query.to_owned()];
    // A place to come back to may have a query of its own, which is escaped.
    if query.len() > MAX_LINK_BYTES || Fields::read(query).get("return_to").is_some() {
        return texts.into_iter().map(as_fields);
    }
    let plain = without_entities(query);
    let whole = without_entities(&unescaped(&plain));
    for text in [plain, whole] {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.into_iter().map(as_fields)
}

/// Without the entities of HTML for `&`, also where they were escaped again.
fn without_entities(query: &str) -> String {
    let mut text = format!("&{query}");
    for _ in 0..MAX_ENTITY_LAYERS {
        for entity in ["&amp;", "&AMP;", "&#38;", "&#038;", "&#x26;", "&#X26;"] {
            if text.contains(entity) {
                text = text.replace(entity, "&");
            }
        }
    }
    text.split_off(1)
}

fn unescaped(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
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
        Err(NoMail::Altogether(too_many)) => return Err(too_many.into()),
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn through_a_cookie<P: Payload>(link: &P) -> P {
        let mut out = Encoder::new();
        link.encode(&mut out);
        let bytes = out.finish();
        let mut input = Decoder::new(&bytes);
        let read = P::decode(1, &mut input).unwrap();
        input.finish().unwrap();
        read
    }

    #[test]
    fn a_link_says_who_signs_in_and_what_for() {
        let link = SignInLink::from_query("email=%20New%2B1@Test.com&token=a-b&action=password").unwrap();
        assert_eq!((link.email(), link.sets_password()), ("new+1@test.com", true));
        assert_eq!(link.token.expose(), "a-b");
        for query in ["email=a@b.c&token=t", "token=t&email=a@b.c&action=other&token=u"] {
            let link = SignInLink::from_query(query).unwrap();
            assert_eq!((link.email(), link.token.expose(), link.sets_password()), ("a@b.c", "t", false));
        }
        assert_eq!(VerificationLink::from_query("a=b&token=t%2Eu").unwrap().token.expose(), "t.u");
    }

    #[test]
    fn a_link_that_a_mail_program_has_escaped_is_read_as_it_was_meant() {
        let whole = SignInLink::from_query("email=a%2Bb@test.com&token=t-1&action=password").unwrap();
        for query in [
            "email=a+b@test.com&token=t-1&action=password",
            "email=a+b%40test.com&amp;token=t-1&amp;action=password",
            "email=a%2Bb@test.com&amp;amp;token=t-1&AMP;action=password",
            "email=a%2Bb%40test.com&#38;token=t-1&#x26;action=password",
            "email%3Da%2Bb%40test.com%26token%3Dt-1%26action%3Dpassword",
            "email=a%252Bb%2540test.com%26token=t-1%26amp%3Baction%3Dpassword",
            "email=a%2Bb%40test.com%26token%3Dt-1%26action%3Dpassword",
            "email=a%2Bb@test.com&token=t-1&action=password.",
            "email=a%2Bb@test.com&token=t-1&action=password%3E",
            "utm_source=mail&email=a%2Bb@test.com&token=t-1&action=password&utm_medium=x",
        ] {
            let link = SignInLink::from_query(query);
            assert!(
                link.as_ref() == Some(&whole),
                "{query}: {}",
                link.map_or(String::new(), |link| link.email)
            );
        }
        let token = |query| VerificationLink::from_query(query).map(|link| link.token.expose().to_owned());
        for query in ["token=a+b", "x=1&amp;token=a%2Bb", "x%3D1%26token%3Da%2Bb", "token=a%2Bb&"] {
            assert_eq!(token(query).as_deref(), Some("a+b"), "{query}");
        }
    }

    /// It took seconds while each layer was looked for one after the other.
    #[test]
    fn a_query_of_entities_alone_costs_next_to_nothing() {
        let started = std::time::Instant::now();
        for entity in ["amp;", "&amp;", "&#38;", "%26amp;", "&#38;amp;"] {
            let query = format!("a=&{}", entity.repeat(64 * 1024 / entity.len()));
            assert!(SignInLink::from_query(&query).is_none() && !SignInLink::is_meant_by(&query));
            assert!(SignInLink::from_query(&query[..MAX_LINK_BYTES]).is_none());
        }
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }

    #[test]
    fn part_of_a_link_is_known_for_one() {
        for query in
            ["email=a@b.c", "email=a@b.c&tok", "token=x", "amp;token=", "email%3Da%40b.c%26to", "token"]
        {
            assert!(SignInLink::is_meant_by(query), "{query}");
        }
        assert!(VerificationLink::is_meant_by("token=") && !VerificationLink::is_meant_by("email=a@b.c"));
        for query in ["", "return_to=/account?token=x", "with=password", "return_to=/account?a=1%26email=x"] {
            assert!(!SignInLink::is_meant_by(query), "{query}");
        }
    }

    #[test]
    fn what_is_missing_empty_or_longer_than_any_makes_no_link() {
        let long_token = "t".repeat(MAX_TOKEN_BYTES + 1);
        for query in [
            String::new(),
            "email=a@b.c".to_owned(),
            "token=t".to_owned(),
            "email=&token=t".to_owned(),
            "email=%20&token=t".to_owned(),
            "email=Call%20us%20at@b.c&token=t".to_owned(),
            "email=%3Cb%3E@b.c&token=t".to_owned(),
            "email=a@b@c&token=t".to_owned(),
            "email=nobody&token=t".to_owned(),
            "email=a@b.c&token=".to_owned(),
            format!("email=a@b.c&token={long_token}"),
            format!("email={}@b.c&token=t", "a".repeat(254)),
            // Two bytes each, three in lower case.
            format!("email={}&token=t", "%C4%B0".repeat(100)),
        ] {
            assert_eq!(SignInLink::from_query(&query), None, "{query}");
        }
        for query in ["", "token=", "other=t", &format!("token={long_token}")] {
            assert_eq!(VerificationLink::from_query(query), None, "{query}");
        }
    }

    #[test]
    fn the_longest_link_fits_a_cookie() {
        let query = format!("email={}@b.c&token={}", "a".repeat(250), "%7e".repeat(MAX_TOKEN_BYTES));
        let mut out = Encoder::new();
        SignInLink::from_query(&query).unwrap().encode(&mut out);
        // In base64url, with room for name, key, nonce, tag and attributes.
        assert!(out.finish().len() * 4 / 3 + 500 < 4096);
    }

    #[test]
    fn debug_prints_neither_address_nor_token() {
        let query = "email=user@test.com&token=secret-token";
        let printed = format!(
            "{:?} {:?}",
            SignInLink::from_query(query).unwrap(),
            VerificationLink::from_query(query).unwrap()
        );
        assert!(!printed.contains('@') && !printed.contains("secret"), "{printed}");
    }

    proptest! {
        #[test]
        fn any_query_makes_a_link_within_its_bounds_or_none(
            noise in "\\PC{0,300}",
            fields in prop::collection::vec(("email|token|action|[a-z%=&]{0,4}", "\\PC{0,40}|[%0-9A-Fa-f]{0,3000}"), 0..5),
        ) {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            for query in [noise, fields.join("&")] {
                if let Some(link) = SignInLink::from_query(&query) {
                    prop_assert!((1..=crate::MAX_EMAIL_BYTES).contains(&link.email().len()));
                    prop_assert!((1..=MAX_TOKEN_BYTES).contains(&link.token.expose().len()));
                    prop_assert_eq!(link.email(), link.email().trim());
                    prop_assert!(through_a_cookie(&link) == link);
                    prop_assert!(VerificationLink::from_query(&query).is_some());
                }
                if let Some(link) = VerificationLink::from_query(&query) {
                    prop_assert!(through_a_cookie(&link) == link);
                }
            }
        }
    }
}
