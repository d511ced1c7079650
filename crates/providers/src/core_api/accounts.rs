use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use ironleaf_api_types::User;
use ironleaf_credentials::email::unicode_form;
use ironleaf_credentials::password::{CONTROL_CHARACTERS, Unusable, opaque_string};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Builder;

use super::{CoreApiProvider, wire};
use ironleaf_auth::{
    AccountError, Accounts, AuthorizedCalls, Caller, EmailAddress, FieldError, Request, Response, SecretText,
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
        let body = json!({ "email": email.as_str() });
        let response = self.anonymous(caller, &["auth", "tokens"], &body).await?;
        match wire::item::<Action>(&response) {
            Some(Action { action }) if action == "CHECK_EMAIL" => {}
            _ => return Err(nobody_signed_in(refusal(&response))),
        }
        // The answer does not say whether there is such an account. One that was stored with its domain in Unicode has the other form.
        if let Some(other) = unicode_form(email.as_str()) {
            self.anonymous(caller, &["auth", "tokens"], &json!({ "email": other })).await?;
        }
        Ok(())
    }

    async fn verify_email(&self, caller: &Caller, token: &SecretText) -> Result<(), AccountError> {
        let progress = Progress::default();
        let verifying = self.verify(caller, token, &progress);
        match tokio::time::timeout(self.settings.verification_deadline, verifying).await {
            Ok(result) => result,
            // Some APIs never decide about the token of a link that a newer one has replaced.
            Err(_) if progress.is_undecided() => Err(AccountError::InvalidToken),
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

    /// Some APIs answer 500 to a token that is altered, as they would to any while their database is away or their disk is full, and
    /// after something went wrong with one that they have taken on. So the same answer is looked for to a token that certainly is none.
    /// An API that tells that one apart has failed at ours. One that does not, and knows that it has never heard of another
    /// verification, is well: the token is presented once more, which harms nobody, and is to blame if the answer is the same.
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

    /// The person of an answer, which also says what the API does with their other sessions when their password changes.
    fn person(&self, response: &Response) -> Result<User, AccountError> {
        let user = user(response)?;
        self.ends_families.store(wire::ends_families(response), Ordering::Relaxed);
        Ok(user)
    }
}

/// What a verification is waiting for.
#[derive(Default)]
struct Progress(Mutex<(bool, Option<Instant>)>);

impl Progress {
    fn asked(&self) {
        self.lock().1 = Some(Instant::now());
    }

    fn answered(&self, is_processing: bool) {
        *self.lock() = (is_processing, None);
    }

    /// Whether the API is there and says that it has not decided. A question that is under way for long says that it is not.
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

/// A failure in the API's own form: a proxy's page is none.
fn is_failure(response: &Response) -> bool {
    response.status() == StatusCode::INTERNAL_SERVER_ERROR && wire::ApiError::read(response).is_some()
}

fn refused_token(response: &Response) -> AccountError {
    match refusal(response) {
        AccountError::Invalid(_) | AccountError::SignedOut => AccountError::InvalidToken,
        // What the token was about is gone.
        _ if wire::is_unknown(response) => AccountError::InvalidToken,
        told @ (AccountError::TooManyRequests { .. } | AccountError::Unavailable(_)) => told,
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
