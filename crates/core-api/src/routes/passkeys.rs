//! `/v1/user/users/current/passkeys` and `/v1/auth/passkey-challenges`.

use axum::{Json, extract::State};
use http::StatusCode;
use serde_json::{Value, json};

use super::extract::{Asker, JsonBody, PathId, item};
use crate::{CoreApi, client::Client, error::ApiError, passkeys::NewPasskey, validation::Fields};

pub(super) async fn list(State(api): State<CoreApi>, asker: Asker) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "items": api.passkeys(&asker.user).await? })))
}

pub(super) async fn begin(
    State(api): State<CoreApi>,
    asker: Asker,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    Ok((StatusCode::CREATED, item(api.begin_passkey(&asker.user).await?)))
}

pub(super) async fn create(
    State(api): State<CoreApi>,
    asker: Asker,
    client: Client,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut fields = Fields::of(body)?;
    let (name, state, credential) =
        (fields.passkey_name("name"), fields.text("state"), fields.object("credential"));
    let new = (|| Some(NewPasskey { name: name?, state: state?, credential: credential? }))();
    let new = fields.finish(new)?;
    Ok((StatusCode::CREATED, item(api.add_passkey(&asker.changer(client), new).await?)))
}

pub(super) async fn rename(
    State(api): State<CoreApi>,
    asker: Asker,
    client: Client,
    PathId(id): PathId,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, ApiError> {
    let mut fields = Fields::of(body)?;
    let name = fields.passkey_name("name");
    let name = fields.finish(name)?;
    Ok(item(api.rename_passkey(&asker.changer(client), id, &name).await?))
}

pub(super) async fn destroy(
    State(api): State<CoreApi>,
    asker: Asker,
    client: Client,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    api.remove_passkey(&asker.changer(client), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn begin_sign_in(State(api): State<CoreApi>) -> Result<(StatusCode, Json<Value>), ApiError> {
    Ok((StatusCode::CREATED, item(api.begin_passkey_sign_in()?)))
}
