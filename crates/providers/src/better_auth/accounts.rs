use std::sync::atomic::Ordering;

use async_trait::async_trait;
use http::Method;
use ironleaf_api_types::User;
use ironleaf_auth::{
    AccountAbility, AccountError, Accounts, AuthorizedCalls, Caller, EmailAddress, Response, SecretText,
};
use serde_json::{Value, json};

use super::calls::{authorized, refusal};
use super::{BetterAuthProvider, person, wire};

/// A change of the address or the password needs the present password, and a link for a new password is used together
/// with the new password. Neither fits the forms of this application, so both are left to pages of the auth server's
/// own application.
#[async_trait]
impl Accounts for BetterAuthProvider {
    fn offers(&self, ability: AccountAbility) -> bool {
        match ability {
            AccountAbility::Register => self.settings.sign_up,
            AccountAbility::Delete => self.settings.delete_user,
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
        Err(AccountError::Unavailable("the auth server wants the present password for this".to_owned()))
    }

    /// The auth server deletes whoever the cookie is of, so it is asked first who that is.
    async fn delete(&self, calls: &dyn AuthorizedCalls, id: &str) -> Result<(), AccountError> {
        if self.current_user(calls).await?.id != id {
            tracing::error!("no account is deleted: the auth server knows the session as another person's");
            return Err(AccountError::Unavailable("the session is another person's".to_owned()));
        }
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

    async fn request_password_reset(&self, _: &Caller, _: &EmailAddress) -> Result<(), AccountError> {
        Err(AccountError::Unavailable("a link for a new password leads to another application".to_owned()))
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
        let is_verified =
            wire::object(&response).is_some_and(|answer| answer.get("status") == Some(&true.into()));
        if is_verified {
            return Ok(());
        }
        let is_token = matches!(
            wire::code(&response).as_deref(),
            Some("INVALID_TOKEN" | "TOKEN_EXPIRED" | "INVALID_USER" | "USER_NOT_FOUND")
        );
        Err(if is_token { AccountError::InvalidToken } else { refusal_of_stranger(&response) })
    }
}

/// A call without credentials cannot find out that nobody is signed in.
fn refusal_of_stranger(response: &Response) -> AccountError {
    match refusal(response) {
        AccountError::SignedOut | AccountError::Forbidden => {
            AccountError::Unavailable(wire::describe(response))
        }
        other => other,
    }
}
