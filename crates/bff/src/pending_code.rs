use std::fmt;
use std::time::Duration;

use ironleaf_auth::{Challenge, Provider, SecretText};
use ironleaf_session::{Decoder, Encoder, FlashKind, Payload, PayloadError, Worth};

use crate::limits::Subject;
use crate::use_case::UseCase;
use crate::{Remember, SignInFailure};

/// How long a sign-in waits for its code.
const CODE_LIFE: Duration = Duration::from_mins(10);

/// Keeps a [`PendingCode`] in the browser of the first step. No other browser can complete the sign-in.
pub const PENDING_CODE: FlashKind<PendingCode> =
    FlashKind::new("ironleaf-code", CODE_LIFE).worth(Worth::Errand);

/// A sign-in that waits for its second step.
///
/// # Security
///
/// The provider's challenge is private to this crate: it cannot be read from outside, and is neither printed nor
/// serialized.
///
/// ```compile_fail,E0616
/// fn read(pending: ironleaf_bff::PendingCode) {
///     let _ = pending.token;
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PendingCode {
    pub(crate) token: SecretText,
    takes_recovery_codes: bool,
    pub(crate) waiting: Waiting,
    /// What the person has said about being remembered in the first step, or else when they signed in before.
    pub(crate) remember: Option<Remember>,
    /// The [mark](ironleaf_auth::Provider::mark) of the provider that asks for the code.
    provider: String,
}

/// Who signs in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// The address that the first step named.
    pub(crate) email: String,
    /// Whether nobody else may be signed in, because a page has named this address.
    pub(crate) expects_address: bool,
    /// The identifier of the only person who may be signed in: whoever proves again that it is them.
    pub(crate) person: Option<String>,
}

impl Waiting {
    /// What their tries are counted by.
    pub(crate) fn account(&self) -> &str {
        self.person.as_deref().filter(|_| self.email.is_empty()).unwrap_or(&self.email)
    }
}

impl PendingCode {
    /// SECURITY: the challenge is a secret of the provider that made it. No other one gets it.
    pub(crate) fn is_of(&self, provider: &dyn Provider) -> bool {
        self.provider == provider.mark()
    }

    /// Whether a recovery code is accepted as well.
    pub const fn takes_recovery_codes(&self) -> bool {
        self.takes_recovery_codes
    }
}

/// Shows neither the challenge nor the address.
impl fmt::Debug for PendingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let takes_recovery_codes = &self.takes_recovery_codes;
        f.debug_struct("PendingCode")
            .field("takes_recovery_codes", takes_recovery_codes)
            .finish_non_exhaustive()
    }
}

impl Payload for PendingCode {
    fn encode(&self, out: &mut Encoder) {
        let Self { token, takes_recovery_codes, waiting, remember, provider } = self;
        let Waiting { email, expects_address, person } = waiting;
        out.token(token.expose());
        out.bool(*takes_recovery_codes);
        out.str(email);
        out.bool(*expects_address);
        out.option(person.as_deref(), Encoder::str);
        out.option(*remember, |out, remember| out.bool(remember.ends_with_browser()));
        out.str(provider);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let token = SecretText::from(input.token()?.as_str());
        let takes_recovery_codes = input.bool()?;
        let email = input.str()?.to_owned();
        let expects_address = input.bool()?;
        let person = input.option(|input| input.str().map(str::to_owned))?;
        let remember = input.option(Remember::decode)?;
        let provider = input.str()?.to_owned();
        // A newer process may have appended something that is of no use here.
        input.rest();
        let waiting = Waiting { email, expects_address, person };
        Ok(Self { token, takes_recovery_codes, waiting, remember, provider })
    }
}

impl UseCase {
    /// Keeps the challenge for the second step, and says that it is due.
    ///
    /// SECURITY: it counts as a sign-in. A provider remembers each challenge, as a store does each session.
    pub(crate) async fn ask_for_code(&self, challenge: Challenge, waiting: Waiting) -> SignInFailure {
        let _spent = match self.spend(Subject::SignIn(waiting.account())).await {
            Ok(spent) => spent,
            Err(too_many) => return too_many.into(),
        };
        let Challenge { token, takes_recovery_codes } = challenge;
        // The session may be gone when the code comes.
        let as_before =
            || self.session.current().map(|record| Remember::of(record.payload.ends_with_browser()));
        let remember = self.remember.or_else(as_before);
        let provider = self.bff.provider().mark().to_owned();
        let pending = PendingCode { token, takes_recovery_codes, waiting, remember, provider };
        let is_kept = self.flash.as_ref().is_some_and(|flash| flash.set(&PENDING_CODE, &pending));
        // Without space for it in the browser, a code could not be asked for.
        if is_kept { SignInFailure::CodeNeeded } else { SignInFailure::SecondFactor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_comes_back_as_it_was_whatever_a_newer_process_appends() {
        for person in [None, Some("42".to_owned())] {
            let waiting =
                Waiting { email: "a@test.com".to_owned(), expects_address: person.is_none(), person };
            let remember = Some(Remember::No);
            let (token, provider) = ("t".into(), "a mark".to_owned());
            let pending = PendingCode { token, takes_recovery_codes: true, waiting, remember, provider };
            let mut out = Encoder::new();
            pending.encode(&mut out);
            let bytes = [&out.finish()[..], b"more"].concat();
            let mut input = Decoder::new(&bytes);
            assert!(PendingCode::decode(1, &mut input).unwrap() == pending);
            input.finish().unwrap();
        }
    }

    #[test]
    fn the_debug_output_keeps_the_challenge_and_the_address() {
        let waiting = Waiting { email: "a@test.com".to_owned(), expects_address: true, person: None };
        let (token, provider) = ("secret".into(), String::new());
        let pending = PendingCode { token, takes_recovery_codes: true, waiting, remember: None, provider };
        let shown = format!("{pending:?}");
        assert!(!shown.contains("secret") && !shown.contains("test.com"), "{shown}");
    }
}
