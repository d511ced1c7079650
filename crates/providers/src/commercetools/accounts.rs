//! Registration. Whoever registers is a guest for that one call, and the sign-in that follows is that of any customer:
//! it brings the cart of the guest's session along.

use async_trait::async_trait;
use http::{Method, StatusCode};
use ironleaf_api_types::User;
use ironleaf_auth::{
    AccountAbility, AccountError, Accounts, AuthorizedCalls, Caller, EmailAddress, FieldError, FieldReason,
    Response, SecretText, SignInError,
};
use serde_json::json;

use super::CommercetoolsProvider;
use super::urls::below;
use super::wire::{self, Refusal};
use crate::oauth;

/// A new password needs the current one, and e-mails are the shop's own. Neither fits the forms of this application.
#[async_trait]
impl Accounts for CommercetoolsProvider {
    fn offers(&self, ability: AccountAbility) -> bool {
        ability == AccountAbility::Register
    }

    async fn current_user(&self, calls: &dyn AuthorizedCalls) -> Result<User, AccountError> {
        let url = below(&self.base_urls[0].url, &["me"]);
        let response = calls.send(oauth::request(Method::GET, url.as_str()).map_err(unavailable)?).await?;
        if let Some(customer) = wire::customer(&response) {
            return Ok(customer);
        }
        let refusal = wire::refusal(&response);
        // One answer ends no session: whoever asked asks for a refresh next, and that answer decides.
        if response.status() == StatusCode::NOT_FOUND && refusal.is_in_form() {
            return Err(AccountError::Gone);
        }
        Err(meaning(&refusal))
    }

    async fn register(
        &self,
        caller: &Caller,
        email: &EmailAddress,
        password: &SecretText,
    ) -> Result<User, AccountError> {
        let stranger = self.sign_in_guest(caller).await.map_err(no_tokens)?.grant;
        let body = json!({ "email": email.as_str(), "password": password.expose() });
        let answered = self.call(caller, &stranger, Method::POST, &["me", "signup"], &body).await;
        // The sign-in that follows has tokens of its own.
        if let Err(failure) = self.revoke(caller, &stranger).await {
            tracing::warn!(%failure, "the tokens of a registration were not revoked");
        }
        created(&answered.map_err(unavailable)?)
    }

    async fn update(
        &self,
        _: &dyn AuthorizedCalls,
        _: &str,
        _: Option<&EmailAddress>,
        _: Option<&SecretText>,
    ) -> Result<User, AccountError> {
        Err(unavailable("the API wants the current password for this"))
    }

    async fn delete(&self, _: &dyn AuthorizedCalls, _: &str) -> Result<(), AccountError> {
        Err(unavailable("accounts are not deleted here"))
    }

    async fn request_password_reset(&self, _: &Caller, _: &EmailAddress) -> Result<(), AccountError> {
        Err(unavailable("the API sends no e-mails"))
    }

    async fn verify_email(&self, _: &Caller, _: &SecretText) -> Result<(), AccountError> {
        Err(unavailable("the API sends no e-mails"))
    }
}

/// The customer whom a registration has made.
fn created(response: &Response) -> Result<User, AccountError> {
    wire::created(response).ok_or_else(|| meaning(&wire::refusal(response)))
}

/// What a refusal means for an account. Trying again does not help against a wrong setting, but nothing else can be
/// told to a page.
fn meaning(refusal: &Refusal) -> AccountError {
    if refusal.status == StatusCode::TOO_MANY_REQUESTS {
        return AccountError::TooManyRequests { retry_after: refusal.retry_after };
    }
    if refusal.status == StatusCode::BAD_REQUEST {
        // The address is all that could be there twice.
        if refusal.says(&["DuplicateField"]) {
            return AccountError::EmailTaken;
        }
        if !refusal.fields.is_empty() {
            return AccountError::Invalid(refusal.fields.iter().map(|field| not_accepted(field)).collect());
        }
    }
    if refusal.is_setting() {
        tracing::error!(detail = %refusal.detail, "an account cannot be reached because of a setting");
    }
    unavailable(&refusal.detail)
}

fn not_accepted(field: &str) -> FieldError {
    FieldError { field: field.to_owned(), reason: FieldReason::NotAccepted }
}

/// Nobody could become a guest, so nobody can register.
fn no_tokens(error: SignInError) -> AccountError {
    match error {
        SignInError::TooManyRequests { retry_after } => AccountError::TooManyRequests { retry_after },
        SignInError::Misconfigured(detail) => {
            tracing::error!(%detail, "people cannot register because of a setting");
            AccountError::Unavailable(detail)
        }
        error => unavailable(error),
    }
}

fn unavailable(detail: impl std::fmt::Display) -> AccountError {
    AccountError::Unavailable(detail.to_string())
}
