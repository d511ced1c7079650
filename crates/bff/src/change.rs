//! Changes of one thing at a time, for a back end that wants the current password for a new one.

use http::request::Parts;
use ironleaf_api_types::User;
use ironleaf_auth::{AccountError, EmailAddress, EndReason, SecretText, SignIn, SignInError};

use crate::account::{is_settled, mail_of_change};
use crate::account_use_case::AccountUseCase;
use crate::limits::{Attempt, Subject};
use crate::requested_mail;
use crate::sign_in::needs_code;
use crate::{AccountFailure, signed_in_recently};

/// What has become of a request for another e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailChange {
    /// It is the person's address now.
    Done,
    /// Nothing has changed yet. It may change when the person follows the link of an e-mail, at the old address, the new
    /// one, or both. It may also never change, because the address has another account: that is not told.
    Asked,
}

/// Asks for another e-mail address of the signed-in person.
///
/// The work continues if the connection is closed.
///
/// # Errors
///
/// Any [`AccountFailure`] except [`AccountFailure::InvalidToken`] and [`AccountFailure::WrongPassword`].
///
/// # Security
///
/// It needs a recent sign-in (ASVS 7.5.1), see [`signed_in_recently`].
pub async fn change_email(parts: &Parts, email: &EmailAddress) -> Result<EmailChange, AccountFailure> {
    let account_use_case = AccountUseCase::begin(parts)?;
    let is_recent = signed_in_recently(parts);
    let _spent = account_use_case.spend("change").await?;
    let work = account_use_case.clone().change_email(email.clone(), is_recent);
    account_use_case.carry_out(work).await?.ok_or(AccountFailure::NotRecent)
}

/// Changes the password of the signed-in person, who proves with the current one that it is them.
///
/// After that, as after [`update_account`](crate::update_account) with a password, this session continues under a new
/// identifier (ASVS 7.2.4), and every other session of the person ends (ASVS 7.4.3). If the answer of the back end is
/// lost, a sign-in with the new password shows whether it was changed. For that it need not get as far as a code.
///
/// The work continues if the connection is closed.
///
/// # Errors
///
/// [`AccountFailure::WrongPassword`] if the current password is not correct. Any other [`AccountFailure`] except
/// [`AccountFailure::InvalidToken`] and [`AccountFailure::NotRecent`].
///
/// # Security
///
/// The current password proves who asks (ASVS 6.2.3), so a recent sign-in is not needed. It counts as a guess, together
/// with those of [`confirm_password`](crate::confirm_password). A new password that is refused is no guess, and counts as
/// a change.
pub async fn change_password(parts: &Parts, current: &str, new: &str) -> Result<(), AccountFailure> {
    let account_use_case = AccountUseCase::begin(parts)?;
    let account = account_use_case.account().ok_or(AccountFailure::SignedOut(None))?;
    let guess = account_use_case.use_case.admit(Subject::Own("confirmation", &account)).await?;
    // SECURITY: this counts before the new password is judged, which takes work.
    let _spent = account_use_case.spend("change").await?;
    let (current, new) = (SecretText::from(current), SecretText::from(new));
    account_use_case.accept_new_password(&new).await?;
    let work = account_use_case.clone().change_password(guess, current, new);
    account_use_case.carry_out(work).await
}

impl AccountUseCase {
    /// `None` if the last sign-in is too long ago for this.
    async fn change_email(
        self,
        email: EmailAddress,
        is_recent: bool,
    ) -> Result<Option<EmailChange>, AccountError> {
        // SECURITY: as in `update`, the session may remember an older address.
        let known = self.core_api.current_user().await?;
        if is_settled(&known, &email) {
            return Ok(Some(EmailChange::Done));
        }
        if !is_recent {
            return Ok(None);
        }
        let mailing = self.use_case.may_mail(mail_of_change(&known, &email)).await?;
        let asked = self.use_case.bff.accounts()?.change_email(&self.core_api, &known.id, &email).await;
        // SECURITY: as in `send_update`, only what may have sent an e-mail uses one up.
        if let Ok(()) | Err(AccountError::Unavailable(_)) = &asked {
            mailing.sent().await;
        }
        asked?;
        requested_mail::note_verification(&self.use_case);
        // Without an answer it is not known, and what is said about an address that was asked for is still true.
        let is_changed = self.core_api.current_user().await.is_ok_and(|user| is_settled(&user, &email));
        Ok(Some(if is_changed { EmailChange::Done } else { EmailChange::Asked }))
    }

    async fn change_password(
        self,
        guess: Attempt,
        current: SecretText,
        new: SecretText,
    ) -> Result<(), AccountError> {
        let known = self.core_api.current_user().await?;
        let accounts = self.use_case.bff.accounts()?;
        match accounts.change_password(&self.core_api, &known.id, &current, &new).await {
            Ok(()) => {
                guess.succeeded().await;
                self.begin_anew(address_of(&known), new).await;
                Ok(())
            }
            Err(AccountError::Unavailable(detail)) => self
                .after_lost_answer(guess, &known, new)
                .await
                .map_err(|()| AccountError::Unavailable(detail)),
            Err(error) => {
                if error == AccountError::WrongPassword {
                    guess.failed().await;
                }
                Err(error)
            }
        }
    }

    /// Nobody else knows the new password yet. So if somebody can sign in with it, it was changed.
    async fn after_lost_answer(&self, guess: Attempt, known: &User, new: SecretText) -> Result<(), ()> {
        let attempt = SignIn::Password { email: address_of(known), password: new };
        let unheld = match self.use_case.ask(attempt, true).await {
            Ok(unheld) => unheld,
            Err(error) if needs_code(&error) => {
                tracing::info!(
                    "the answer to a change of a password was lost, and the new password is in force"
                );
                guess.succeeded().await;
                if let Err(reason) = self.use_case.continue_alone(EndReason::PasswordChanged).await {
                    tracing::error!(reason, "a password was changed, but the session keeps its identifier");
                }
                return Ok(());
            }
            Err(error) => {
                // SECURITY: or else this would be a way to guess that nobody counts.
                if error == SignInError::InvalidCredentials {
                    guess.failed().await;
                }
                return Err(());
            }
        };
        // SECURITY: the session of one person must not turn into that of another.
        if unheld.grant().identity.as_ref().is_none_or(|identity| identity.id != known.id) {
            tracing::error!("the sign-in with a new password was answered with another person");
            return Err(());
        }
        tracing::info!("the answer to a change of a password was lost, and the new password is in force");
        guess.succeeded().await;
        if let Err(failure) = self.use_case.establish(unheld, Some(EndReason::PasswordChanged)).await {
            tracing::error!(%failure, "a password was changed, but the session with it did not begin");
        }
        Ok(())
    }
}

fn address_of(known: &User) -> EmailAddress {
    EmailAddress::of_record(known.address().unwrap_or_default())
}
