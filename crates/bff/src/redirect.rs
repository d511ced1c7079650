//! Sign-in by redirect (RFC 6749, section 4.1): out to the authorization server, and back with a code.
//!
//! The state in between is sealed into a separate cookie for each attempt, so that two tabs can sign in at once.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use ironleaf_auth::{AuthorizationRequest, SecretText, SignIn};
use ironleaf_session::{Decoder, Encoder, Flash, FlashKind, Payload, PayloadError, Worth};
use ironleaf_store::{Holder, Key};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::time::timeout_at;

use crate::limits::Subject;
use crate::use_case::UseCase;
use crate::{Bff, ReturnTo, SignInFailure};

/// How long a person may stay at the authorization server.
const ATTEMPT_LIFE: Duration = Duration::from_mins(10);

/// The number of attempts that one browser remembers; a new one replaces the oldest. They must not pile up, because the
/// header that carries them has a limit.
const MAX_ATTEMPTS: usize = 4;

/// The number of bytes that all attempts may take in that header. A place to return to may be long.
const MAX_ATTEMPTS_BYTES: usize = 3 * 1024;

/// The name of a cookie, its key, nonce and tag, and the separator between two cookies.
const COOKIE_OVERHEAD_BYTES: usize = 128;

/// 256 bits, as RFC 7636, section 7.1, recommends for the verifier. Also enough for state and nonce.
const RANDOM_BYTES: usize = 32;

pub(crate) const ATTEMPT: FlashKind<Attempt> =
    FlashKind::new("ironleaf-redirect", ATTEMPT_LIFE).worth(Worth::Errand);

/// An attempt to sign in, while the browser is at the authorization server.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    request: AuthorizationRequest,
    return_to: Option<ReturnTo>,
    begun_at: SystemTime,
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
        let AuthorizationRequest { redirect_uri, state, nonce, code_verifier } = &self.request;
        out.str(redirect_uri);
        for secret in [state, nonce, code_verifier] {
            out.token(secret.expose());
        }
        out.option(self.return_to.as_ref().map(ReturnTo::as_str), Encoder::str);
        out.millis(self.begun_at);
    }

    fn decode(_: u32, input: &mut Decoder<'_>) -> Result<Self, PayloadError> {
        let secret = |input: &mut Decoder<'_>| Ok(SecretText::from(input.token()?.as_str()));
        let request = AuthorizationRequest {
            redirect_uri: input.str()?.to_owned(),
            state: secret(input)?,
            nonce: secret(input)?,
            code_verifier: secret(input)?,
        };
        let return_to = input.option(|input| input.str().map(ReturnTo::parse))?.flatten();
        Ok(Self { request, return_to, begun_at: input.millis()? })
    }
}

/// The parameters with which the authorization server sends the browser back (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Clone, Copy)]
pub struct RedirectAnswer<'a> {
    /// The `state` parameter. An error may come without it.
    pub state: Option<&'a str>,
    /// The `code` parameter, or the `error` parameter in its place.
    pub outcome: Result<&'a str, &'a str>,
    /// The `iss` parameter, if there is one.
    pub issuer: Option<&'a str>,
}

/// Prints neither state nor code.
impl fmt::Debug for RedirectAnswer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = self.outcome.map(|_| "a code").map_err(printable);
        f.debug_struct("RedirectAnswer").field("outcome", &outcome).finish_non_exhaustive()
    }
}

/// Why nobody was signed in by a redirect, as far as a page may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RedirectFailure {
    /// The answer belongs to no attempt of this browser: it was opened again, in another browser, or too late. It signs
    /// nobody out.
    #[error("the answer belongs to no attempt of this browser")]
    UnknownAttempt,
    /// The person declined, or the authorization server refused.
    #[error("the authorization server refused")]
    Refused,
    /// The sign-in failed.
    #[error(transparent)]
    SignIn(#[from] SignInFailure),
}

/// Begins an attempt to sign in at the authorization server, and returns where to send the browser. The browser comes
/// back to `redirect_uri`, and the person then goes to `return_to`.
///
/// # Errors
///
/// [`SignInFailure::Unavailable`] if the provider does not sign people in by redirect or cannot be used, or if there is
/// no room for the attempt among the cookies of this browser; [`SignInFailure::TooManyRequests`].
pub async fn start_redirect(
    parts: &Parts,
    redirect_uri: &str,
    return_to: Option<&ReturnTo>,
) -> Result<String, SignInFailure> {
    let use_case = UseCase::from_parts(parts).ok_or(SignInFailure::Unavailable)?;
    let flash = use_case.flash.as_ref().ok_or(SignInFailure::Unavailable)?;
    let _spent = use_case.spend(Subject::Redirect).await?;
    let request = AuthorizationRequest {
        redirect_uri: redirect_uri.to_owned(),
        state: random_text(&use_case.bff),
        nonce: random_text(&use_case.bff),
        code_verifier: random_text(&use_case.bff),
    };
    let asked = use_case.bff.provider().authorization_url(&use_case.caller, &request);
    let url = timeout_at(use_case.deadline, asked).await.map_err(|_| SignInFailure::Unavailable)?;
    let url = url.map_err(|error| use_case.fold_sign_in(&error))?;
    let name = name_of(request.state.expose());
    let attempt = Attempt { request, return_to: return_to.cloned(), begun_at: use_case.bff.now() };
    make_room(flash, &attempt);
    if !flash.set_named(&ATTEMPT, &name, &attempt) {
        // Without the attempt, the answer could not be matched to this browser.
        return Err(SignInFailure::Unavailable);
    }
    Ok(url)
}

/// Ends the attempt that an answer belongs to. Whatever the outcome, the same answer is not accepted again. A success
/// begins a session as any sign-in does, and returns where the person wanted to go.
///
/// # Errors
///
/// See [`RedirectFailure`]. On an error the session of the request stays as it was.
///
/// # Security
///
/// `state` names the sealed attempt of this browser (RFC 6749, section 10.12). The verifier and the nonce in it bind
/// the code and the identity token to the attempt (RFC 7636; OpenID Connect Core 1.0, section 3.1.2.1). The provider
/// compares `iss` with its issuer (RFC 9207).
pub async fn finish_redirect(
    parts: &Parts,
    answer: RedirectAnswer<'_>,
) -> Result<Option<ReturnTo>, RedirectFailure> {
    let use_case = UseCase::from_parts(parts).ok_or(SignInFailure::Unavailable)?;
    let flash = use_case.flash.as_ref().ok_or(SignInFailure::Unavailable)?;
    let state = answer.state.ok_or(RedirectFailure::UnknownAttempt)?;
    let _spent = use_case.spend(Subject::Redirect).await.map_err(SignInFailure::from)?;
    let attempt = flash.take_named(&ATTEMPT, &name_of(state)).ok_or(RedirectFailure::UnknownAttempt)?;
    let AuthorizationRequest { redirect_uri, state: expected, nonce, code_verifier } = attempt.request;
    if expected.expose() != state {
        return Err(RedirectFailure::UnknownAttempt);
    }
    let code = answer.outcome.map_err(|error| {
        tracing::info!(error = %printable(error), "the authorization server did not sign the person in");
        RedirectFailure::Refused
    })?;
    if !use_case.is_first_answer(state).await {
        tracing::info!("the answer to a redirect was opened again");
        return Err(RedirectFailure::UnknownAttempt);
    }
    let credentials = SignIn::AuthorizationCode {
        code: code.into(),
        code_verifier,
        redirect_uri,
        nonce: Some(nonce),
        issuer: answer.issuer.map(str::to_owned),
    };
    use_case.sign_in(credentials).await?;
    Ok(attempt.return_to)
}

impl UseCase {
    /// Whether this answer has not been used before, in any tab or at any replica. A reload arrives with the same
    /// cookie while the first answer is under way, and presenting a code twice may revoke the tokens of the first time
    /// (RFC 6749, section 4.1.2).
    async fn is_first_answer(&self, state: &str) -> bool {
        let hash = Sha256::new().chain_update("ironleaf/v1/redirect-answer\0").chain_update(state).finalize();
        let mut holder = [0; 16];
        self.bff.fill_random(&mut holder);
        let (key, holder) = (Key::from_bytes(hash.into()), Holder::from_bytes(holder));
        let taken = self.bff.store().acquire(&key, &holder, ATTEMPT_LIFE);
        match timeout_at(self.deadline, taken).await {
            Ok(Ok(is_first)) => is_first,
            // The authorization server also detects a code that is used again.
            Ok(Err(error)) => {
                tracing::warn!(%error, "it is not known whether the answer to a redirect was opened before");
                true
            }
            Err(_) => true,
        }
    }
}

/// Removes the oldest attempts until there is room for the next one, by number and by size.
fn make_room(flash: &Flash, next: &Attempt) {
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

fn random_text(bff: &Bff) -> SecretText {
    let mut bytes = [0; RANDOM_BYTES];
    bff.fill_random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes).into()
}

/// The name of the cookie does not reveal the state.
fn name_of(state: &str) -> String {
    let hash = Sha256::new().chain_update("ironleaf/v1/redirect\0").chain_update(state).finalize();
    hex::encode(&hash[..8])
}

/// An error code of RFC 6749, section 4.1.2.1. Other text, which anybody can put into a link, is replaced.
fn printable(error: &str) -> &str {
    let is_code = error.len() <= 64 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_code { error } else { "not an error code" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_no_code() {
        for outcome in [Ok("the-code"), Err("the-code is not one")] {
            let answer = RedirectAnswer { state: Some("the-state"), outcome, issuer: None };
            let printed = format!("{answer:?}");
            assert!(!printed.contains("the-code") && !printed.contains("the-state"), "{printed}");
        }
    }
}
