use std::time::Duration;

use http::request::Parts;
use ironleaf_api_types::User;
use ironleaf_auth::{AccountError, EmailAddress, SecretText, SignIn, SignInError};
use thiserror::Error;

use crate::account_use_case::AccountUseCase;
use crate::detached::run_detached;
use crate::extract::trusted_person;
use crate::limits::Subject;
use crate::pending_code::Waiting;
use crate::request_context::live_session;
use crate::use_case::UseCase;
use crate::{AccountFailure, SignInFailure, SignedOutReason};

/// Why a password was not confirmed, as far as a page may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ConfirmFailure {
    /// Nobody is signed in, or not any more. The reason is given if there is one.
    #[error("nobody is signed in")]
    SignedOut(Option<SignedOutReason>),
    /// The sign-in failed; [`SignInFailure::InvalidCredentials`] means that the password is wrong.
    #[error(transparent)]
    SignIn(#[from] SignInFailure),
}

/// Whether the last sign-in of the person is no older than [`recent_sign_in`](crate::BffSettings::recent_sign_in).
/// `false` if nobody is signed in. A guest never is.
///
/// The time of the sign-in is sealed with the session. A refresh does not change it; [`confirm_password`] does.
pub fn signed_in_recently(parts: &Parts) -> bool {
    live_session(parts).is_some_and(|(bff, _)| signed_in_within(parts, bff.recent_sign_in()))
}

/// Whether the person has signed in or confirmed within this time.
pub(crate) fn signed_in_within(parts: &Parts, time: Duration) -> bool {
    let Some((bff, session)) = live_session(parts) else {
        return false;
    };
    trusted_person(&bff, &session).is_some_and(|record| {
        // A sign-in in the future was made on a machine with a fast clock.
        bff.now().duration_since(record.authenticated_at).map_or(true, |age| age <= time)
    })
}

/// Signs the signed-in person in again, with their own address and this password. A provider that asks for a code may do
/// so here as well: then the result is [`SignInFailure::CodeNeeded`], and the code completes it.
///
/// As with any sign-in, the session gets a new identifier (ASVS 7.2.4), and its old grant is revoked.
///
/// If the connection is closed before the answer is sent, the browser's session continues and the new grant is revoked.
///
/// # Errors
///
/// See [`ConfirmFailure`]. On an error the session stays as it was.
pub async fn confirm_password(parts: &Parts, password: &str) -> Result<(), ConfirmFailure> {
    let account_use_case = AccountUseCase::begin(parts).map_err(|failure| cannot_begin(&failure))?;
    let account = account_use_case.account().ok_or_else(|| account_use_case.signed_out())?;
    let attempt = account_use_case
        .use_case
        .admit(Subject::Own("confirmation", &account))
        .await
        .map_err(SignInFailure::from)?;
    let remembered = account_use_case.remembered().ok();
    let email = remembered.as_ref().and_then(User::address).unwrap_or(&account).to_owned();
    account_use_case.use_case.may_sign_in(&email).await?;
    let password = SecretText::from(password);
    let bff = account_use_case.use_case.bff.clone();
    // SECURITY: this is a guess at a password like any other, see `judged`.
    let work = async move {
        let outcome = account_use_case.confirm(password).await;
        match &outcome {
            Ok(()) => attempt.judge(&Ok(())).await,
            Err(ConfirmFailure::SignIn(failure)) => attempt.judge(&Err(*failure)).await,
            Err(ConfirmFailure::SignedOut(_)) => {}
        }
        outcome
    };
    run_detached(&bff, work).await.unwrap_or(Err(SignInFailure::Unavailable.into()))
}

fn cannot_begin(failure: &AccountFailure) -> ConfirmFailure {
    match failure {
        AccountFailure::SignedOut(reason) => ConfirmFailure::SignedOut(*reason),
        AccountFailure::SessionTooLarge => SignInFailure::SessionTooLarge.into(),
        _ => SignInFailure::Unavailable.into(),
    }
}

impl AccountUseCase {
    async fn confirm(&self, password: SecretText) -> Result<(), ConfirmFailure> {
        let remembered = self.remembered().map_err(|_| self.signed_out())?;
        match self.use_case.confirm_as(&remembered, password.clone()).await {
            Err(SignInFailure::InvalidCredentials) => {}
            result => return Ok(result?),
        }
        // The password may be right, and the address may have changed in another browser.
        match self.core_api.current_user().await {
            Ok(user) if user.address() != remembered.address() => {
                Ok(self.use_case.confirm_as(&user, password).await?)
            }
            Err(AccountError::SignedOut) => Err(self.signed_out()),
            Ok(_) | Err(_) => Err(SignInFailure::InvalidCredentials.into()),
        }
    }

    fn signed_out(&self) -> ConfirmFailure {
        ConfirmFailure::SignedOut(self.core_api.signed_out_reason())
    }
}

impl UseCase {
    async fn confirm_as(&self, person: &User, password: SecretText) -> Result<(), SignInFailure> {
        let attempt = SignIn::Password {
            email: EmailAddress::of_record(person.address().unwrap_or_default()),
            password,
        };
        let email = person.address().unwrap_or_default().to_owned();
        let unheld = match self.ask(attempt, false).await {
            Ok(unheld) => unheld,
            Err(SignInError::Challenged(challenge)) => {
                let waiting = Waiting { email, expects_address: false, person: Some(person.id.clone()) };
                return Err(self.ask_for_code(challenge, waiting).await);
            }
            Err(error) => return Err(self.fold_sign_in(&error)),
        };
        if unheld.grant().identity.as_ref().is_some_and(|identity| identity.id == person.id) {
            return self.establish(unheld, None).await;
        }
        // SECURITY: the address now belongs to somebody else. Nobody may become another person through a form that only
        // asks for a password.
        tracing::warn!("a confirmed password belongs to another person");
        Err(SignInFailure::InvalidCredentials)
    }
}
