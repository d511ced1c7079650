use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use ironleaf_api_types::User;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CoreApiProvider, normalized, wire};
use ironleaf_auth::{
    AccountError, Accounts, AuthorizedCalls, Caller, Request, Response, SecretText, TransportError,
};

/// The API verifies in a few milliseconds; ten questions a second for a moment are no burden to it.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

#[async_trait]
impl Accounts for CoreApiProvider {
    async fn current_user(&self, calls: &dyn AuthorizedCalls) -> Result<User, AccountError> {
        let request = self.account_request(Method::GET, "current", &Value::Null)?;
        let response = calls.send(request).await?;
        if wire::is_unknown(&response) {
            return Err(AccountError::Gone);
        }
        user(&response)
    }

    async fn register(
        &self,
        caller: &Caller,
        email: &str,
        password: &SecretText,
    ) -> Result<User, AccountError> {
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
            body["password"] = password.expose().into();
        }
        let request = self.account_request(Method::PATCH, id, &body)?;
        user(&calls.send(request).await?)
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
        let body = json!({ "token": token.expose() });
        let response = self.anonymous(caller, &["auth", "action-requests"], &body).await?;
        let Some(accepted) = wire::item::<ActionRequest>(&response) else {
            return Err(refused_token(&response));
        };
        let deadline = self.settings.verification_deadline;
        match tokio::time::timeout(deadline, self.settled(caller, accepted)).await {
            Ok(result) => result,
            Err(_) => Err(AccountError::Unavailable("the verification is still being processed".to_owned())),
        }
    }
}

impl CoreApiProvider {
    fn account_request(&self, method: Method, id: &str, body: &Value) -> Result<Request, AccountError> {
        wire::bare_request(method, &self.endpoint(&["user", "users", id]), body)
            .map_err(|error| unavailable(&error))
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
    async fn settled(&self, caller: &Caller, mut seen: ActionRequest) -> Result<(), AccountError> {
        let mut ticks = tokio::time::interval(POLL_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            match seen.status {
                ActionStatus::Completed => return Ok(()),
                ActionStatus::Failed => return Err(AccountError::InvalidToken),
                ActionStatus::Processing => {}
            }
            ticks.tick().await;
            let path = ["auth", "action-requests", seen.id.as_str()];
            if let Ok(response) = self.anonymous(caller, &path, &Value::Null).await
                && let Some(now) = wire::item(&response)
            {
                seen = now;
            }
        }
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

fn refused_token(response: &Response) -> AccountError {
    match refusal(response) {
        AccountError::Invalid(_) | AccountError::SignedOut => AccountError::InvalidToken,
        told @ (AccountError::TooManyRequests { .. } | AccountError::Unavailable(_)) => told,
        _ => AccountError::Unavailable(wire::describe(response)),
    }
}
