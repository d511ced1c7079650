//! `/v1/auth/sign-in-links`: asking for a link that signs in.

use axum::{Json, extract::State};
use http::StatusCode;
use serde_json::{Value, json};

use super::extract::{JsonBody, item};
use crate::{CoreApi, client::Client, error::ApiError, mail_jobs::OneTimeLink, validation::Fields};

pub(super) async fn create(
    State(api): State<CoreApi>,
    client: Client,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut fields = Fields::of(body)?;
    let email = fields.email("email");
    let email = fields.finish(email)?;
    api.request_link(OneTimeLink::SignIn, &email, client).await?;
    Ok((StatusCode::CREATED, item(json!({ "action": "CHECK_EMAIL" }))))
}
