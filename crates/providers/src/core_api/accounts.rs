use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use ironleaf_api_types::User;
use ironleaf_credentials::password::{CONTROL_CHARACTERS, Unusable, opaque_string};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Builder;

use super::{CoreApiProvider, normalized, wire};
use ironleaf_auth::{
    AccountError, Accounts, AuthorizedCalls, Caller, FieldError, Request, Response, SecretText,
    TransportError,
};

/// The API verifies in a few milliseconds. After this it is asked for the first time, then after twice as long each time: seven questions
/// within three seconds.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

#[async_trait]
impl Accounts for CoreApiProvider {
    async fn current_user(&self, calls: &dyn AuthorizedCalls) -> Result<User, AccountError> {
        let request = self.account_request(Method::GET, "current", &Value::Null)?;
        let response = calls.send(request).await?;
        if wire::is_unknown(&response) {
            return Err(AccountError::Gone);
        }
        self.person(&response)
    }

    async fn register(
        &self,
        caller: &Caller,
        email: &str,
        password: &SecretText,
    ) -> Result<User, AccountError> {
        let password = self.new_password(password)?;
        let body = json!({ "email": normalized(email), "password": password.expose() });
        user(&self.anonymous(caller, &["user", "users"], &body).await?).map_err(nobody_signed_in)
    }

    async fn update(
        &self,
        calls: &dyn AuthorizedCalls,
        id: &str,
        email: Option<&str>,
        password: Option<&SecretText>,
    ) -> Result<User, AccountError> {
        let mut body = json!({});
        if let Some(email) = email {
            body["email"] = normalized(email).into();
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

    async fn request_password_reset(&self, caller: &Caller, email: &str) -> Result<(), AccountError> {
        let body = json!({ "email": normalized(email) });
        let response = self.anonymous(caller, &["auth", "tokens"], &body).await?;
        match wire::item::<Action>(&response) {
            Some(Action { action }) if action == "CHECK_EMAIL" => Ok(()),
            _ => Err(nobody_signed_in(refusal(&response))),
        }
    }

    async fn verify_email(&self, caller: &Caller, token: &SecretText) -> Result<(), AccountError> {
        let is_processing = AtomicBool::new(false);
        let verifying = self.verify(caller, token, &is_processing);
        match tokio::time::timeout(self.settings.verification_deadline, verifying).await {
            Ok(result) => result,
            // Some APIs never decide about the token of a link that a newer one has replaced.
            Err(_) if is_processing.into_inner() => Err(AccountError::InvalidToken),
            Err(_) => Err(AccountError::Unavailable("a verification got no answer in time".to_owned())),
        }
    }

    fn ends_other_sessions(&self) -> bool {
        self.ends_families.load(Ordering::Relaxed)
    }
}

impl CoreApiProvider {
    fn account_request(&self, method: Method, id: &str, body: &Value) -> Result<Request, AccountError> {
        wire::bare_request(method, &self.endpoint(&["user", "users", id]), body)
            .map_err(|error| unavailable(&error))
    }

    /// A password to be, as the API is to store it.
    fn new_password(&self, typed: &SecretText) -> Result<SecretText, AccountError> {
        if !self.settings.normalize_passwords {
            return Ok(typed.clone());
        }
        match opaque_string(typed.expose()) {
            Ok(form) => Ok(SecretText::from(form.as_str())),
            Err(Unusable::ControlCharacters) => {
                let (field, message) = ("password".to_owned(), CONTROL_CHARACTERS.to_owned());
                Err(AccountError::Invalid(vec![FieldError { field, message }]))
            }
            // The API has words of its own for it.
            Err(Unusable::Empty) => Ok(typed.clone()),
        }
    }

    /// A call that speaks for nobody.
    async fn anonymous(
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

    /// Asks until the verification is decided. A question without an answer is asked again: only the deadline ends it.
    /// `is_processing` is whether the last answer said that it is not decided yet.
    #[expect(clippy::disallowed_methods, reason = "the caller's deadline bounds it")]
    async fn verify(
        &self,
        caller: &Caller,
        token: &SecretText,
        is_processing: &AtomicBool,
    ) -> Result<(), AccountError> {
        let body = json!({ "token": token.expose() });
        let response = self.anonymous(caller, &["auth", "action-requests"], &body).await?;
        let Some(accepted) = wire::item::<ActionRequest>(&response) else {
            return Err(self.refused_token(caller, &response).await);
        };
        let mut status = Some(accepted.status);
        let mut pause = FIRST_PAUSE;
        loop {
            is_processing.store(matches!(status, Some(ActionStatus::Processing)), Ordering::Relaxed);
            match status {
                Some(ActionStatus::Completed) => return Ok(()),
                Some(ActionStatus::Failed) => return Err(AccountError::InvalidToken),
                Some(ActionStatus::Processing) | None => {}
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(2 * pause);
            let path = ["auth", "action-requests", accepted.id.as_str()];
            let response = self.anonymous(caller, &path, &Value::Null).await;
            status = response
                .ok()
                .and_then(|response| wire::item(&response))
                .map(|ActionRequest { status, .. }| status);
        }
    }

    /// What becomes of a token that the API has not taken on. Some answer 500 to one that is altered, as they would to any while their
    /// database is away: an API that knows that it has never heard of another verification is well, and the token is to blame.
    async fn refused_token(&self, caller: &Caller, response: &Response) -> AccountError {
        let is_failure = response.status() == StatusCode::INTERNAL_SERVER_ERROR;
        if is_failure && wire::ApiError::read(response).is_some() && self.knows_of_no_other(caller).await {
            return AccountError::InvalidToken;
        }
        match refusal(response) {
            AccountError::Invalid(_) | AccountError::SignedOut => AccountError::InvalidToken,
            // What the token was about is gone.
            _ if wire::is_unknown(response) => AccountError::InvalidToken,
            told @ (AccountError::TooManyRequests { .. } | AccountError::Unavailable(_)) => told,
            _ => AccountError::Unavailable(wire::describe(response)),
        }
    }

    async fn knows_of_no_other(&self, caller: &Caller) -> bool {
        let mut bytes = [0; 16];
        (self.random)(&mut bytes);
        let id = Builder::from_random_bytes(bytes).into_uuid().to_string();
        let asked = self.anonymous(caller, &["auth", "action-requests", &id], &Value::Null).await;
        asked.is_ok_and(|response| wire::is_unknown(&response))
    }

    /// The person of an answer, which also says what the API does with their other sessions when their password changes.
    fn person(&self, response: &Response) -> Result<User, AccountError> {
        let user = user(response)?;
        self.ends_families.store(wire::ends_families(response), Ordering::Relaxed);
        Ok(user)
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

fn unavailable(error: &TransportError) -> AccountError {
    AccountError::Unavailable(error.to_string())
}

/// What the API's answer means, where it is in the API's own form. There is no 404 among these: it means that the
/// address is not the API's, or that an account vanished between two calls.
fn refusal(response: &Response) -> AccountError {
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        // A proxy in front of the API may say so as well, in a form of its own.
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

/// A call that speaks for nobody cannot learn that nobody is signed in.
fn nobody_signed_in(error: AccountError) -> AccountError {
    match error {
        AccountError::SignedOut => {
            AccountError::Unavailable("the API asks an anonymous call to sign in".to_owned())
        }
        other => other,
    }
}
