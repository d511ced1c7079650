//! An attempt to sign in by redirect, sealed into its own cookie.

use std::fmt;
use std::time::{Duration, SystemTime};

use ironleaf_auth::{AuthorizationRequest, SecretText};
use ironleaf_session::{Decoder, Encoder, Flash, FlashKind, Payload, PayloadError, Worth};
use sha2::{Digest as _, Sha256};

use crate::{Remember, ReturnTo};

/// How long a person may stay at the authorization server.
pub(super) const ATTEMPT_LIFE: Duration = Duration::from_mins(10);

/// The number of attempts that one browser remembers; a new one replaces the oldest. They must not pile up, because the
/// header that carries them has a limit.
const MAX_ATTEMPTS: usize = 4;

/// The number of bytes that all attempts may take in that header. A place to return to may be long.
const MAX_ATTEMPTS_BYTES: usize = 3 * 1024;

/// The name of a cookie, its key, nonce and tag, and the separator between two cookies.
const COOKIE_OVERHEAD_BYTES: usize = 128;

pub(crate) const ATTEMPT: FlashKind<Attempt> =
    FlashKind::new("ironleaf-redirect", ATTEMPT_LIFE).worth(Worth::Errand);

/// Remembers that somebody who came back may not sign in here. The provider still knows them, so the next attempt lets
/// it ask who is there. Otherwise nobody could choose another account.
pub(crate) const NOT_ADMITTED: FlashKind<NotAdmitted> = FlashKind::new("ironleaf-not-admitted", ATTEMPT_LIFE);

/// The value of [`NOT_ADMITTED`].
#[derive(Clone, Copy)]
pub(crate) struct NotAdmitted;

impl Payload for NotAdmitted {
    fn encode(&self, _: &mut Encoder) {}

    fn decode(_: u32, _: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        Ok(Self)
    }
}

/// An attempt to sign in, while the browser is at the authorization server.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(super) request: AuthorizationRequest,
    pub(super) return_to: Option<ReturnTo>,
    pub(super) begun_at: SystemTime,
    /// Who is expected to come back, by the provider's identifier: whoever was to prove again who they are.
    pub(super) person: Option<String>,
    /// The [mark](ironleaf_auth::Provider::mark) of the provider that the browser was sent to.
    pub(super) provider: String,
    /// What the person has said about being remembered, if they were asked.
    pub(super) remember: Option<Remember>,
}

impl Attempt {
    /// How many bytes its cookie takes in the header of a request.
    fn weight(&self) -> usize {
        let mut out = Encoder::new();
        self.encode(&mut out);
        // Base64 turns three bytes into four.
        out.finish().len().div_ceil(3) * 4 + COOKIE_OVERHEAD_BYTES
    }
}

/// Prints neither state nor verifier.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("begun_at", &self.begun_at).finish_non_exhaustive()
    }
}

impl Payload for Attempt {
    fn encode(&self, out: &mut Encoder) {
        let AuthorizationRequest { redirect_uri, state, nonce, code_verifier, reauthenticate } =
            &self.request;
        out.str(redirect_uri);
        for secret in [state, nonce, code_verifier] {
            out.token(secret.expose());
        }
        out.option(self.return_to.as_ref().map(ReturnTo::as_str), Encoder::str);
        out.millis(self.begun_at);
        out.bool(*reauthenticate);
        out.option(self.person.as_deref(), Encoder::str);
        out.str(&self.provider);
        out.option(self.remember, |out, remember| out.bool(remember.ends_with_browser()));
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let secret = |input: &mut Decoder<'_>| Ok(SecretText::from(input.token()?.as_str()));
        let redirect_uri = input.str()?.to_owned();
        let (state, nonce, code_verifier) = (secret(input)?, secret(input)?, secret(input)?);
        let return_to = input.option(|input| input.str().map(ReturnTo::parse))?.flatten();
        let begun_at = input.millis()?;
        let reauthenticate = input.bool()?;
        let person = input.option(|input| input.str().map(str::to_owned))?;
        let provider = input.str()?.to_owned();
        // It was appended later.
        let remember = if input.is_empty() { None } else { input.option(Remember::decode)? };
        // A newer process may have appended something that is of no use here.
        input.rest();
        let request = AuthorizationRequest { redirect_uri, state, nonce, code_verifier, reauthenticate };
        Ok(Self { request, return_to, begun_at, person, provider, remember })
    }
}

/// Removes the oldest attempts until there is room for the next one, by number and by size.
pub(super) fn make_room(flash: &Flash, next: &Attempt) {
    let mut known: Vec<(Option<SystemTime>, usize, String)> = flash
        .names(&ATTEMPT)
        .into_iter()
        .map(|name| {
            let attempt = flash.peek_named(&ATTEMPT, &name);
            let bytes = attempt.as_ref().map_or(0, Attempt::weight);
            (attempt.map(|attempt| attempt.begun_at), bytes, name)
        })
        .collect();
    // Attempts that can no longer be opened come first.
    known.sort();
    let mut bytes = next.weight() + known.iter().map(|(_, bytes, _)| bytes).sum::<usize>();
    let mut count = known.len() + 1;
    for (_, weight, name) in known {
        if count <= MAX_ATTEMPTS && bytes <= MAX_ATTEMPTS_BYTES {
            break;
        }
        flash.clear_named(&ATTEMPT, &name);
        (count, bytes) = (count - 1, bytes - weight);
    }
}

/// The name of the cookie does not reveal the state.
pub(super) fn name_of(state: &str) -> String {
    let hash = Sha256::new().chain_update("ironleaf/v1/redirect\0").chain_update(state).finalize();
    hex::encode(&hash[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt() -> Attempt {
        let request = AuthorizationRequest {
            redirect_uri: "https://app.test/callback".to_owned(),
            state: "the state".into(),
            nonce: "the nonce".into(),
            code_verifier: "the verifier".into(),
            reauthenticate: true,
        };
        let begun_at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        let return_to = ReturnTo::parse("/account");
        let (person, provider, remember) = (None, "a mark".to_owned(), Some(Remember::No));
        Attempt { request, return_to, begun_at, person, provider, remember }
    }

    fn encoded(attempt: &Attempt) -> Vec<u8> {
        let mut out = Encoder::new();
        attempt.encode(&mut out);
        out.finish().to_vec()
    }

    #[test]
    fn what_is_sealed_comes_back_as_it_was_whatever_a_newer_process_appends() {
        let again = Attempt { person: Some("42".to_owned()), remember: None, ..attempt() };
        for attempt in [attempt(), again] {
            for appended in [&b""[..], b"more"] {
                let bytes = [&encoded(&attempt)[..], appended].concat();
                let mut input = Decoder::new(&bytes);
                assert_eq!(Attempt::decode(1, &mut input).unwrap(), attempt);
                input.finish().unwrap();
            }
        }
    }

    #[test]
    fn an_attempt_of_an_older_process_says_nothing_about_being_remembered() {
        let bytes = encoded(&Attempt { remember: None, ..attempt() });
        let older = Attempt::decode(1, &mut Decoder::new(&bytes[..bytes.len() - 1])).unwrap();
        assert_eq!(older, Attempt { remember: None, ..attempt() });
    }
}
