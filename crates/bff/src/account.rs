use std::time::Duration;

use http::request::Parts;
use ironleaf_api_types::{Role, User};
use ironleaf_auth::{AccountError, EmailAddress, EndReason, SecretText, SignIn};

use crate::account_use_case::AccountUseCase;
use crate::limits::{Mail, Mailing, NoMail};
use crate::requested_mail;
use crate::sign_out::end;
use crate::{AccountFailure, SignedOutReason, signed_in_recently};

/// Longer than a sign-in that is under way when an account is deleted can take, and than two clocks differ.
pub(crate) const LATE_SIGN_IN: Duration = Duration::from_mins(1);

/// Changes the e-mail address, the password, or both, of the signed-in person. A value of `None` is left as it is.
///
/// A new address waits until it is verified. The session can be refreshed before and after that. An address that
/// already waits is not sent again, because the core API would start its verification again. The address that the
/// person already has replaces one that waits.
///
/// After a new password, the person is signed in with it: this session continues under a new identifier (ASVS 7.2.4),
/// its old grant is revoked, and every other session of the person at this application ends (ASVS 7.4.3). If that
/// sign-in needs a code, this session continues under a new identifier with the grant that it has. If it gets no answer,
/// the password is changed nevertheless. This session then continues unchanged, and the other sessions end when the core
/// API ends them.
///
/// The work continues if the connection is closed.
///
/// # Errors
///
/// Any [`AccountFailure`] except [`AccountFailure::InvalidToken`].
///
/// # Security
///
/// A change needs a recent sign-in (ASVS 7.5.1), see [`signed_in_recently`].
pub async fn update_account(
    parts: &Parts,
    email: Option<&EmailAddress>,
    password: Option<&str>,
) -> Result<User, AccountFailure> {
    let account_use_case = AccountUseCase::begin(parts)?;
    let password = password.map(SecretText::from);
    let is_recent = signed_in_recently(parts);
    let _spent = account_use_case.spend("change").await?;
    if let Some(password) = &password {
        account_use_case.accept_new_password(password).await?;
    }
    let updated = account_use_case
        .carry_out(account_use_case.clone().update(email.cloned(), password, is_recent))
        .await?;
    updated.ok_or(AccountFailure::NotRecent)
}

/// Sends the verification e-mail again to the address that waits to be verified, and returns that address. `None` if no
/// address waits; then nothing is sent. If the address has received too many of these e-mails, none is sent for a
/// while, but the address is still returned.
///
/// The work continues if the connection is closed.
///
/// # Errors
///
/// Any [`AccountFailure`] except [`AccountFailure::InvalidToken`].
pub async fn resend_verification(parts: &Parts) -> Result<Option<String>, AccountFailure> {
    let account_use_case = AccountUseCase::begin(parts)?;
    let _spent = account_use_case.spend("verification").await?;
    account_use_case.carry_out(account_use_case.clone().resend()).await
}

/// Deletes the account of the signed-in person. It ends this session and every other session of the person at this
/// application (ASVS 7.4.2).
///
/// The work continues if the connection is closed.
///
/// # Errors
///
/// [`AccountFailure::SignedOut`], [`AccountFailure::NotRecent`], [`AccountFailure::Forbidden`],
/// [`AccountFailure::TooManyRequests`], [`AccountFailure::Unavailable`], [`AccountFailure::SessionTooLarge`].
///
/// # Security
///
/// It needs a recent sign-in (ASVS 7.5.1), see [`signed_in_recently`].
pub async fn delete_account(parts: &Parts) -> Result<(), AccountFailure> {
    let account_use_case = AccountUseCase::begin(parts)?;
    if !signed_in_recently(parts) {
        return Err(AccountFailure::NotRecent);
    }
    account_use_case.carry_out(account_use_case.clone().delete()).await
}

/// Whether this address needs no change. An address that waits counts before the verified one: entering the verified
/// address again withdraws the waiting one, so that a mistyped address does not stay with whoever owns it.
pub(crate) fn is_settled(user: &User, email: &EmailAddress) -> bool {
    let stored = user.unverified_email.as_deref().or(user.email.as_deref());
    stored.and_then(EmailAddress::parse).as_ref() == Some(email)
}

/// The e-mail that the core API may send for this change.
///
/// SECURITY: an address that the account has never verified may belong to somebody else, even if the account was
/// registered with it.
pub(crate) fn mail_of_change<'a>(known: &'a User, to: &'a EmailAddress) -> Mail<'a> {
    let is_verified = known.roles.iter().any(|role| role.name() == Role::VERIFIED_USER);
    if is_verified && known.email.as_deref().and_then(EmailAddress::parse).as_ref() == Some(to) {
        return Mail::Withdrawal;
    }
    Mail::Verification { account: &known.id, to: to.as_str() }
}

impl AccountUseCase {
    /// `None` if the last sign-in is too long ago for such a change.
    async fn update(
        self,
        email: Option<EmailAddress>,
        password: Option<SecretText>,
        is_recent: bool,
    ) -> Result<Option<User>, AccountError> {
        if password.is_some() && !is_recent {
            return Ok(None);
        }
        let known = match &email {
            // SECURITY: the session may remember an address from before a change in another browser. That change would
            // be undone.
            Some(_) => self.core_api.current_user().await?,
            None => self.remembered()?,
        };
        let email = email.filter(|email| !is_settled(&known, email));
        if email.is_none() && password.is_none() {
            return Ok(Some(known));
        }
        if !is_recent {
            return Ok(None);
        }
        let mailing = match &email {
            Some(to) => Some(self.use_case.may_mail(mail_of_change(&known, to)).await?),
            None => None,
        };
        let user = self.send_update(&known, email.as_ref(), password.as_ref(), mailing).await?;
        let has_changed = email.is_none_or(|email| is_settled(&user, &email));
        if let Some(password) = password {
            let email = EmailAddress::of_record(user.email.as_deref().unwrap_or_default());
            self.begin_anew(email, password).await;
        }
        if !has_changed {
            return Err(AccountError::EmailUnchanged);
        }
        Ok(Some(user))
    }

    async fn resend(self) -> Result<Option<String>, AccountError> {
        let known = self.core_api.current_user().await?;
        let Some(address) = known.unverified_email.as_deref() else {
            return Ok(None);
        };
        match self.use_case.may_mail(Mail::Verification { account: &known.id, to: address }).await {
            // Sending the same address again asks the core API for another e-mail.
            Ok(mailing) => {
                let address = EmailAddress::of_record(address);
                drop(self.send_update(&known, Some(&address), None, Some(mailing)).await?);
            }
            // The address has received enough of these e-mails, and the link in each is still valid.
            Err(NoMail::Enough(_)) => {}
            Err(refused @ NoMail::NotNow(_)) => return Err(refused.into()),
        }
        Ok(known.unverified_email)
    }

    async fn send_update(
        &self,
        known: &User,
        email: Option<&EmailAddress>,
        password: Option<&SecretText>,
        mailing: Option<Mailing>,
    ) -> Result<User, AccountError> {
        let accounts = self.use_case.bff.accounts()?;
        let updated = accounts.update(&self.core_api, &known.id, email, password).await;
        // SECURITY: a refused change sent no e-mail. Strangers who ask for a taken address must not use up its e-mails.
        // A change without an answer may have sent one.
        if let (Some(mailing), Ok(_) | Err(AccountError::Unavailable(_))) = (mailing, &updated) {
            mailing.sent().await;
        }
        let user = updated?;
        self.core_api.remember(&user).await;
        if email.is_some() {
            requested_mail::note_verification(&self.use_case);
        }
        Ok(user)
    }

    /// Signs in with the new password. This session then has a later beginning than all others, which tells them apart,
    /// and copies of its old tokens become useless.
    pub(crate) async fn begin_anew(&self, email: EmailAddress, password: SecretText) {
        let attempt = SignIn::Password { email, password };
        if let Err(reason) = self.use_case.begin_session(attempt, Some(EndReason::PasswordChanged)).await {
            tracing::error!(
                reason,
                "a password was changed, but no new session began with it; other sessions of the person end at the \
                 latest when the core API says so"
            );
        }
    }

    async fn delete(self) -> Result<(), AccountError> {
        let id = self.remembered()?.id;
        let bff = &self.use_case.bff;
        bff.accounts()?.delete(&self.core_api, &id).await?;
        let record = self.use_case.session.current();
        self.use_case.session.destroy();
        requested_mail::forget(self.use_case.flash.as_ref());
        self.use_case.session.end_is_written();
        SignedOutReason::AccountDeleted.note();
        if let Some(record) = record {
            // Nobody can sign in as this person any more. This also ends sign-ins of a moment ago and those that were
            // dated by a fast clock.
            let not_before = bff.now() + LATE_SIGN_IN;
            bff.bury_owner(record.owner, not_before, EndReason::AccountDeleted).await;
            end(bff, &self.use_case.caller, &record, EndReason::AccountDeleted).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_settled_in_whatever_form_it_is_stored() {
        for (stored, waiting, typed, settled) in [
            ("user@exämple.com", None, "user@xn--exmple-cua.com", true),
            ("user@xn--exmple-cua.com", None, "User@EXÄMPLE.com", true),
            ("u\u{308}ser@test.com", None, "üser@test.com", true),
            ("user@test.com", Some("new@exämple.com"), "new@xn--exmple-cua.com", true),
            ("user@exämple.com", Some("new@test.com"), "user@exämple.com", false),
            ("user@exämple.com", None, "user@exaemple.com", false),
        ] {
            let unverified_email = waiting.map(str::to_owned);
            let user = User { unverified_email, ..User::new("u1", stored) };
            let address = EmailAddress::parse(typed).unwrap();
            assert_eq!(is_settled(&user, &address), settled, "{stored}, {waiting:?}, {typed}");
        }
    }
}
