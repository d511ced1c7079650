use http::request::Parts;
use ironleaf_auth::{Accounts, EmailAddress, SecretText, SignIn};

use crate::AccountFailure;
use crate::detached::run_detached;
use crate::limits::{Mail, Mailing, Subject, TooMany};
use crate::requested_mail::note_verification;
use crate::use_case::UseCase;

/// The result of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// The account exists, and its person is signed in.
    SignedIn,
    /// The account exists, but its person could not be signed in. The log says why.
    NotSignedIn,
    /// The provider does not say whether the address had an account before, and nobody could be signed in.
    PerhapsKnown,
}

/// Creates an account and signs its person in, in place of the session of the request. The core API sends the e-mail
/// that verifies the address.
///
/// The work continues if the connection is closed.
///
/// # Errors
///
/// [`AccountFailure::EmailTaken`], [`AccountFailure::Invalid`], [`AccountFailure::BreachedPassword`],
/// [`AccountFailure::WeakPassword`], [`AccountFailure::Forbidden`], [`AccountFailure::TooManyRequests`],
/// [`AccountFailure::Unavailable`]. On an error the session of the request stays
/// as it was.
pub async fn register(
    parts: &Parts,
    email: &EmailAddress,
    password: &str,
) -> Result<Registered, AccountFailure> {
    let use_case = UseCase::from_parts(parts).ok_or(AccountFailure::Unavailable)?;
    let _spent = use_case.spend(Subject::Registration(email.as_str())).await?;
    let password = SecretText::from(password);
    use_case.accept_new_password(&password, Some(email)).await?;
    let mailing = use_case.may_mail(Mail::Registration(email.as_str())).await.map_err(TooMany::from)?;
    let bff = use_case.bff.clone();
    run_detached(&bff, use_case.register(email.clone(), password, mailing))
        .await
        .unwrap_or_else(|| Err(AccountFailure::dropped()))
}

impl UseCase {
    async fn register(
        self,
        email: EmailAddress,
        password: SecretText,
        mailing: Mailing,
    ) -> Result<Registered, AccountFailure> {
        let created = self.in_time(async {
            self.bff.accounts()?.register(&self.caller, &email, &password).await.map(drop)
        });
        created.await.map_err(|error| AccountFailure::fold(&self.bff, error, None))?;
        mailing.sent().await;
        note_verification(&self);
        if self.bff.accounts().is_ok_and(Accounts::hides_known_addresses) {
            return Ok(self.guess(email, password).await);
        }
        match self.begin_session(SignIn::Password { email, password }, None).await {
            Ok(()) => Ok(Registered::SignedIn),
            Err(reason) => {
                tracing::warn!(reason, "an account was registered, but its person could not be signed in");
                Ok(Registered::NotSignedIn)
            }
        }
    }

    /// SECURITY: if the address had an account before, this is a guess at its password like that of any sign-in, and
    /// counts like one. Whether it may be made says nothing to whoever asks.
    async fn guess(&self, email: EmailAddress, password: SecretText) -> Registered {
        let Ok(guess) = self.admit(Subject::Password(email.as_str())).await else {
            return Registered::PerhapsKnown;
        };
        let outcome = match self.ask(SignIn::Password { email, password }, false).await {
            Ok(unheld) => self.establish(unheld, None).await,
            Err(error) => Err(self.fold_sign_in(&error)),
        };
        guess.judge(&outcome).await;
        if outcome.is_ok() { Registered::SignedIn } else { Registered::PerhapsKnown }
    }
}
