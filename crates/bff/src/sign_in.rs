mod continued;
mod failure;
mod unheld;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::request::Parts;
use ironleaf_auth::{EmailAddress, EndReason, Grant, Role, SecretText, SignIn, SignInError};
use ironleaf_credentials::email;
use ironleaf_records::{Principal, session_key};
use ironleaf_session::{Beginning, Leaving, Left, Owner, Payload as _, Record};
use ironleaf_store::StoreError;
use tokio::sync::oneshot;
use tokio::time::{timeout, timeout_at};
use tracing::Instrument as _;

use self::continued::{account_of, hand_on};
pub use self::failure::SignInFailure;
pub(crate) use self::unheld::Unheld;
use crate::Remember;
use crate::detached::run_detached;
use crate::failure::UNTOLD_WAIT;
use crate::limits::{Attempt, Spent, Subject};
use crate::pending_code::Waiting;
use crate::use_case::UseCase;

/// How long a sign-in waits to read the recorded ends of the person's sessions. Without an answer, its beginning is the
/// time of this machine's clock.
const ENDS_PATIENCE: Duration = Duration::from_secs(1);

/// The maximum length of an e-mail address: RFC 5321, section 4.5.3.1.3, without the angle brackets.
pub const MAX_EMAIL_BYTES: usize = email::MAX_BYTES;

/// Signs a person in with e-mail address and password, in place of the session of the request.
///
/// The session gets a new identifier (ASVS 7.2.4). The old session ends when the new cookie is sent, and its grant is
/// revoked after that. If the connection is closed before that end is written, the old session continues and the new
/// grant is revoked. If it is closed between that and the answer, a moment later, both sessions are over and both
/// grants are revoked.
///
/// # Errors
///
/// See [`SignInFailure`]. On an error the session of the request stays as it was.
pub async fn sign_in_with_password(
    parts: &Parts,
    email: &EmailAddress,
    password: &str,
    remember: Remember,
) -> Result<(), SignInFailure> {
    let use_case = UseCase::from_parts(parts).ok_or(SignInFailure::Unavailable)?.remembering(remember);
    let attempt = use_case.admit(Subject::Password(email.as_str())).await?;
    use_case.may_sign_in(email.as_str()).await?;
    let credentials = SignIn::Password { email: email.clone(), password: SecretText::from(password) };
    use_case.judged(attempt, None, credentials).await
}

/// A sign-in whose session may begin.
pub(crate) struct Vetted {
    principal: Principal,
    beginning: Beginning,
    /// It is under way until the session has begun.
    _spent: Option<Spent>,
}

impl UseCase {
    /// Whether another session of the account may begin, as far as that is known before the provider is asked.
    pub(crate) async fn may_sign_in(&self, email: &str) -> Result<(), SignInFailure> {
        // It is counted when the session begins.
        drop(self.admit(Subject::SignIn(email)).await?);
        Ok(())
    }

    /// Makes a sign-in that counts as a guess until the provider has answered.
    ///
    /// SECURITY: runs in its own task. A guess counts whether somebody waits for its answer or not.
    pub(crate) async fn judged(
        self,
        guess: Attempt,
        expected: Option<EmailAddress>,
        credentials: SignIn,
    ) -> Result<(), SignInFailure> {
        let bff = self.bff.clone();
        let work = async move {
            let outcome = self.sign_in_as(expected.as_ref(), credentials).await;
            guess.judge(&outcome).await;
            outcome
        };
        run_detached(&bff, work).await.unwrap_or(Err(SignInFailure::Unavailable))
    }

    /// Signs in. If the page has already named the person, nobody else is signed in.
    pub(crate) async fn sign_in_as(
        &self,
        expected: Option<&EmailAddress>,
        attempt: SignIn,
    ) -> Result<(), SignInFailure> {
        let named = named_in(&attempt);
        let result = match self.ask(attempt, false).await {
            Err(SignInError::Challenged(challenge)) => {
                let expects_address = expected.is_some();
                let waiting = Waiting { email: named, expects_address, person: None };
                Err(self.ask_for_code(challenge, waiting).await)
            }
            // SECURITY: a link that names one person and carries the token of another is an attack.
            Ok(unheld) if expected.is_some_and(|email| !is_of(unheld.grant(), email)) => {
                tracing::warn!("a link named another person than the one it signs in");
                Err(SignInFailure::InvalidCredentials)
            }
            Ok(unheld) => self.establish(unheld, None).await,
            Err(error) => Err(self.fold_sign_in(&error)),
        };
        count(result.err().map_or("signed_in", SignInFailure::label));
        result
    }

    /// Signs in after something that is done already, whatever the outcome of the sign-in. If that needs a code, and the
    /// others are to end, the session of the request continues alone. The error is for the log.
    pub(crate) async fn begin_session(
        &self,
        attempt: SignIn,
        end_others: Option<EndReason>,
    ) -> Result<(), String> {
        let others_end = end_others.is_some();
        let unheld = match (self.ask(attempt, others_end).await, end_others) {
            (Ok(unheld), _) => unheld,
            // The credentials are right, and whoever is signed in stays so without a code.
            (Err(error), Some(reason)) if needs_code(&error) => return self.continue_alone(reason).await,
            (Err(error), _) => return Err(error.to_string()),
        };
        let id_in = |grant: &Grant| grant.identity.as_ref().map(|identity| identity.id.clone());
        let known = self.session.current().and_then(|record| id_in(record.payload.grant()));
        // SECURITY: after a change of an account, the session of one person must not turn into that of another.
        if others_end && known.is_some() && known != id_in(unheld.grant()) {
            return Err("it was answered with another person".to_owned());
        }
        self.establish(unheld, end_others).await.map_err(|failure| failure.to_string())
    }

    /// SECURITY: runs in its own task. The requester may be gone when the answer comes.
    pub(crate) async fn ask(&self, attempt: SignIn, others_end: bool) -> Result<Unheld, SignInError> {
        let (answer, answered) = oneshot::channel();
        let use_case = self.clone();
        let existing = self.session.current();
        let begun_at = self.bff.now();
        let is_guest = matches!(attempt, SignIn::ClientCredentials);
        let task = async move {
            let existing = existing.as_deref().map(|record| record.payload.grant());
            let provider = use_case.bff.provider();
            let caller = use_case.caller_of(&attempt);
            let asked = if others_end {
                provider.sign_in_and_end_others(&caller, attempt, existing).await
            } else {
                provider.sign_in(&caller, attempt, existing).await
            };
            // An answer that nobody takes is dropped, and its grant is given back.
            let _ = answer.send(asked.map(|signed_in| Unheld::new(use_case, signed_in, begun_at)));
        };
        self.bff.spawn(Box::pin(task.in_current_span()));
        if !is_guest {
            // The provider is asked meanwhile.
            self.traces().remember_sign_in(&self.bff).await;
        }
        let unavailable = |detail: &str| Err(SignInError::Unavailable(detail.to_owned()));
        match timeout_at(self.deadline, answered).await {
            Ok(Ok(asked)) => asked,
            Ok(Err(_)) => unavailable("it was dropped"),
            Err(_) => unavailable("it took too long"),
        }
    }

    /// Begins the session of a sign-in, in place of the session of the request. If there is a reason to end the others,
    /// the new session is the only one of the person from here on.
    ///
    /// Nothing here waits for the provider. Grants are revoked once the cookie has been sent, or when it is certain
    /// that it never will be.
    pub(crate) async fn establish(
        &self,
        unheld: Unheld,
        end_others: Option<EndReason>,
    ) -> Result<(), SignInFailure> {
        // SECURITY: whoever is told that they are signed in must be a person.
        if unheld.is_of_guest() {
            let provider = self.bff.provider().name();
            tracing::error!(provider, "the provider answered the sign-in of a person with a guest");
            return Err(SignInFailure::Unavailable);
        }
        let vetted = self.vet(&unheld, end_others).await?;
        self.enter(unheld, vetted, end_others).await
    }

    /// Whether the session of this sign-in may begin, and how.
    pub(crate) async fn vet(
        &self,
        unheld: &Unheld,
        end_others: Option<EndReason>,
    ) -> Result<Vetted, SignInFailure> {
        let bff = &self.bff;
        let Some(principal) = Principal::new(unheld.grant().clone()) else {
            tracing::error!(provider = bff.provider().name(), "the provider did not say who signed in");
            return Err(SignInFailure::Unavailable);
        };
        let identity = Arc::clone(principal.identity());
        if !bff.admits(&identity) {
            let roles: Vec<_> = identity.roles.iter().map(Role::name).collect();
            tracing::info!(
                ?roles,
                "a person without one of the roles for signing in was refused; their grant is revoked"
            );
            return Err(SignInFailure::NotAllowed);
        }
        let owner = Owner::new(bff.provider().name(), &identity.id);
        let principal = principal.ending_with_browser(self.ends_with_browser(&owner));
        let provider_sid = unheld.grant().provider_sid.clone();
        // Each session leaves something in the store, however the person signed in. Guests are counted by their network
        // before: each has an identifier of their own, whose counter would be one record more.
        let account = account_of(&identity);
        let spent = if identity.is_guest { None } else { Some(self.spend(Subject::SignIn(&account)).await?) };
        let newest_end = self.newest_end(&owner, provider_sid.as_deref()).await;
        // SECURITY: the password may have been changed meanwhile, for example. An end that is ahead of our clock is not
        // newer than this sign-in.
        if newest_end.is_some_and(|end| unheld.begun_at < end && end <= bff.now()) {
            tracing::warn!("all sessions of a person were ended during a sign-in; its session is refused");
            return Err(SignInFailure::Unavailable);
        }
        // If this session ends the others, it must be newer than sessions that began at the bound of an end by a fast
        // clock.
        let newest_end =
            newest_end.map(|end| if end_others.is_some() { end + Duration::from_millis(1) } else { end });
        let beginning = Beginning {
            owner,
            not_before: newest_end.max(self.after_previous(&owner)),
            authenticated_at: Some(unheld.authenticated_at()),
            provider_sid,
        };
        Ok(Vetted { principal, beginning, _spent: spent })
    }

    /// Begins the session. Nothing is waited for before it has.
    pub(crate) async fn enter(
        &self,
        unheld: Unheld,
        Vetted { principal, beginning, _spent }: Vetted,
        end_others: Option<EndReason>,
    ) -> Result<(), SignInFailure> {
        let Self { bff, session, .. } = self;
        let (identity, owner) = (Arc::clone(principal.identity()), beginning.owner);
        let previous = session.current();
        let begun = session.insert(principal, beginning).zip(session.current());
        let (leaving, begun) = begun.ok_or(SignInFailure::Unavailable)?;
        unheld.hand_over();
        // A session over the budget is not written: the browser keeps its cookie, and nobody holds the new grant.
        let fits = session.fits().is_ok();
        self.follow(leaving, Arc::clone(&begun), previous);
        if !fits {
            return Err(SignInFailure::SessionTooLarge);
        }
        if !identity.is_guest {
            self.remember_device(identity.email.as_deref());
        }
        if let Some(reason) = end_others {
            // The new session begins at exactly this time, and every other one began before.
            bff.bury_owner(owner, begun.created_at, reason).await;
        }
        Ok(())
    }

    /// Whether the new session ends with the browser. Whoever signs in again without being asked, as after a change of
    /// their account, is remembered as before.
    fn ends_with_browser(&self, owner: &Owner) -> bool {
        let as_before = || {
            let previous = self.session.current().filter(|previous| previous.owner == *owner);
            previous.is_some_and(|previous| previous.payload.ends_with_browser())
        };
        self.remember.map_or_else(as_before, Remember::ends_with_browser)
    }

    /// The end of the previous session must not also end the new one, whatever clock dated the previous one.
    fn after_previous(&self, owner: &Owner) -> Option<SystemTime> {
        let previous = self.session.current().filter(|previous| previous.owner == *owner)?;
        Some(previous.created_at + Duration::from_millis(1))
    }

    /// Whether the provider has said since then that this very sign-in is over. It ends sessions that began before it
    /// said so, and the session of this sign-in begins only now.
    ///
    /// Of what was ended before, the provider has answered anew: it lets some people continue with the identifier that
    /// they had.
    pub(crate) async fn has_ended_since(&self, unheld: &Unheld, left_at: SystemTime) -> bool {
        let Some(sid) = unheld.grant().provider_sid.as_deref() else { return false };
        let asked = self.bff.records().newest_end_of_sid(sid);
        let newest_end = if_known(asked).await;
        // An end that is ahead of our clock is not newer than this sign-in.
        newest_end.is_some_and(|end| left_at < end && end <= self.bff.now())
    }

    async fn newest_end(&self, owner: &Owner, provider_sid: Option<&str>) -> Option<SystemTime> {
        if_known(self.bff.records().newest_end(owner, provider_sid)).await
    }

    /// Revokes the grant that nobody holds any more, once it is known which one that is: that of the replaced session,
    /// or the new one if its cookie was never sent.
    fn follow(
        &self,
        leaving: Leaving,
        begun: Arc<Record<Principal>>,
        previous: Option<Arc<Record<Principal>>>,
    ) {
        let (bff, caller) = (self.bff.clone(), self.caller.clone());
        let task = async move {
            let left = leaving.await;
            let (over, living) = match left {
                Left::Written => (previous, Some(begun)),
                Left::Refused | Left::TooLarge | Left::Cut => {
                    tracing::info!(?left, "the cookie of a sign-in was not sent; its grant is revoked");
                    (Some(begun), previous)
                }
            };
            if let Some(over) = over {
                // A store that is away is told later. Otherwise a copy of the cookie would stay valid.
                bff.bury(&over, EndReason::Replaced).await;
                if living.as_ref().is_some_and(|living| living.payload == over.payload) {
                    hand_on(&bff, &over).await;
                    return;
                }
                let is_one_sign_in = |living: &Record<Principal>| {
                    bff.provider().is_one_sign_in(over.payload.grant(), living.payload.grant())
                };
                if living.is_some_and(|living| is_one_sign_in(&living)) {
                    bff.provider().on_end(over.payload.grant(), EndReason::Replaced).await;
                    return;
                }
                // This runs in its own task and logs its own failures.
                drop(bff.lifecycle().end(
                    &caller,
                    &session_key(&over),
                    over.payload.grant(),
                    EndReason::Replaced,
                ));
            }
        };
        self.bff.spawn(Box::pin(task.in_current_span()));
    }

    /// Turns the outcomes of a provider into the few answers of a page, and logs what they leave out.
    pub(crate) fn fold_sign_in(&self, error: &SignInError) -> SignInFailure {
        match error {
            SignInError::InvalidCredentials => SignInFailure::InvalidCredentials,
            SignInError::Forbidden => SignInFailure::Forbidden,
            SignInError::Challenged(_) | SignInError::SecondFactor => SignInFailure::SecondFactor,
            SignInError::ChallengeOver => SignInFailure::ChallengeOver,
            SignInError::TooManyRequests { retry_after } => {
                SignInFailure::TooManyRequests { retry_after: retry_after.or(Some(UNTOLD_WAIT)) }
            }
            SignInError::Misconfigured(detail) => {
                let provider = self.bff.provider().name();
                tracing::error!(provider, %detail, "people cannot sign in because of a setting");
                SignInFailure::Misconfigured
            }
            SignInError::Unsupported | SignInError::Unavailable(_) => {
                let provider = self.bff.provider().name();
                tracing::warn!(provider, %error, "a sign-in got no usable answer");
                SignInFailure::Unavailable
            }
        }
    }
}

/// The newest end, if the store says it in time.
async fn if_known(asked: impl Future<Output = Result<Option<SystemTime>, StoreError>>) -> Option<SystemTime> {
    match timeout(ENDS_PATIENCE, asked).await {
        Ok(Ok(newest)) => newest,
        Ok(Err(error)) => {
            tracing::warn!(%error, "a sign-in could not read when earlier sessions ended");
            None
        }
        Err(_) => {
            tracing::warn!("a sign-in stopped waiting to read when earlier sessions ended");
            None
        }
    }
}

/// The address of the account that somebody signs in to, if they named it.
fn named_in(attempt: &SignIn) -> String {
    match attempt {
        SignIn::Password { email, .. } | SignIn::OneTimeToken { email, .. } => email.as_str().to_owned(),
        _ => String::new(),
    }
}

/// Whether the credentials are right, and the provider wants a code as well.
pub(crate) const fn needs_code(error: &SignInError) -> bool {
    matches!(error, SignInError::Challenged(_) | SignInError::SecondFactor)
}

/// Counts how a sign-in ended.
pub(crate) fn count(outcome: &'static str) {
    metrics::counter!("ironleaf_sign_ins_total", "outcome" => outcome).increment(1);
}

/// Whether the grant belongs to the person with this address.
pub(crate) fn is_of(grant: &Grant, email: &EmailAddress) -> bool {
    let known = grant.identity.as_ref().and_then(|identity| identity.email.as_deref());
    known.and_then(EmailAddress::parse).as_ref() == Some(email)
}

#[cfg(test)]
mod tests {
    use ironleaf_api_types::User;

    use super::*;

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    #[test]
    fn a_link_names_its_person_in_whatever_form_their_address_is_stored() {
        for (stored, named, is_theirs) in [
            ("user@exämple.com", "user@xn--exmple-cua.com", true),
            ("User@Test.com", "user@test.com", true),
            ("user@test.com", "admin@test.com", false),
            ("user@exämple.com", "user@example.com", false),
        ] {
            assert_eq!(
                is_of(&Grant::of(User::new("u1", stored)), &address(named)),
                is_theirs,
                "{stored}, {named}"
            );
        }
        assert!(!is_of(&Grant::of(User::guest("u1")), &address("user@test.com")));
    }
}
