//! Sign-in by redirect (RFC 6749, section 4.1): out to the authorization server, and back with a code.
//!
//! What has to be remembered in between is sealed into a cookie of its own for each attempt, so that two tabs can be out at once.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use ironleaf_auth::{AuthorizationRequest, SecretText, SignIn};
use ironleaf_session::{Decoder, Encoder, Flash, FlashKind, Payload, PayloadError};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::limits::Subject;
use crate::visit::Visit;
use crate::{Bff, ReturnTo, SignInFailure};

/// How long somebody may take at the authorization server.
const ATTEMPT_LIFE: Duration = Duration::from_mins(10);

/// So many attempts of one browser are remembered; the oldest goes when there is another. They must not pile up: the header
/// that carries them has a limit.
const MAX_ATTEMPTS: usize = 4;

/// 256 bits, as RFC 7636, section 7.1, has it for the verifier; enough for state and nonce.
const RANDOM_BYTES: usize = 32;

const ATTEMPT: FlashKind<Attempt> = FlashKind::new("ironleaf-redirect", ATTEMPT_LIFE);

/// One attempt to sign in, while the browser is at the authorization server.
#[derive(Clone, PartialEq, Eq)]
struct Attempt {
    request: AuthorizationRequest,
    return_to: Option<ReturnTo>,
    begun_at: SystemTime,
}

/// Neither state nor verifier is printed.
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

/// What the authorization server has sent the browser back with (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Debug, Clone, Copy)]
pub struct RedirectAnswer<'a> {
    /// The `state` parameter. An error may come without one.
    pub state: Option<&'a str>,
    /// The `code` parameter, or the `error` parameter in its place.
    pub outcome: Result<&'a str, &'a str>,
    /// The `iss` parameter, where there is one.
    pub issuer: Option<&'a str>,
}

/// Why nobody was signed in by a redirect, as far as a page may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RedirectFailure {
    /// It belongs to no attempt of this browser: opened a second time, in another browser, or too late. Nobody is signed out
    /// by it.
    #[error("the answer belongs to no attempt of this browser")]
    UnknownAttempt,
    /// The person said no, or the authorization server did.
    #[error("the authorization server refused")]
    Refused,
    /// The sign-in failed.
    #[error(transparent)]
    SignIn(#[from] SignInFailure),
}

/// Begins an attempt to sign in at the authorization server, and says where to send the browser. `redirect_uri` is where it comes
/// back to, `return_to` where the person goes then.
///
/// # Errors
///
/// [`SignInFailure::Unavailable`] where the provider signs nobody in by redirect or cannot be used,
/// [`SignInFailure::TooManyRequests`].
pub async fn start_redirect(
    parts: &Parts,
    redirect_uri: &str,
    return_to: Option<&ReturnTo>,
) -> Result<String, SignInFailure> {
    let visit = Visit::from_parts(parts).ok_or(SignInFailure::Unavailable)?;
    let flash = visit.flash.as_ref().ok_or(SignInFailure::Unavailable)?;
    visit.spend(Subject::Redirect).await?;
    let request = AuthorizationRequest {
        redirect_uri: redirect_uri.to_owned(),
        state: random_text(&visit.bff),
        nonce: random_text(&visit.bff),
        code_verifier: random_text(&visit.bff),
    };
    let asked = visit.bff.provider().authorization_url(&visit.caller, &request);
    let url = tokio::time::timeout_at(visit.deadline, asked).await.map_err(|_| SignInFailure::Unavailable)?;
    let url = url.map_err(|error| visit.fold_sign_in(&error))?;
    let name = name_of(request.state.expose());
    make_room(flash);
    let attempt = Attempt { request, return_to: return_to.cloned(), begun_at: visit.bff.now() };
    flash.set_named(&ATTEMPT, &name, &attempt);
    Ok(url)
}

/// Ends the attempt that an answer belongs to, once: whatever comes of it, the same answer is not taken again. A success begins a
/// session as any sign-in does, and says where the person wanted to go.
///
/// # Errors
///
/// See [`RedirectFailure`]. The session the request came with is left as it was.
///
/// # Security
///
/// `state` names the sealed attempt of this very browser (RFC 6749, section 10.12), the verifier and the nonce in it bind code and
/// identity token to it (RFC 7636; OpenID Connect Core 1.0, section 3.1.2.1), and the provider compares `iss` with its issuer (RFC 9207).
pub async fn finish_redirect(
    parts: &Parts,
    answer: RedirectAnswer<'_>,
) -> Result<Option<ReturnTo>, RedirectFailure> {
    let visit = Visit::from_parts(parts).ok_or(SignInFailure::Unavailable)?;
    let flash = visit.flash.as_ref().ok_or(SignInFailure::Unavailable)?;
    let state = answer.state.ok_or(RedirectFailure::UnknownAttempt)?;
    let attempt = flash.take_named(&ATTEMPT, &name_of(state)).ok_or(RedirectFailure::UnknownAttempt)?;
    let AuthorizationRequest { redirect_uri, state: expected, nonce, code_verifier } = attempt.request;
    if expected.expose() != state {
        return Err(RedirectFailure::UnknownAttempt);
    }
    let code = answer.outcome.map_err(|error| {
        tracing::info!(error = %printable(error), "the authorization server signed nobody in");
        RedirectFailure::Refused
    })?;
    let credentials = SignIn::AuthorizationCode {
        code: code.into(),
        code_verifier,
        redirect_uri,
        nonce: Some(nonce),
        issuer: answer.issuer.map(str::to_owned),
    };
    visit.sign_in(credentials).await?;
    Ok(attempt.return_to)
}

/// Takes the oldest attempts away until there is room for one more.
fn make_room(flash: &Flash) {
    let mut known: Vec<(Option<SystemTime>, String)> = flash
        .names(&ATTEMPT)
        .into_iter()
        .map(|name| (flash.peek_named(&ATTEMPT, &name).map(|attempt| attempt.begun_at), name))
        .collect();
    // What does not open any more comes first.
    known.sort();
    let too_many = (known.len() + 1).saturating_sub(MAX_ATTEMPTS);
    for (_, name) in known.into_iter().take(too_many) {
        flash.clear_named(&ATTEMPT, &name);
    }
}

fn random_text(bff: &Bff) -> SecretText {
    let mut bytes = [0; RANDOM_BYTES];
    bff.fill_random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes).into()
}

/// A cookie's name says nothing of the state.
fn name_of(state: &str) -> String {
    let hash = Sha256::new().chain_update("ironleaf/v1/redirect\0").chain_update(state).finalize();
    hex::encode(&hash[..8])
}

/// An error code of RFC 6749, section 4.1.2.1, and nothing else that somebody has put into a link.
fn printable(error: &str) -> &str {
    let is_code = error.len() <= 64 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_code { error } else { "not an error code" }
}
