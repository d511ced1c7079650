//! Sign-in by redirect (RFC 6749, section 4.1): out to the authorization server, and back with a code.
//!
//! The state in between is sealed into a separate cookie for each attempt, so that two tabs can sign in at once.

mod answer;
mod attempt;

use http::request::Parts;
use ironleaf_auth::{AuthorizationRequest, CLOCK_SKEW, SignIn, SignInError};
use ironleaf_store::{Holder, Key};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::time::{Instant, timeout_at};

use self::answer::printable;
pub use self::answer::{RedirectAnswer, RedirectQuery};
pub(crate) use self::attempt::{ATTEMPT, NOT_ADMITTED};
use self::attempt::{ATTEMPT_LIFE, Attempt, NotAdmitted, make_room, name_of};
use crate::extract;
use crate::limits::Subject;
use crate::request_context::live_session;
use crate::sign_in::{Unheld, count};
use crate::use_case::UseCase;
use crate::{Remember, ReturnTo, SignInFailure};

/// Why nobody was signed in by a redirect, as far as a page may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RedirectFailure {
    /// The answer belongs to no attempt of this browser: it was opened again, in another browser, or too late. It signs
    /// nobody out.
    #[error("the answer belongs to no attempt of this browser")]
    UnknownAttempt,
    /// The authorization server sent an error in place of a code.
    #[error("the authorization server refused")]
    Refused(Refused),
    /// The person was to prove who they are, and the provider has not asked them.
    #[error("the provider did not ask the person to prove who they are")]
    NotRecent,
    /// The person was to prove who they are, and somebody else did.
    #[error("another person came back than the one who left")]
    OtherPerson,
    /// The provider has ended the sign-in that it answered with, since the person left.
    #[error("the provider has ended the sign-in meanwhile")]
    EndedMeanwhile,
    /// The sign-in failed.
    #[error(transparent)]
    SignIn(#[from] SignInFailure),
}

/// Why an authorization server sends no code (RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The person declined, or may not use this application.
    AccessDenied,
    /// The person would have had to sign in, choose an account or consent, and the request did not allow the server to ask.
    InteractionRequired,
    /// The server cannot answer right now.
    Unavailable,
    /// Anything else: the request does not suit the server, for example because the attempt took too long there.
    Misfit,
}

impl Refused {
    fn named(error: &str) -> Self {
        match error {
            "access_denied" => Self::AccessDenied,
            "login_required" | "interaction_required" | "account_selection_required" | "consent_required" => {
                Self::InteractionRequired
            }
            "server_error" | "temporarily_unavailable" => Self::Unavailable,
            _ => Self::Misfit,
        }
    }
}

impl RedirectFailure {
    /// A stable word, for logs and metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::UnknownAttempt => "unknown_attempt",
            Self::Refused(Refused::AccessDenied) => "access_denied",
            Self::Refused(Refused::InteractionRequired) => "interaction_required",
            Self::Refused(Refused::Unavailable) => "provider_unavailable",
            Self::Refused(Refused::Misfit) => "refused",
            Self::NotRecent => "not_recent",
            Self::OtherPerson => "other_person",
            Self::EndedMeanwhile => "ended_meanwhile",
            Self::SignIn(failure) => failure.label(),
        }
    }
}

/// How an attempt to sign in by redirect ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectEnd {
    /// Where the person wanted to go, if the attempt is known and says so.
    pub return_to: Option<ReturnTo>,
    /// Whether the person was to prove again who they are ([`start_reauthentication`]), if the attempt is known.
    pub is_reauthentication: bool,
    /// Whether the person is signed in.
    pub outcome: Result<(), RedirectFailure>,
}

/// Begins an attempt to sign in at the authorization server, and returns where to send the browser. The browser comes
/// back to `redirect_uri`, and the person then goes to `return_to`. If the last person who came back may not sign in
/// here, the provider is asked to ask who is there, so that they can choose another account.
///
/// # Errors
///
/// [`SignInFailure::Unavailable`] if the provider does not sign people in by redirect or cannot be used, or if there is
/// no room for the attempt among the cookies of this browser; [`SignInFailure::Misconfigured`];
/// [`SignInFailure::TooManyRequests`].
pub async fn start_redirect(
    parts: &Parts,
    redirect_uri: &str,
    return_to: Option<&ReturnTo>,
    remember: Remember,
) -> Result<String, SignInFailure> {
    start(parts, redirect_uri, return_to, As::Anybody(remember)).await
}

/// Begins an attempt in which the signed-in person has to prove again who they are (ASVS 7.5.1). It succeeds only for
/// the same person, and only if the provider says that they have proved it since (`auth_time`): a silent single sign-on
/// is not enough.
///
/// # Errors
///
/// As [`start_redirect`]; [`SignInFailure::Unavailable`] also if nobody is signed in.
pub async fn start_reauthentication(
    parts: &Parts,
    redirect_uri: &str,
    return_to: Option<&ReturnTo>,
) -> Result<String, SignInFailure> {
    let person = trusted_person(parts).ok_or(SignInFailure::Unavailable)?;
    start(parts, redirect_uri, return_to, As::Again(person)).await
}

/// Who is expected to come back.
enum As {
    Anybody(Remember),
    /// The person with this identifier, who is remembered as before.
    Again(String),
}

/// The identifier of the signed-in person. A guest has nothing to prove again.
fn trusted_person(parts: &Parts) -> Option<String> {
    let (bff, session) = live_session(parts)?;
    Some(extract::trusted_person(&bff, &session)?.payload.identity().id.clone())
}

async fn start(
    parts: &Parts,
    redirect_uri: &str,
    return_to: Option<&ReturnTo>,
    expected: As,
) -> Result<String, SignInFailure> {
    let (person, remember) = match expected {
        As::Anybody(remember) => (None, Some(remember)),
        As::Again(person) => (Some(person), None),
    };
    let use_case = UseCase::from_parts(parts).ok_or(SignInFailure::Unavailable)?;
    let flash = use_case.flash.as_ref().ok_or(SignInFailure::Unavailable)?;
    let _spent = use_case.spend(Subject::Redirect).await?;
    let bff = &use_case.bff;
    let request = AuthorizationRequest {
        redirect_uri: redirect_uri.to_owned(),
        state: bff.random_text(),
        nonce: bff.random_text(),
        code_verifier: bff.random_text(),
        reauthenticate: person.is_some() || flash.peek(&NOT_ADMITTED).is_some(),
    };
    let existing = use_case.session.current();
    let existing = existing.as_deref().map(|record| record.payload.grant());
    let asked = bff.provider().authorization_url(&use_case.caller, &request, existing);
    let url = timeout_at(use_case.deadline, asked).await.map_err(|_| SignInFailure::Unavailable)?;
    let url = url.map_err(|error| use_case.fold_sign_in(&error))?;
    let name = name_of(request.state.expose());
    let provider = bff.provider().mark().to_owned();
    let (return_to, begun_at) = (return_to.cloned(), bff.now());
    let attempt = Attempt { request, return_to, begun_at, person, provider, remember };
    make_room(flash, &attempt);
    if !flash.set_named(&ATTEMPT, &name, &attempt) {
        // Without the attempt, the answer could not be matched to this browser.
        return Err(SignInFailure::Unavailable);
    }
    Ok(url)
}

/// Ends the attempt that an answer belongs to. Whatever the outcome, the same answer is not accepted again. A success
/// begins a session as any sign-in does. On a failure the session of the request stays as it was.
///
/// # Security
///
/// `state` names the sealed attempt of this browser (RFC 6749, section 10.12). The verifier and the nonce in it bind
/// the code and the identity token to the attempt (RFC 7636; OpenID Connect Core 1.0, section 3.1.2.1). The provider
/// compares `iss` with its issuer (RFC 9207).
pub async fn finish_redirect(parts: &Parts, answer: RedirectAnswer<'_>) -> RedirectEnd {
    let mut end = RedirectEnd { return_to: None, is_reauthentication: false, outcome: Ok(()) };
    end.outcome = finish(parts, answer, &mut end).await;
    if let Err(failure) = end.outcome {
        tracing::info!(reason = failure.label(), "a sign-in by redirect did not succeed");
    }
    count(end.outcome.err().map_or("signed_in", RedirectFailure::label));
    end
}

async fn finish(
    parts: &Parts,
    answer: RedirectAnswer<'_>,
    end: &mut RedirectEnd,
) -> Result<(), RedirectFailure> {
    let mut use_case = UseCase::from_parts(parts).ok_or(SignInFailure::Unavailable)?;
    let flash = use_case.flash.clone().ok_or(SignInFailure::Unavailable)?;
    let unknown = || {
        log_unknown(answer);
        RedirectFailure::UnknownAttempt
    };
    let state = answer.state.ok_or_else(unknown)?;
    let _spent = use_case.spend(Subject::Redirect).await.map_err(SignInFailure::from)?;
    let attempt = flash.take_named(&ATTEMPT, &name_of(state));
    let attempt = attempt.filter(|attempt| attempt.request.state.expose() == state).ok_or_else(unknown)?;
    use_case.remember = attempt.remember;
    end.return_to.clone_from(&attempt.return_to);
    end.is_reauthentication = attempt.person.is_some();
    // SECURITY: the settings may name another provider by now, which must not receive a code of the one before.
    if attempt.provider != use_case.bff.provider().mark() {
        tracing::warn!(
            "an attempt to sign in is over: the settings name another provider than when it began"
        );
        return Err(RedirectFailure::UnknownAttempt);
    }
    let code = answer.outcome.map_err(|error| use_case.refused(error, answer.issuer))?;
    if !use_case.is_first_answer(state).await {
        tracing::info!("the answer to a redirect was opened again");
        return Err(RedirectFailure::UnknownAttempt);
    }
    let AuthorizationRequest { redirect_uri, nonce, code_verifier, .. } = attempt.request.clone();
    let credentials = SignIn::AuthorizationCode {
        code: code.into(),
        code_verifier,
        redirect_uri,
        nonce: Some(nonce),
        issuer: answer.issuer.map(str::to_owned),
    };
    let unheld = use_case.ask(credentials, false).await.map_err(|error| match error {
        SignInError::Forbidden => RedirectFailure::Refused(Refused::AccessDenied),
        error => use_case.fold_sign_in(&error).into(),
    })?;
    if let Some(person) = &attempt.person {
        check_reauthentication(person, &attempt, &unheld)?;
    }
    if use_case.has_ended_since(&unheld, attempt.begun_at).await {
        tracing::info!("the provider has ended a sign-in before the person was back; its session is refused");
        return Err(RedirectFailure::EndedMeanwhile);
    }
    let established = use_case.establish(unheld, None).await;
    match established {
        Err(SignInFailure::NotAllowed) => drop(flash.set(&NOT_ADMITTED, &NotAdmitted)),
        _ => drop(flash.clear(&NOT_ADMITTED)),
    }
    Ok(established?)
}

/// SECURITY: a form that asks the person to prove who they are must not turn them into somebody else. Their session may
/// be over by now, because the provider ends it when somebody else signs in there. So the attempt says who left. The time
/// that counts is the provider's (`auth_time`), not that of this answer.
fn check_reauthentication(person: &str, attempt: &Attempt, unheld: &Unheld) -> Result<(), RedirectFailure> {
    #[cfg(feature = "mutants")]
    if ironleaf_auth::mutants::is_active(ironleaf_auth::mutants::Mutant::ProofNotChecked) {
        return Ok(());
    }
    let came_back = unheld.grant().identity.as_deref().map(|identity| identity.id.as_str());
    if came_back != Some(person) {
        tracing::warn!("another person came back from a re-authentication than the one who left");
        return Err(RedirectFailure::OtherPerson);
    }
    if unheld.authenticated_at() + CLOCK_SKEW < attempt.begun_at {
        tracing::warn!("the provider did not ask the person to prove who they are");
        return Err(RedirectFailure::NotRecent);
    }
    Ok(())
}

/// Anybody can put an error into a link, so it is not worth a warning. Some servers answer without `state` after an
/// attempt that took too long there.
fn log_unknown(answer: RedirectAnswer<'_>) {
    if let Err(error) = answer.outcome
        && !error.is_empty()
    {
        tracing::info!(error = %printable(error), "an error came back from the provider that belongs to no attempt");
    }
}

impl UseCase {
    /// Logs what happened at the authorization server. What people decide there is no trouble.
    ///
    /// SECURITY: anybody can begin an attempt, and come back with whatever they like. So nothing of this is an error, and
    /// only a few lines of it are logged.
    fn refused(&self, error: &str, issuer: Option<&str>) -> RedirectFailure {
        let provider = self.bff.provider();
        if !provider.may_have_answered(issuer) {
            self.log_refused("issuer", |left_out| {
                tracing::warn!(left_out, "an error came back from another issuer than the provider");
            });
            return RedirectFailure::UnknownAttempt;
        }
        if let Some(detail) = provider.misconfigured(error) {
            self.log_refused("misconfigured", |left_out| {
                let provider = provider.name();
                tracing::warn!(
                    provider,
                    %detail,
                    left_out,
                    "a browser came back with an error that a setting causes; if people cannot sign in, look there"
                );
            });
            return SignInFailure::Misconfigured.into();
        }
        let (refused, error) = (Refused::named(error), printable(error));
        match refused {
            Refused::AccessDenied => {
                tracing::info!(
                    error,
                    "the person declined at the provider, or may not use this application there"
                );
            }
            Refused::InteractionRequired => {
                tracing::info!(
                    error,
                    "the provider could not sign the person in without asking them something"
                );
            }
            Refused::Unavailable => {
                self.log_refused("unavailable", |left_out| {
                    tracing::warn!(
                        error,
                        left_out,
                        "the provider answered that it cannot sign anybody in right now"
                    );
                });
            }
            Refused::Misfit => {
                self.log_refused("misfit", |left_out| {
                    tracing::warn!(error, left_out, "the provider did not accept the request to sign in");
                });
            }
        }
        RedirectFailure::Refused(refused)
    }

    /// `line` gets the number of those that were left out before it.
    fn log_refused(&self, reason: &'static str, line: impl FnOnce(Option<u64>)) {
        if let Some(left_out) = self.bff.redirect_lines().admit(reason, Instant::now()) {
            line(Some(left_out).filter(|left_out| *left_out > 0));
        }
    }

    /// Whether this answer has not been used before, in any tab or at any replica. A reload arrives with the same
    /// cookie while the first answer is under way, and presenting a code twice may revoke the tokens of the first time
    /// (RFC 6749, section 4.1.2).
    async fn is_first_answer(&self, state: &str) -> bool {
        #[cfg(feature = "mutants")]
        if ironleaf_auth::mutants::is_active(ironleaf_auth::mutants::Mutant::RedirectAnswerTakenAgain) {
            return true;
        }
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
