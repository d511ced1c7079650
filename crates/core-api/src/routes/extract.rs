//! The extractors of handlers. Every refusal has the shape of the contract.

use std::convert::Infallible;

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Path, Request},
};
use http::{HeaderMap, header, request::Parts};
use http_body_util::BodyExt;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time;
use uuid::Uuid;

use crate::{CoreApi, accounts::Changer, client::Client, error::ApiError, tokens, users::User};

/// The contract's largest body has a few hundred bytes.
const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// How much of a body that is too large is read, so that the client can read the answer.
const DISCARD_LIMIT_BYTES: usize = 2 * 1024 * 1024;

/// `{"item": ..}`, as the contract wraps each single item.
pub(super) fn item(item: impl Serialize) -> Json<Value> {
    Json(json!({ "item": item }))
}

/// A JSON body, whatever its `Content-Type` says.
pub(super) struct JsonBody(pub(super) Value);

impl FromRequest<CoreApi> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &CoreApi) -> Result<Self, ApiError> {
        let body = request.into_body();
        let bytes = time::timeout(api.config().body_timeout, read(body))
            .await
            .map_err(|_| ApiError::BodyTimeout)??;
        serde_json::from_slice(&bytes).map(Self).map_err(|_| ApiError::MalformedJson)
    }
}

async fn read(mut body: Body) -> Result<Bytes, ApiError> {
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        // A body that breaks off is not JSON, and there is nobody left to tell.
        let Ok(data) = frame.map_err(|_| ApiError::MalformedJson)?.into_data() else {
            continue;
        };
        length += data.len();
        if length <= BODY_LIMIT_BYTES {
            kept.extend_from_slice(&data);
        } else if length > DISCARD_LIMIT_BYTES {
            break;
        }
    }
    if length > BODY_LIMIT_BYTES { Err(ApiError::BodyTooLarge) } else { Ok(kept.into()) }
}

/// The person with a valid bearer token, with their current data.
pub(super) struct Asker {
    pub(super) user: User,
    /// The family of the token.
    family: Uuid,
    issued_at: i64,
}

impl Asker {
    pub(super) fn changer(&self, client: Client) -> Changer {
        let Self { user, family, issued_at } = self;
        Changer { user: user.id, family: *family, issued_at: *issued_at, client, has_seen: None }
    }

    /// The same, for a change of the version of an account that they have seen.
    pub(super) fn changer_of(&self, client: Client, IfMatch(seen): IfMatch) -> Changer {
        Changer { has_seen: seen, ..self.changer(client) }
    }

    pub(super) fn is_admin(&self) -> bool {
        self.user.roles.admin
    }

    /// Lets people access themselves, and administrators everybody.
    pub(super) fn may_reach(&self, id: Uuid) -> Result<(), ApiError> {
        if self.user.id == id || self.is_admin() { Ok(()) } else { Err(ApiError::Forbidden) }
    }

    pub(super) fn must_be_admin(&self) -> Result<(), ApiError> {
        if self.is_admin() { Ok(()) } else { Err(ApiError::Forbidden) }
    }
}

impl FromRequestParts<CoreApi> for Asker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &CoreApi) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers).ok_or(ApiError::Unauthorized)?;
        let bearer = api.bearer(token).ok_or(ApiError::Unauthorized)?;
        if tokens::is_over(bearer.exp, api.now()) {
            return Err(ApiError::Unauthorized);
        }
        let user = api.database().user(bearer.user).await?.ok_or(ApiError::Unauthorized)?;
        if !user.accepts_token(api.database().read(), bearer.family, bearer.iat).await? {
            return Err(ApiError::Unauthorized);
        }
        Ok(Self { user, family: bearer.family, issued_at: bearer.iat })
    }
}

/// For the one route that works without a bearer token. An invalid one is still refused, not ignored.
impl OptionalFromRequestParts<CoreApi> for Asker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &CoreApi) -> Result<Option<Self>, ApiError> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(None);
        }
        <Self as FromRequestParts<CoreApi>>::from_request_parts(parts, api).await.map(Some)
    }
}

/// The token of an `Authorization` header, if there is exactly one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim_start())
}

/// The version in `If-Match` (RFC 9110, section 13.1.1): the `updatedAt` of a person in quotation marks. `None` without
/// the header, or with `*`, which every version matches.
pub(super) struct IfMatch(pub(super) Option<String>);

impl FromRequestParts<CoreApi> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &CoreApi) -> Result<Self, Infallible> {
        let value =
            parts.headers.get(header::IF_MATCH).map(|value| value.to_str().unwrap_or_default().trim());
        let version = value.filter(|value| *value != "*").map(|value| value.trim_matches('"').to_owned());
        Ok(Self(version))
    }
}

/// The `{id}` of a path. A text that is not a UUID belongs to nobody.
pub(super) struct PathId(pub(super) Uuid);

impl FromRequestParts<CoreApi> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &CoreApi) -> Result<Self, ApiError> {
        let id = <Path<String> as FromRequestParts<_>>::from_request_parts(parts, api).await;
        let Path(id) = id.map_err(|_| ApiError::NotFound)?;
        id.parse().map(Self).map_err(|_| ApiError::NotFound)
    }
}
