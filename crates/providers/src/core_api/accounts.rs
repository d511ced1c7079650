use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use ironleaf_api_types::User;
use ironleaf_credentials::email::unicode_form;
use ironleaf_credentials::password::{Unusable, opaque_string};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Builder;

use super::{CoreApiProvider, activity, wire};
use crate::endpoint;
use ironleaf_auth::{
    AccountAbility, AccountError, Accounts, Activity, AuthorizedCalls, Caller, EmailAddress, FieldError,
    FieldReason, Request, Response, SecretText, TransportError,
};

/// The pause before the first poll of a verification, which takes the API a few milliseconds. Each later pause is twice
/// as long, up to [`LONGEST_PAUSE`]: seven polls within three seconds.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

#[async_trait]
impl Accounts for CoreApiProvider {
    fn offers(&self, ability: AccountAbility) -> bool {
        match ability {
            AccountAbility::Activity => self.has_activity.load(Ordering::Relaxed),
            AccountAbility::Passkeys => self.settings.has_passkeys,
            AccountAbility::RequestSignInLink => self.settings.sends_sign_in_links,
            AccountAbility::SecondFactor => self.has_second_factor.load(Ordering::Relaxed),
            // Both are changed by one call, without the current password. The link of an e-mail signs the person in.
            AccountAbility::ChangeEmail
            | AccountAbility::ChangePassword
            | AccountAbility::SetPasswordByLink => false,
            // Whether the API can take an address back is known by its e-mails: nobody else has a link.
            _ => true,
        }
    }

    async fn current_user(&self, calls: &dyn AuthorizedCalls) -> Result<User, AccountError> {
        let mut request = Request::default();
        *request.uri_mut() = self
            .current_user
            .clone()
            .ok_or_else(|| AccountError::Unavailable("the base URL is not that of an API".to_owned()))?;
        let response = calls.send(request).await?;
        if wire::is_unknown(&response) {
            return Err(AccountError::Gone);
        }
        let user = self.person(&response)?;
        // Answers to changes need not declare this, and must not take it back.
        self.has_second_factor.store(wire::has_second_factor(&response), Ordering::Relaxed);
        Ok(user)
    }

    async fn register(
        &self,
        caller: &Caller,
        email: &EmailAddress,
        password: &SecretText,
    ) -> Result<User, AccountError> {
        let password = self.new_password(password)?;
        let body = json!({ "email": email.as_str(), "password": password.expose() });
        user(&self.anonymous(caller, &["user", "users"], &body).await?).map_err(nobody_signed_in)
    }

    async fn update(
        &self,
        calls: &dyn AuthorizedCalls,
        id: &str,
        email: Option<&EmailAddress>,
        password: Option<&SecretText>,
    ) -> Result<User, AccountError> {
        let mut body = json!({});
        if let Some(email) = email {
            body["email"] = email.as_str().into();
        }
        if let Some(password) = password {
            body["password"] = self.new_password(password)?.expose().into();
        }
        let request = self.account_request(Method::PATCH, id, &body)?;
        self.person(&calls.send(request).await?)
    }

    async fn delete(&self, calls: &dyn AuthorizedCalls, id: &str) -> Result<(), AccountError> {
        let request = self.account_request(Method::DELETE, id, &Value::Null)?;
        let response = calls.send(request).await?;
        if response.status().is_success() { Ok(()) } else { Err(refusal(&response)) }
    }

    async fn request_password_reset(
        &self,
        caller: &Caller,
        email: &EmailAddress,
    ) -> Result<(), AccountError> {
        self.request_link(caller, &["auth", "tokens"], email).await
    }

    async fn request_sign_in_link(&self, caller: &Caller, email: &EmailAddress) -> Result<(), AccountError> {
        self.request_link(caller, &["auth", "sign-in-links"], email).await
    }

    async fn verify_email(&self, caller: &Caller, token: &SecretText) -> Result<(), AccountError> {
        let progress = Progress::default();
        let verifying = self.verify(caller, token, &progress);
        match tokio::time::timeout(self.settings.verification_deadline, verifying).await {
            Ok(result) => result,
            // Some APIs never decide about the token of a link that a newer link has replaced.
            Err(_) if progress.is_undecided() => Err(AccountError::InvalidToken),
            Err(_) => Err(AccountError::Unavailable("a verification got no answer in time".to_owned())),
        }
    }

    fn ends_other_sessions(&self) -> bool {
        self.ends_families.load(Ordering::Relaxed)
    }

    async fn activity(&self, calls: &dyn AuthorizedCalls, limit: u32) -> Result<Vec<Activity>, AccountError> {
        let mut url = self.endpoint(&["user", "users", "current", "activity"]);
        url.set_query(Some(&format!("limit={limit}")));
        let request =
            endpoint::request(Method::GET, &url, &Value::Null).map_err(|error| unavailable(&error))?;
        let response = calls.send(request).await?;
        activity::read(&response).ok_or_else(|| refusal(&response))
    }

    async fn restore_address(&self, caller: &Caller, token: &SecretText) -> Result<String, AccountError> {
        #[derive(Deserialize)]
        struct Restored {
            id: String,
        }
        let body = json!({ "token": token.expose() });
        let response = self.anonymous(caller, &["auth", "address-restorations"], &body).await?;
        wire::item(&response).map(|Restored { id }| id).ok_or_else(|| refused_token(&response))
    }
}

impl CoreApiProvider {
    pub(super) fn account_request(
        &self,
        method: Method,
        id: &str,
        body: &Value,
    ) -> Result<Request, AccountError> {
        endpoint::request(method, &self.endpoint(&["user", "users", id]), body)
            .map_err(|error| unavailable(&error))
    }

    /// Has an e-mail with a one-time token sent, if the address is known.
    async fn request_link(
        &self,
        caller: &Caller,
        endpoint: &[&str],
        email: &EmailAddress,
    ) -> Result<(), AccountError> {
        let response = self.anonymous(caller, endpoint, &json!({ "email": email.as_str() })).await?;
        match wire::item::<Action>(&response) {
            Some(Action { action }) if action == "CHECK_EMAIL" => {}
            _ => return Err(nobody_signed_in(refusal(&response))),
        }
        // The answer does not say whether there is such an account. One that was stored with its domain in Unicode has
        // the other form.
        if let Some(other) = unicode_form(email.as_str()) {
            self.anonymous(caller, endpoint, &json!({ "email": other })).await?;
        }
        Ok(())
    }

    /// A new password, in the form in which the API is to store it.
    fn new_password(&self, typed: &SecretText) -> Result<SecretText, AccountError> {
        if !self.settings.normalize_passwords {
            return Ok(typed.clone());
        }
        match opaque_string(typed.expose()) {
            Ok(form) => Ok(SecretText::from(form.as_str())),
            Err(Unusable::ControlCharacters) => {
                let (field, reason) = ("password".to_owned(), FieldReason::ControlCharacters);
                Err(AccountError::Invalid(vec![FieldError { field, reason }]))
            }
            // The API has its own message for an empty password.
            Err(Unusable::Empty) => Ok(typed.clone()),
        }
    }

    /// A call without credentials.
    pub(super) async fn anonymous(
        &self,
        caller: &Caller,
        segments: &[&str],
        body: &Value,
    ) -> Result<Response, AccountError> {
        let method = if body.is_null() { Method::GET } else { Method::POST };
        let request = wire::request(caller, method, &self.endpoint(segments), body)
            .map_err(|error| unavailable(&error))?;
        self.transport.send(request).await.map_err(|error| unavailable(&error))
    }

    /// Polls until the verification is decided. A failed poll is repeated; only the deadline stops the polling.
    #[expect(clippy::disallowed_methods, reason = "the caller's deadline bounds it")]
    async fn verify(
        &self,
        caller: &Caller,
        token: &SecretText,
        progress: &Progress,
    ) -> Result<(), AccountError> {
        let accepted = self.present_token(caller, token).await?;
        let mut status = Some(accepted.status);
        let mut pause = FIRST_PAUSE;
        loop {
            match status {
                Some(ActionStatus::Completed) => return Ok(()),
                Some(ActionStatus::Failed) => return Err(AccountError::InvalidToken),
                Some(ActionStatus::Processing) => progress.answered(true),
                None => progress.answered(false),
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(2 * pause);
            progress.asked();
            let path = ["auth", "action-requests", accepted.id.as_str()];
            let response = self.anonymous(caller, &path, &Value::Null).await;
            let now = response.ok().and_then(|response| wire::item(&response));
            status = now.map(|ActionRequest { status, .. }| status);
        }
    }

    /// Presents the token of a verification link, and finds out whether a 500 is the token's fault or the API's.
    ///
    /// Some APIs answer 500 to an altered token. They give the same answer to any token while their database is down or
    /// their disk is full, and after an internal error with a token that they accepted. So a 500 is compared with the
    /// API's answer to a random token, which is certainly invalid:
    ///
    /// - If the API does not answer 500 to the random token, it can tell bad tokens apart, so the failure is its own.
    /// - If it answers 500, it is asked for a verification with the random id. Unless it answers 404, it is down.
    /// - If it answers 404, it is up. Our token is presented once more, which does no harm. A second 500 means that the
    ///   token is invalid.
    async fn present_token(
        &self,
        caller: &Caller,
        token: &SecretText,
    ) -> Result<ActionRequest, AccountError> {
        let response = self.post_token(caller, token.expose()).await?;
        if let Some(accepted) = wire::item(&response) {
            return Ok(accepted);
        }
        if !is_failure(&response) {
            return Err(refused_token(&response));
        }
        let failed = AccountError::Unavailable(wire::describe(&response));
        let nobodys = Builder::from_random_bytes(self.random_bytes()).into_uuid().to_string();
        if !is_failure(&self.post_token(caller, &nobodys).await?) {
            return Err(failed);
        }
        let path = ["auth", "action-requests", nobodys.as_str()];
        if !wire::is_unknown(&self.anonymous(caller, &path, &Value::Null).await?) {
            return Err(failed);
        }
        let response = self.post_token(caller, token.expose()).await?;
        match wire::item(&response) {
            Some(accepted) => Ok(accepted),
            None if is_failure(&response) => Err(AccountError::InvalidToken),
            None => Err(refused_token(&response)),
        }
    }

    async fn post_token(&self, caller: &Caller, token: &str) -> Result<Response, AccountError> {
        self.anonymous(caller, &["auth", "action-requests"], &json!({ "token": token })).await
    }

    fn random_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        (self.random)(&mut bytes);
        bytes
    }

    /// The person in an answer. The answer's headers also tell whether a new password ends the person's other sessions.
    fn person(&self, response: &Response) -> Result<User, AccountError> {
        let user = user(response)?;
        self.ends_families.store(wire::ends_families(response), Ordering::Relaxed);
        self.has_activity.store(wire::has_activity(response), Ordering::Relaxed);
        Ok(user)
    }
}

/// The state of a verification: whether the last answer was `PROCESSING`, and when an unanswered poll was sent.
#[derive(Default)]
struct Progress(Mutex<(bool, Option<Instant>)>);

impl Progress {
    fn asked(&self) {
        self.lock().1 = Some(Instant::now());
    }

    fn answered(&self, is_processing: bool) {
        *self.lock() = (is_processing, None);
    }

    /// Whether the API is up and says that it has not decided. An API that leaves a poll unanswered for long counts as
    /// down.
    fn is_undecided(&self) -> bool {
        let (is_processing, asked_at) = *self.lock();
        is_processing && asked_at.is_none_or(|at| at.elapsed() < LONGEST_PAUSE)
    }

    fn lock(&self) -> MutexGuard<'_, (bool, Option<Instant>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Deserialize)]
struct Action {
    action: String,
}

#[derive(Deserialize)]
struct ActionRequest {
    id: String,
    status: ActionStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ActionStatus {
    Processing,
    Completed,
    Failed,
}

fn user(response: &Response) -> Result<User, AccountError> {
    wire::user(response).ok_or_else(|| refusal(response))
}

pub(super) fn unavailable(error: &TransportError) -> AccountError {
    AccountError::Unavailable(error.to_string())
}

/// The meaning of a failed answer, if it is in the API's own form. A 404 is not listed: it means that the base URL is
/// not the API's, or that an account vanished between two calls.
pub(super) fn refusal(response: &Response) -> AccountError {
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        // A proxy in front of the API may answer 429, too, in its own form.
        return AccountError::TooManyRequests { retry_after: wire::retry_after(response) };
    }
    let Some(error) = wire::ApiError::read(response) else {
        return AccountError::Unavailable(wire::describe(response));
    };
    match response.status() {
        StatusCode::BAD_REQUEST => AccountError::Invalid(error.into_fields()),
        StatusCode::UNAUTHORIZED => AccountError::SignedOut,
        StatusCode::FORBIDDEN => AccountError::Forbidden,
        StatusCode::CONFLICT => AccountError::EmailTaken,
        _ => AccountError::Unavailable(wire::describe(response)),
    }
}

/// Whether the answer is a 500 in the API's own form. A proxy's error page does not count.
fn is_failure(response: &Response) -> bool {
    response.status() == StatusCode::INTERNAL_SERVER_ERROR && wire::ApiError::read(response).is_some()
}

fn refused_token(response: &Response) -> AccountError {
    match refusal(response) {
        AccountError::Invalid(_) | AccountError::SignedOut => AccountError::InvalidToken,
        // The account or address that the token was for no longer exists.
        _ if wire::is_unknown(response) => AccountError::InvalidToken,
        told @ (AccountError::TooManyRequests { .. } | AccountError::Unavailable(_)) => told,
        _ => AccountError::Unavailable(wire::describe(response)),
    }
}

/// A call without credentials cannot find out that nobody is signed in.
fn nobody_signed_in(error: AccountError) -> AccountError {
    match error {
        AccountError::SignedOut => {
            AccountError::Unavailable("the API asks an anonymous call to sign in".to_owned())
        }
        other => other,
    }
}
