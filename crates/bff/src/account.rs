use std::time::Duration;

use http::request::Parts;
use ironleaf_api_types::{Role, User};
use ironleaf_auth::{AccountError, EmailAddress, EndReason, SecretText, SignIn};

use crate::account_use_case::AccountUseCase;
use crate::limits::{Mail, Mailing, NoMail};
use crate::requested_mail;
use crate::sign_out::end;
use crate::{AccountFailure, SignedOutReason, signed_in_recently};

/// Longer than a sign-in that was under way when an account was deleted, and than any two clocks differ.
const LATE_SIGN_IN: Duration = Duration::from_mins(1);

/// Changes e-mail address, password or both of the signed-in person; what is `None` stays.
///
/// A new address waits until it is verified, and the session can be refreshed before and after that. An address that
/// waits already is not sent: the core API would verify it anew. The one that the person has takes the place of one that
/// waits.
///
/// After a new password the person is signed in with it: this session goes on under a new identifier (ASVS 7.2.4), its
/// old grant is revoked, and every other session of the person at this application is over (ASVS 7.4.3). If that sign-in
/// gets no answer, the password is changed all the same, this session goes on as it was, and the others end where the core
/// API ends them.
///
/// It goes on when the connection is closed.
///
/// # Errors
///
/// Any [`AccountFailure`] but [`AccountFailure::InvalidToken`].
///
/// # Security
///
/// A change asks for a recent sign-in (ASVS 7.5.1), see [`signed_in_recently`].
pub async fn update_account(
    parts: &Parts,
    email: Option<&EmailAddress>,
    password: Option<&str>,
) -> Result<User, AccountFailure> {
    let account_use_case = AccountUseCase::begin(parts)?;
    let password = password.map(SecretText::from);
    let is_recent = signed_in_recently(parts);
    let _spent = account_use_case.spend("change").await?;
    let updated = account_use_case
        .carry_out(account_use_case.clone().update(email.cloned(), password, is_recent))
        .await?;
    updated.ok_or(AccountFailure::NotRecent)
}

/// Sends the verification e-mail again, to the address that waits to be verified, and says which that is. `None` where no
/// address waits: then nothing is sent. An address that has had enough of them is sent no more for a while, and is named all the same.
///
/// It goes on when the connection is closed.
///
/// # Errors
///
/// Any [`AccountFailure`] but [`AccountFailure::InvalidToken`].
pub async fn resend_verification(parts: &Parts) -> Result<Option<String>, AccountFailure> {
    let account_use_case = AccountUseCase::begin(parts)?;
    let _spent = account_use_case.spend("verification").await?;
    account_use_case.carry_out(account_use_case.clone().resend()).await
}

/// Deletes the account of the signed-in person. It ends this session and every other one of the person at this application
/// (ASVS 7.4.2).
///
/// It goes on when the connection is closed.
///
/// # Errors
///
/// [`AccountFailure::SignedOut`], [`AccountFailure::NotRecent`], [`AccountFailure::Forbidden`],
/// [`AccountFailure::TooManyRequests`], [`AccountFailure::Unavailable`], [`AccountFailure::SessionTooLarge`].
///
/// # Security
///
/// It asks for a recent sign-in (ASVS 7.5.1), see [`signed_in_recently`].
pub async fn delete_account(parts: &Parts) -> Result<(), AccountFailure> {
    let account_use_case = AccountUseCase::begin(parts)?;
    if !signed_in_recently(parts) {
        return Err(AccountFailure::NotRecent);
    }
    account_use_case.carry_out(account_use_case.clone().delete()).await
}

/// Whether there is nothing to change about this address. The one that the person has withdraws another that waits, so that
/// a typing error does not stay in the hands of whoever owns what was typed.
fn is_settled(user: &User, email: &EmailAddress) -> bool {
    let stored = user.unverified_email.as_deref().or(user.email.as_deref());
    stored.and_then(EmailAddress::parse).as_ref() == Some(email)
}

/// What the core API may send for this change.
///
/// SECURITY: an address that the account has never verified may be somebody else's, also where the account was registered with it.
fn mail_of_change<'a>(known: &'a User, to: &'a EmailAddress) -> Mail<'a> {
    let is_verified = known.roles.iter().any(|role| role.name() == Role::VERIFIED_USER);
    if is_verified && known.email.as_deref().and_then(EmailAddress::parse).as_ref() == Some(to) {
        return Mail::Withdrawal;
    }
    Mail::Verification { account: &known.id, to: to.as_str() }
}

impl AccountUseCase {
    /// `None` where the last sign-in is too long ago for such a change.
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
            // SECURITY: what the session remembers may be older than a change in another browser, which would be taken back.
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
            // The same address again is how the core API is asked for another e-mail.
            Ok(mailing) => {
                let address = EmailAddress::of_record(address);
                drop(self.send_update(&known, Some(&address), None, Some(mailing)).await?);
            }
            // The address has had enough of them, and each is good.
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
        // SECURITY: what was refused has mailed nobody, so strangers who want a taken address use up none of its e-mails. What
        // got no answer may have.
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

    /// A sign-in with the new password, so that the others can be told apart from this session by when they began, and
    /// whoever had a copy of its tokens has nothing any more.
    async fn begin_anew(&self, email: EmailAddress, password: SecretText) {
        let attempt = SignIn::Password { email, password };
        if let Err(reason) = self.use_case.begin_session(attempt, Some(EndReason::PasswordChanged)).await {
            tracing::error!(
                reason,
                "a password is changed, and nobody could be signed in with it; other sessions of the person end when the \
                 core API says so"
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
            // Nobody can sign in as this person any more; who did so a moment ago, or by a clock that is ahead, ends as well.
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
