//! `/v1/auth/address-restorations`: taking back an address that was replaced.

use axum::{Json, extract::State};
use http::StatusCode;
use serde_json::Value;

use super::extract::{JsonBody, item};
use crate::{CoreApi, client::Client, error::ApiError, validation::Fields};

pub(super) async fn create(
    State(api): State<CoreApi>,
    client: Client,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut fields = Fields::of(body)?;
    let token = fields.text("token");
    let token = fields.finish(token)?;
    Ok((StatusCode::CREATED, item(api.restore_address(&token, &client).await?)))
}
