//! `/v1/auth/action-requests`: the actions of e-mailed links.

use axum::{Json, extract::State};
use http::StatusCode;
use serde_json::Value;

use super::extract::{JsonBody, PathId, item};
use crate::{CoreApi, client::Client, error::ApiError, validation::Fields};

pub(super) async fn create(
    State(api): State<CoreApi>,
    client: Client,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut fields = Fields::of(body)?;
    let token = fields.text("token");
    let token = fields.finish(token)?;
    let request = api.request_email_verification(&token, &client).await?;
    Ok((StatusCode::ACCEPTED, item(request)))
}

pub(super) async fn show(State(api): State<CoreApi>, PathId(id): PathId) -> Result<Json<Value>, ApiError> {
    Ok(item(api.action_request(id).await?))
}
