use std::time::Duration;

use http::request::Parts;
use ironleaf_api_types::User;
use ironleaf_auth::{AccountError, Caller, EndReason, FieldError, SecretText, SignIn};
use tokio::time::{Instant, timeout_at};

use crate::sign_in::establish;
use crate::sign_out::{caller, end, live_session};
use crate::to_its_end::to_its_end;
use crate::{Bff, CoreApi, MAX_EMAIL_BYTES, Session, SignedOutReason};

/// Longer than a sign-in that was under way when an account was deleted, and than any two clocks differ.
const LATE_SIGN_IN: Duration = Duration::from_mins(1);

/// Changes e-mail address, password or both of the signed-in person; what is `None` stays.
///
/// A new address waits until it is verified, and the session can be refreshed before and after that. An address that the
/// person has already, or that waits already, is not sent: the core API would verify it anew.
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
/// Any [`AccountError`] but [`AccountError::InvalidToken`].
pub async fn update_account(
    parts: &Parts,
    email: Option<&str>,
    password: Option<&str>,
) -> Result<User, AccountError> {
    let change = Change::begin(parts)?;
    let email = email.map(|email| email.trim().to_lowercase());
    if email.as_ref().is_some_and(|email| email.len() > MAX_EMAIL_BYTES) {
        let (field, message) = ("email".to_owned(), "Invalid email address".to_owned());
        return Err(AccountError::Invalid(vec![FieldError { field, message }]));
    }
    let password = password.map(SecretText::from);
    to_its_end(&change.bff.clone(), change.update(email, password)).await.unwrap_or_else(dropped)
}

/// Deletes the account of the signed-in person. It ends this session and every other one of the person at this application
/// (ASVS 7.4.2).
///
/// It goes on when the connection is closed.
///
/// # Errors
///
/// [`AccountError::SignedOut`], [`AccountError::Forbidden`], [`AccountError::Unavailable`].
pub async fn delete_account(parts: &Parts) -> Result<(), AccountError> {
    let change = Change::begin(parts)?;
    to_its_end(&change.bff.clone(), change.delete()).await.unwrap_or_else(dropped)
}

fn dropped<T>() -> Result<T, AccountError> {
    Err(AccountError::Unavailable("the change was dropped".to_owned()))
}

/// One change to an account, with one deadline for all that it asks the core API.
struct Change {
    bff: Bff,
    session: Session,
    caller: Caller,
    core_api: CoreApi,
    deadline: Instant,
}

impl Change {
    fn begin(parts: &Parts) -> Result<Self, AccountError> {
        let (bff, session) = live_session(parts)
            .ok_or_else(|| AccountError::Unavailable("the route lacks a layer".to_owned()))?;
        let deadline = Instant::now() + bff.sign_in_timeout();
        let core_api = CoreApi::until(deadline, bff.clone(), session.clone(), &parts.extensions);
        Ok(Self { bff, session, caller: caller(parts), core_api, deadline })
    }

    async fn update(self, email: Option<String>, password: Option<SecretText>) -> Result<User, AccountError> {
        let known = match &email {
            // What the session remembers may be older than a change in another browser.
            Some(_) => self.core_api.current_user().await?,
            None => self.session.current().ok_or(AccountError::SignedOut)?.payload.identity.clone(),
        };
        let is_new = |email: &String| *email != known.email && Some(email) != known.unverified_email.as_ref();
        let email = email.filter(is_new);
        if email.is_none() && password.is_none() {
            return Ok(known);
        }
        let accounts = self.core_api.accounts()?;
        let user = accounts.update(&self.core_api, &known.id, email.as_deref(), password.as_ref()).await?;
        self.session.modify(|principal| principal.identity = user.clone());
        if let Some(password) = password {
            self.begin_anew(user.email.clone(), password).await;
        }
        Ok(user)
    }

    /// A sign-in with the new password, so that the others can be told apart from this session by when they began, and
    /// whoever had a copy of its tokens has nothing any more.
    async fn begin_anew(&self, email: String, password: SecretText) {
        let attempt = SignIn::Password { email, password };
        let asked = timeout_at(self.deadline, self.bff.provider().sign_in(&self.caller, attempt)).await;
        let reason = match asked {
            Ok(Ok(signed_in)) => {
                let end_others = Some(SignedOutReason::PasswordChanged);
                match establish(&self.bff, &self.session, &self.caller, signed_in, end_others).await {
                    Ok(()) => return,
                    Err(failure) => failure.to_string(),
                }
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it took too long".to_owned(),
        };
        tracing::error!(
            reason,
            "a password is changed, and nobody could be signed in with it; other sessions of the person end when the core \
             API says so"
        );
    }

    async fn delete(self) -> Result<(), AccountError> {
        let id = self.session.current().ok_or(AccountError::SignedOut)?.payload.identity.id.clone();
        self.core_api.accounts()?.delete(&self.core_api, &id).await?;
        let record = self.session.current();
        self.session.destroy();
        SignedOutReason::AccountDeleted.note();
        if let Some(record) = record {
            // Nobody can sign in as this person any more; who did so a moment ago, or by a clock that is ahead, ends as well.
            let not_before = self.bff.now() + LATE_SIGN_IN;
            self.bff.bury_owner(record.owner, not_before, SignedOutReason::AccountDeleted).await;
            end(&self.bff, &self.caller, &record, EndReason::AccountDeleted).await;
        }
        Ok(())
    }
}
