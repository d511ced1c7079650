//! `/v1/user/users/current/authenticator` and `/recovery-codes`: the second step of one's own sign-in.

use axum::{Json, extract::State};
use http::StatusCode;
use serde_json::{Value, json};

use super::extract::{Asker, JsonBody, item};
use crate::{CoreApi, client::Client, error::ApiError, second_factor::Code, validation::Fields};

pub(super) async fn show(State(api): State<CoreApi>, asker: Asker) -> Result<Json<Value>, ApiError> {
    Ok(item(api.second_factor(&asker.user).await?))
}

pub(super) async fn begin(
    State(api): State<CoreApi>,
    asker: Asker,
    client: Client,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let enrolment = api.begin_enrolment(&asker.changer(client)).await?;
    let item = item(json!({ "secret": enrolment.secret.as_str(), "uri": enrolment.uri.as_str() }));
    Ok((StatusCode::CREATED, item))
}

pub(super) async fn enable(
    State(api): State<CoreApi>,
    asker: Asker,
    client: Client,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let code = code_in(body)?;
    let codes = api.enable_authenticator(&asker.changer(client), &code).await?;
    Ok((StatusCode::CREATED, item(recovery_codes(&codes))))
}

pub(super) async fn disable(
    State(api): State<CoreApi>,
    asker: Asker,
    client: Client,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, ApiError> {
    let code = code_in(body)?;
    api.disable_authenticator(&asker.changer(client), &code).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn replace_recovery_codes(
    State(api): State<CoreApi>,
    asker: Asker,
    client: Client,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let code = code_in(body)?;
    let codes = api.replace_recovery_codes(&asker.changer(client), &code).await?;
    Ok((StatusCode::CREATED, item(recovery_codes(&codes))))
}

fn code_in(body: Value) -> Result<Code, ApiError> {
    let mut fields = Fields::of(body)?;
    let code = fields.text("code").map(|code| Code::presented(&code));
    fields.finish(code)
}

fn recovery_codes(codes: &[impl AsRef<str>]) -> Value {
    let codes: Vec<&str> = codes.iter().map(AsRef::as_ref).collect();
    json!({ "recoveryCodes": codes })
}
