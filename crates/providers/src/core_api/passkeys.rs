use std::time::SystemTime;

use async_trait::async_trait;
use http::{Method, StatusCode};
use ironleaf_auth::{
    AccountError, AuthorizedCalls, Caller, Passkey, PasskeyError, PasskeyRefusal, PasskeyRequest, Passkeys,
    Response, SecretText, SignInError,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::refusal;
use super::{CoreApiProvider, wire};

const PASSKEYS: [&str; 4] = ["user", "users", "current", "passkeys"];
const REGISTRATION: [&str; 4] = ["user", "users", "current", "passkey-challenges"];
const SIGN_IN: [&str; 2] = ["auth", "passkey-challenges"];

/// The sentence of the contract for a passkey that an account has already. The status is that of any conflict.
const KNOWN: &str = "The passkey is registered already";

/// The body that signs in with a passkey.
///
/// # Errors
///
/// [`SignInError::InvalidCredentials`] unless the browser's answer is JSON.
pub(super) fn sign_in_body(state: &SecretText, credential: &SecretText) -> Result<Value, SignInError> {
    let credential: Value =
        serde_json::from_str(credential.expose()).map_err(|_| SignInError::InvalidCredentials)?;
    Ok(json!({ "passkeyState": state.expose(), "passkey": credential }))
}

#[async_trait]
impl Passkeys for CoreApiProvider {
    async fn begin_sign_in(&self, caller: &Caller) -> Result<PasskeyRequest, AccountError> {
        let response = self.anonymous(caller, &SIGN_IN, &json!({})).await?;
        begun(&response).ok_or_else(|| match refusal_of_passkeys(&response) {
            told @ AccountError::TooManyRequests { .. } => told,
            _ => AccountError::Unavailable(wire::describe(&response)),
        })
    }

    async fn list(&self, calls: &dyn AuthorizedCalls) -> Result<Vec<Passkey>, AccountError> {
        let response = self.call(calls, Method::GET, &PASSKEYS, &Value::Null).await?;
        let items: Vec<Item> = wire::items(&response).ok_or_else(|| refusal_of_passkeys(&response))?;
        Ok(items.into_iter().filter_map(Item::into_passkey).collect())
    }

    async fn begin(&self, calls: &dyn AuthorizedCalls) -> Result<PasskeyRequest, PasskeyError> {
        let response = self.call(calls, Method::POST, &REGISTRATION, &json!({})).await?;
        begun(&response).ok_or_else(|| refused(&response))
    }

    async fn add(
        &self,
        calls: &dyn AuthorizedCalls,
        name: &str,
        state: &SecretText,
        credential: &SecretText,
    ) -> Result<(), PasskeyError> {
        let credential: Value =
            serde_json::from_str(credential.expose()).map_err(|_| PasskeyRefusal::NotAccepted)?;
        let body = json!({ "name": name, "state": state.expose(), "credential": credential });
        let response = self.call(calls, Method::POST, &PASSKEYS, &body).await?;
        done(&response, StatusCode::CREATED)
    }

    async fn rename(&self, calls: &dyn AuthorizedCalls, id: &str, name: &str) -> Result<(), PasskeyError> {
        let response = self.call(calls, Method::PATCH, &one(id), &json!({ "name": name })).await?;
        done_with_one(&response, StatusCode::OK)
    }

    async fn remove(&self, calls: &dyn AuthorizedCalls, id: &str) -> Result<(), PasskeyError> {
        let response = self.call(calls, Method::DELETE, &one(id), &Value::Null).await?;
        done_with_one(&response, StatusCode::NO_CONTENT)
    }
}

/// A passkey in the form of the core API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    name: String,
    created_at: String,
    #[serde(default)]
    last_used_at: Option<String>,
    #[serde(default)]
    backed_up: bool,
    #[serde(default)]
    blocked_at: Option<String>,
}

impl Item {
    /// `None` without a valid time.
    fn into_passkey(self) -> Option<Passkey> {
        let Self { id, name, created_at, last_used_at, backed_up, blocked_at } = self;
        let at = |text: &str| text.parse::<jiff::Timestamp>().ok().map(SystemTime::from);
        Some(Passkey {
            id,
            name,
            created_at: at(&created_at)?,
            last_used_at: last_used_at.as_deref().and_then(at),
            is_backed_up: backed_up,
            is_blocked: blocked_at.is_some(),
        })
    }
}

fn begun(response: &Response) -> Option<PasskeyRequest> {
    #[derive(Deserialize)]
    struct Begun {
        options: Value,
        state: String,
    }
    let Begun { options, state } = wire::item(response)?;
    Some(PasskeyRequest { options: options.to_string(), state: state.into() })
}

fn one(id: &str) -> [&str; 5] {
    let [a, b, c, d] = PASSKEYS;
    [a, b, c, d, id]
}

/// SECURITY: another answer, such as the page of a gateway, does not say that it is done.
fn done(response: &Response, expected: StatusCode) -> Result<(), PasskeyError> {
    if response.status() == expected { Ok(()) } else { Err(refused(response)) }
}

/// The same for a call about one passkey, which may be gone.
fn done_with_one(response: &Response, expected: StatusCode) -> Result<(), PasskeyError> {
    if wire::is_unknown(response) { Err(PasskeyRefusal::Gone.into()) } else { done(response, expected) }
}

/// A call that is about no single passkey finds none only if the API does not have the call.
fn refusal_of_passkeys(response: &Response) -> AccountError {
    if response.status() == StatusCode::NOT_FOUND {
        tracing::warn!(
            answer = wire::describe(response),
            "the API has no calls for passkeys; set CORE_API_PASSKEYS=false"
        );
    }
    refusal(response)
}

fn refused(response: &Response) -> PasskeyError {
    let Some(error) = wire::ApiError::read(response) else { return refusal_of_passkeys(response).into() };
    let refused = match response.status() {
        StatusCode::FORBIDDEN => PasskeyRefusal::Unverified,
        StatusCode::CONFLICT if error.says(KNOWN) => PasskeyRefusal::Known,
        StatusCode::CONFLICT => PasskeyRefusal::TooMany,
        StatusCode::BAD_REQUEST => match error.into_fields() {
            fields if fields.is_empty() => PasskeyRefusal::Over,
            fields if fields.iter().any(|field| field.field == "name") => {
                return AccountError::Invalid(fields).into();
            }
            _ => PasskeyRefusal::NotAccepted,
        },
        _ => return refusal_of_passkeys(response).into(),
    };
    refused.into()
}
