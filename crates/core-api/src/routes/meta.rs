//! The API's description of itself.

use axum::{Json, extract::State, response::IntoResponse};
use http::header;
use serde_json::{Value, json};

use crate::{CoreApi, error::ApiError, stats::Stats};

pub(super) const OPENAPI: &str = include_str!("../../openapi.json");

pub(super) async fn health(State(api): State<CoreApi>) -> Result<Json<Value>, ApiError> {
    api.check_health().await.map_err(ApiError::Unhealthy)?;
    Ok(Json(json!({ "ok": true })))
}

pub(super) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

pub(super) async fn jwks(State(api): State<CoreApi>) -> Json<Value> {
    Json(api.keys().jwks())
}

pub(super) async fn stats(State(api): State<CoreApi>) -> Json<Stats> {
    Json(api.stats())
}
