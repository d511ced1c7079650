use std::sync::atomic::Ordering;

use async_trait::async_trait;
use http::{Method, StatusCode};
use ironleaf_api_types::User;
use ironleaf_auth::{
    AccountAbility, AccountError, Accounts, AuthorizedCalls, Caller, EmailAddress, Response, SecretText,
};
use serde_json::{Value, json};
use url::Url;

use super::calls::{authorized, refusal};
use super::{BetterAuthProvider, person, wire};

/// A change of the password needs the current one, and a link for a new password is used together with the new
/// password: it signs nobody in. So there is no [`AccountAbility::Change`].
#[async_trait]
impl Accounts for BetterAuthProvider {
    fn offers(&self, ability: AccountAbility) -> bool {
        match ability {
            AccountAbility::Register => self.settings.sign_up,
            AccountAbility::ChangeEmail => self.settings.change_email_page.is_some(),
            // Whoever is signed in here has a password, which the auth server lets them change without a setting.
            AccountAbility::ChangePassword => true,
            AccountAbility::Delete => self.settings.delete_user,
            AccountAbility::ResetPassword | AccountAbility::SetPasswordByLink => {
                self.settings.set_password_page.is_some()
            }
            AccountAbility::VerifyEmail => self.settings.verify_email,
            _ => false,
        }
    }

    async fn current_user(&self, calls: &dyn AuthorizedCalls) -> Result<User, AccountError> {
        let mut url = self.endpoint(&["get-session"]);
        url.set_query(Some("disableCookieCache=true"));
        let response = authorized(calls, Method::GET, &url, &Value::Null).await?;
        // One answer ends no session: whoever asked asks for a token next, and that answer decides.
        if wire::is_null(&response) {
            return Err(AccountError::Gone);
        }
        person::of_answer(&response).ok_or_else(|| refusal(&response))
    }

    /// The name that Better Auth wants is the part of the address before the `@`.
    ///
    /// If the auth server lets nobody find out which addresses are registered, it answers for a known one as if it had
    /// created an account, with an invented person and without a token. Nobody is signed in by this in either case.
    async fn register(
        &self,
        caller: &Caller,
        email: &EmailAddress,
        password: &SecretText,
    ) -> Result<User, AccountError> {
        let name = email.as_str().split('@').next().unwrap_or_default();
        let body = json!({ "name": name, "email": email.as_str(), "password": password.expose() });
        let url = self.endpoint(&["sign-up", "email"]);
        let asked = self.ask(caller, Method::POST, &url, &body, None).await;
        let response = asked.map_err(|error| AccountError::Unavailable(error.to_string()))?;
        // The sign-in that follows has a session of its own.
        if let Some(unused) = self.kept.begin(&response, &self.issued_by, self.now()) {
            self.give_back(caller, &unused).await;
        }
        let created = person::of_answer(&response).ok_or_else(|| refusal_of_stranger(&response))?;
        let has_token =
            wire::object(&response).is_some_and(|answer| answer.get("token").is_some_and(Value::is_string));
        self.hides_known_addresses.store(!has_token, Ordering::Relaxed);
        Ok(created)
    }

    fn hides_known_addresses(&self) -> bool {
        self.hides_known_addresses.load(Ordering::Relaxed)
    }

    async fn update(
        &self,
        _: &dyn AuthorizedCalls,
        _: &str,
        _: Option<&EmailAddress>,
        _: Option<&SecretText>,
    ) -> Result<User, AccountError> {
        Err(AccountError::Unavailable("the auth server changes one thing at a time".to_owned()))
    }

    /// The auth server answers 200 for a known address, too, and says nothing about whom it asks by e-mail.
    async fn change_email(
        &self,
        calls: &dyn AuthorizedCalls,
        id: &str,
        email: &EmailAddress,
    ) -> Result<(), AccountError> {
        self.is_session_of(calls, id).await?;
        let url = self.endpoint(&["change-email"]);
        let body = json!({ "newEmail": email.as_str(), "callbackURL": text_of(self.settings.change_email_page.as_ref()) });
        let response = authorized(calls, Method::POST, &url, &body).await?;
        if has_status(&response) { Ok(()) } else { Err(refusal_of_address(&response)) }
    }

    /// The answer sets the cookie of a new session in place of the one that asked, which is over by then.
    async fn change_password(
        &self,
        calls: &dyn AuthorizedCalls,
        id: &str,
        current: &SecretText,
        new: &SecretText,
    ) -> Result<(), AccountError> {
        self.is_session_of(calls, id).await?;
        let url = self.endpoint(&["change-password"]);
        let body = json!({
            "currentPassword": current.expose(),
            "newPassword": new.expose(),
            "revokeOtherSessions": true,
        });
        let response = authorized(calls, Method::POST, &url, &body).await?;
        if person::of_answer(&response).is_some_and(|user| user.id == id) {
            return Ok(());
        }
        let is_wrong = response.status() == StatusCode::BAD_REQUEST
            && wire::code(&response).as_deref() == Some("INVALID_PASSWORD");
        Err(if is_wrong { AccountError::WrongPassword } else { refusal(&response) })
    }

    fn ends_other_sessions(&self) -> bool {
        true
    }

    async fn delete(&self, calls: &dyn AuthorizedCalls, id: &str) -> Result<(), AccountError> {
        self.is_session_of(calls, id).await?;
        let url = self.endpoint(&["delete-user"]);
        let response = authorized(calls, Method::POST, &url, &json!({})).await?;
        let answer = wire::object(&response).ok_or_else(|| refusal(&response))?;
        match answer.get("message").and_then(Value::as_str) {
            Some("User deleted") => Ok(()),
            _ => Err(AccountError::Unavailable(
                "the auth server wants a confirmation by e-mail (sendDeleteAccountVerification)".to_owned(),
            )),
        }
    }

    /// The link leads to the auth server, which sends the browser on to our page with the token.
    async fn request_password_reset(
        &self,
        caller: &Caller,
        email: &EmailAddress,
    ) -> Result<(), AccountError> {
        let url = self.endpoint(&["request-password-reset"]);
        let body = json!({ "email": email.as_str(), "redirectTo": text_of(self.settings.set_password_page.as_ref()) });
        let asked = self.ask(caller, Method::POST, &url, &body, None).await;
        let response = asked.map_err(|error| AccountError::Unavailable(error.to_string()))?;
        if has_status(&response) {
            Ok(())
        } else {
            Err(of_stranger(refusal_of_address(&response), &response))
        }
    }

    async fn reset_password(
        &self,
        caller: &Caller,
        token: &SecretText,
        password: &SecretText,
    ) -> Result<(), AccountError> {
        let url = self.endpoint(&["reset-password"]);
        let body = json!({ "newPassword": password.expose(), "token": token.expose() });
        let asked = self.ask(caller, Method::POST, &url, &body, None).await;
        let response = asked.map_err(|error| AccountError::Unavailable(error.to_string()))?;
        if has_status(&response) {
            return Ok(());
        }
        let is_token = matches!(wire::code(&response).as_deref(), Some("INVALID_TOKEN" | "USER_NOT_FOUND"));
        Err(if is_token { AccountError::InvalidToken } else { refusal_of_stranger(&response) })
    }

    async fn verify_email(&self, caller: &Caller, token: &SecretText) -> Result<(), AccountError> {
        let mut url = self.endpoint(&["verify-email"]);
        url.query_pairs_mut().append_pair("token", token.expose());
        let asked = self.ask(caller, Method::GET, &url, &Value::Null, None).await;
        let response = asked.map_err(|error| AccountError::Unavailable(error.to_string()))?;
        // `autoSignInAfterVerification`: a link that somebody opens must not sign them in here.
        if let Some(unused) = self.kept.begin(&response, &self.issued_by, self.now()) {
            self.give_back(caller, &unused).await;
        }
        if has_status(&response) {
            return Ok(());
        }
        let is_token = matches!(
            wire::code(&response).as_deref(),
            Some("INVALID_TOKEN" | "TOKEN_EXPIRED" | "INVALID_USER" | "USER_NOT_FOUND")
        );
        Err(if is_token { AccountError::InvalidToken } else { refusal_of_stranger(&response) })
    }
}

impl BetterAuthProvider {
    /// SECURITY: the auth server changes or deletes whoever the cookie is of, so it is asked first who that is.
    async fn is_session_of(&self, calls: &dyn AuthorizedCalls, id: &str) -> Result<(), AccountError> {
        if self.current_user(calls).await?.id == id {
            return Ok(());
        }
        tracing::error!("no account is changed: the auth server knows the session as another person's");
        Err(AccountError::Unavailable("the session is another person's".to_owned()))
    }
}

fn text_of(url: Option<&Url>) -> Option<&str> {
    url.map(Url::as_str)
}

/// Whether this is the `{status: true}` by which the auth server says that it is done.
fn has_status(response: &Response) -> bool {
    wire::object(response).is_some_and(|answer| answer.get("status") == Some(&true.into()))
}

/// The meaning of a failed answer to a request whose only field from a form is an address.
fn refusal_of_address(response: &Response) -> AccountError {
    let is_address = response.status() == StatusCode::BAD_REQUEST
        && wire::code(response).as_deref() == Some("VALIDATION_ERROR");
    match wire::refused_fields("INVALID_EMAIL").filter(|_| is_address) {
        Some(fields) => AccountError::Invalid(fields),
        None => refusal(response),
    }
}

fn refusal_of_stranger(response: &Response) -> AccountError {
    of_stranger(refusal(response), response)
}

/// A call without credentials cannot find out that nobody is signed in.
fn of_stranger(refusal: AccountError, response: &Response) -> AccountError {
    match refusal {
        AccountError::SignedOut | AccountError::Forbidden | AccountError::NotRecent => {
            AccountError::Unavailable(wire::describe(response))
        }
        other => other,
    }
}
