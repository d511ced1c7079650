use async_trait::async_trait;
use http::{Method, StatusCode};
use ironleaf_auth::{
    AccountError, AuthorizedCalls, Challenge, Enrolment, Response, SecondFactor, SecondFactorState,
    SecretText,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::{refusal, unavailable};
use super::{CoreApiProvider, wire};
use crate::answer::json as read_json;
use crate::endpoint;

const AUTHENTICATOR: [&str; 4] = ["user", "users", "current", "authenticator"];
const CONFIRMATION: [&str; 5] = ["user", "users", "current", "authenticator", "confirmation"];
const RECOVERY_CODES: [&str; 4] = ["user", "users", "current", "recovery-codes"];

/// What the API asks for after credentials that were right. `None` for any other answer.
pub(super) fn challenge(response: &Response) -> Option<Challenge> {
    #[derive(Deserialize)]
    struct Challenged {
        error: String,
        challenge: String,
        #[serde(default)]
        methods: Vec<String>,
    }
    if response.status() != StatusCode::UNAUTHORIZED || wire::ApiError::read(response).is_none() {
        return None;
    }
    let Challenged { error, challenge, methods } = read_json(response)?;
    let takes_recovery_codes = methods.iter().any(|method| method == "RECOVERY_CODE");
    (error == "SECOND_FACTOR" && !challenge.is_empty())
        .then(|| Challenge { token: SecretText::from(challenge), takes_recovery_codes })
}

#[async_trait]
impl SecondFactor for CoreApiProvider {
    async fn state(&self, calls: &dyn AuthorizedCalls) -> Result<SecondFactorState, AccountError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Authenticator {
            enabled: bool,
            #[serde(default)]
            recovery_codes_left: u32,
        }
        let response = self.call(calls, Method::GET, &AUTHENTICATOR, &Value::Null).await?;
        let known: Authenticator = wire::item(&response).ok_or_else(|| refusal(&response))?;
        let Authenticator { enabled: is_enabled, recovery_codes_left } = known;
        Ok(SecondFactorState { is_enabled, recovery_codes_left })
    }

    async fn begin(&self, calls: &dyn AuthorizedCalls) -> Result<Enrolment, AccountError> {
        #[derive(Deserialize)]
        struct Begun {
            secret: String,
            uri: String,
        }
        let response = self.call(calls, Method::POST, &AUTHENTICATOR, &json!({})).await?;
        let Begun { secret, uri } = wire::item(&response).ok_or_else(|| refused(&response))?;
        Ok(Enrolment { secret: secret.into(), uri: uri.into() })
    }

    async fn enable(
        &self,
        calls: &dyn AuthorizedCalls,
        code: &SecretText,
    ) -> Result<Vec<SecretText>, AccountError> {
        recovery_codes(&self.call(calls, Method::POST, &CONFIRMATION, &with(code)).await?)
    }

    async fn replace_recovery_codes(
        &self,
        calls: &dyn AuthorizedCalls,
        code: &SecretText,
    ) -> Result<Vec<SecretText>, AccountError> {
        recovery_codes(&self.call(calls, Method::POST, &RECOVERY_CODES, &with(code)).await?)
    }

    async fn disable(&self, calls: &dyn AuthorizedCalls, code: &SecretText) -> Result<(), AccountError> {
        let response = self.call(calls, Method::DELETE, &AUTHENTICATOR, &with(code)).await?;
        // SECURITY: another answer, such as the page of a gateway, does not say that it is disabled.
        if response.status() == StatusCode::NO_CONTENT { Ok(()) } else { Err(refused(&response)) }
    }
}

impl CoreApiProvider {
    pub(super) async fn call(
        &self,
        calls: &dyn AuthorizedCalls,
        method: Method,
        segments: &[&str],
        body: &Value,
    ) -> Result<Response, AccountError> {
        let request = endpoint::request(method, &self.endpoint(segments), body);
        Ok(calls.send(request.map_err(|error| unavailable(&error))?).await?)
    }
}

fn with(code: &SecretText) -> Value {
    json!({ "code": code.expose() })
}

fn recovery_codes(response: &Response) -> Result<Vec<SecretText>, AccountError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shown {
        recovery_codes: Vec<String>,
    }
    let Shown { recovery_codes } = wire::item(response).ok_or_else(|| refused(response))?;
    Ok(recovery_codes.into_iter().map(SecretText::from).collect())
}

/// The person is in another state than the call is for: it was set up or disabled meanwhile.
fn refused(response: &Response) -> AccountError {
    let is_other = response.status() == StatusCode::CONFLICT || wire::is_unknown(response);
    if is_other && wire::ApiError::read(response).is_some() {
        return AccountError::InvalidToken;
    }
    refusal(response)
}
