//! `/v1/user/users`: people.

use axum::{Json, extract::State, response::IntoResponse};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{
    extract::{Asker, IfMatch, JsonBody, PathId, item},
    listing::{ListingQuery, activity_limit},
};
use crate::{CoreApi, accounts::Changes, activity, client::Client, error::ApiError, validation::Fields};

pub(super) async fn create(
    State(api): State<CoreApi>,
    asker: Option<Asker>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut fields = Fields::of(body)?;
    let email = fields.email("email");
    let password = fields.optional_new_password("password");
    let email = fields.finish(email)?;
    if password.is_none() && !asker.is_some_and(|asker| asker.is_admin()) {
        return Err(ApiError::Forbidden);
    }
    Ok((StatusCode::CREATED, item(api.register(email, password).await?)))
}

pub(super) async fn list(
    State(api): State<CoreApi>,
    asker: Asker,
    query: ListingQuery,
) -> Result<Json<Value>, ApiError> {
    asker.must_be_admin()?;
    let listing = query.listing()?;
    // One snapshot for the page and the count.
    let mut snapshot = api.database().read().begin().await?;
    let (items, total) = listing.fetch(&mut snapshot).await?;
    snapshot.commit().await?;
    let pagination = json!({ "page": listing.page, "perPage": listing.per_page, "totalItems": total });
    Ok(Json(json!({ "items": items, "meta": { "pagination": pagination } })))
}

/// What this API does beyond the contract, so that the caller can tell the person: the further effect of a new password,
/// that it keeps their activity, and that they may sign in with a second step.
const ABILITIES: [(HeaderName, HeaderValue); 3] = [
    (HeaderName::from_static("password-change-ends-families"), HeaderValue::from_static("true")),
    (HeaderName::from_static("account-activity"), HeaderValue::from_static("true")),
    (HeaderName::from_static("second-factor"), HeaderValue::from_static("true")),
];

/// Whether people can have passkeys. An application without a domain has none.
const PASSKEYS: HeaderName = HeaderName::from_static("passkeys");

pub(super) async fn show_current(State(api): State<CoreApi>, asker: Asker) -> impl IntoResponse {
    let has_passkeys = api.relying_party().map(|_| [(PASSKEYS, HeaderValue::from_static("true"))]);
    let headers = has_passkeys.into_iter().flatten().collect::<HeaderMap>();
    (ABILITIES, headers, item(asker.user))
}

pub(super) async fn show_activity(
    State(api): State<CoreApi>,
    asker: Asker,
    query: ListingQuery,
) -> Result<Json<Value>, ApiError> {
    let limit = activity_limit(query)?;
    let items = activity::newest(api.database().read(), asker.user.id, api.now(), limit).await?;
    Ok(Json(json!({ "items": items })))
}

pub(super) async fn show(
    State(api): State<CoreApi>,
    asker: Asker,
    PathId(id): PathId,
) -> Result<Json<Value>, ApiError> {
    asker.may_reach(id)?;
    Ok(item(api.database().user(id).await?.ok_or(ApiError::NotFound)?))
}

pub(super) async fn update(
    State(api): State<CoreApi>,
    asker: Asker,
    client: Client,
    seen: IfMatch,
    PathId(id): PathId,
    JsonBody(body): JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    asker.may_reach(id)?;
    let mut fields = Fields::of(body)?;
    let changes = Changes {
        email: fields.optional_email("email"),
        password: fields.optional_new_password("password"),
        roles: fields.optional_roles("roles"),
    };
    let changes = fields.finish(Some(changes))?;
    if changes.roles.is_some() {
        asker.must_be_admin()?;
    }
    Ok((ABILITIES, item(api.change(id, changes, &asker.changer_of(client, seen)).await?)))
}

pub(super) async fn destroy(
    State(api): State<CoreApi>,
    asker: Asker,
    client: Client,
    seen: IfMatch,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    asker.may_reach(id)?;
    api.delete(id, &asker.changer_of(client, seen)).await?;
    Ok(StatusCode::NO_CONTENT)
}
