//! `/v1/auth/tokens`: signing in, refreshing, asking for a link.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use cookie::Cookie;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::extract::{JsonBody, bearer, item};
use crate::{
    CoreApi,
    client::Client,
    email::Email,
    error::{ApiError, Issue},
    mail_jobs::OneTimeLink,
    passkeys::PasskeySignIn,
    password::Claim,
    refresh::Refresh,
    second_factor::{Code, challenges::SecondStep},
    sign_in::SignIn,
    tokens::{IdempotencyKey, RefreshToken, TokenPair},
    users::Role,
    validation::Fields,
};

const COOKIE: &str = "refresh-token";
const COOKIE_ATTRIBUTES: &str = "Path=/v1/auth/tokens; HttpOnly; Secure; SameSite=Strict";

struct TokenRequest {
    step: Step,
    role: Option<Role>,
    end_others: bool,
}

enum Step {
    First(Email, Proof),
    /// The token of a challenge says who it is.
    Second(RefreshToken, Code),
    /// The passkey says who it is. The state, and the browser's answer.
    Passkey(String, Value),
}

/// The client's credentials: a password takes precedence over a refresh token, and an empty one does not count.
enum Proof {
    Password(Claim),
    RefreshToken(RefreshToken),
    None,
}

pub(super) async fn create(
    State(api): State<CoreApi>,
    headers: HeaderMap,
    client: Client,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let browser = is_browser(&headers);
    let key = idempotency_key(&headers)?;
    let TokenRequest { step, role, end_others } = parse(body, browser.then_some(&headers))?;
    let pair = match step {
        Step::Second(challenge, code) => {
            api.complete_sign_in(SecondStep { challenge, code, end_others, client }).await?
        }
        Step::Passkey(state, credential) => {
            let attempt = PasskeySignIn { state, credential, role, end_others, client };
            api.sign_in_with_passkey(attempt).await?
        }
        Step::First(email, Proof::Password(password)) => {
            let signed_in_as = bearer(&headers).and_then(|token| api.bearer(token));
            api.sign_in(SignIn { email, password, role, end_others, signed_in_as, client }).await?
        }
        Step::First(email, Proof::RefreshToken(token)) => {
            let signs_out = is_sign_out(&headers);
            api.refresh(Refresh { email, token, key, role, end_others, signs_out, client }).await?
        }
        Step::First(email, Proof::None) => {
            api.request_link(OneTimeLink::PasswordReset, &email, client).await?;
            return Ok((StatusCode::CREATED, item(json!({ "action": "CHECK_EMAIL" }))).into_response());
        }
    };
    Ok(answer(&api, &pair, browser))
}

pub(super) async fn delete_cookie() -> Response {
    let expired = format!("{COOKIE}=; Max-Age=0; {COOKIE_ATTRIBUTES}");
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, expired)]).into_response()
}

fn parse(body: Value, cookies: Option<&HeaderMap>) -> Result<TokenRequest, ApiError> {
    let mut fields = Fields::of(body)?;
    if let Some(challenge) = fields.optional_text("challenge").filter(|text| !text.is_empty()) {
        let (code, end_others) = (fields.text("code"), fields.flag("invalidateTokens"));
        let step = code.map(|code| Step::Second(RefreshToken::presented(&challenge), Code::presented(&code)));
        return fields.finish(step.map(|step| TokenRequest { step, role: None, end_others }));
    }
    if let Some(state) = fields.optional_text("passkeyState").filter(|text| !text.is_empty()) {
        let (credential, role) = (fields.object("passkey"), fields.optional_role("role"));
        let end_others = fields.flag("invalidateTokens");
        let step = credential.map(|credential| Step::Passkey(state, credential));
        return fields.finish(step.map(|step| TokenRequest { step, role, end_others }));
    }
    let email = fields.email("email");
    let password = fields.optional_text("password").filter(|text| !text.is_empty());
    let token = fields.optional_text("refreshToken").filter(|text| !text.is_empty());
    let role = fields.optional_role("role");
    let end_others = fields.flag("invalidateTokens");
    let proof = match (password, token.or_else(|| cookies.and_then(cookie))) {
        (Some(password), _) => Proof::Password(Claim::new(&password)),
        (None, Some(token)) => Proof::RefreshToken(RefreshToken::presented(&token)),
        (None, None) => Proof::None,
    };
    fields.finish(email.map(|email| TokenRequest { step: Step::First(email, proof), role, end_others }))
}

/// Sets the refresh token as a cookie instead of the body field, and reads it from there.
fn is_browser(headers: &HeaderMap) -> bool {
    headers.get("auth-context").is_some_and(|context| context == "browser")
}

/// Whether a spent token is presented to sign out, and not because somebody has stolen it.
fn is_sign_out(headers: &HeaderMap) -> bool {
    headers.get("sign-out").is_some_and(|value| value == "true")
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = values.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let cookie = cookies.find(|cookie| cookie.name() == COOKIE && !cookie.value().is_empty())?;
    Some(cookie.value().to_owned())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str().ok().and_then(IdempotencyKey::parse) {
        Some(key) => Ok(Some(key)),
        None => Err(ApiError::Validation(vec![Issue {
            path: Some("Idempotency-Key"),
            message: "Invalid input: expected 1 to 255 visible ASCII characters".into(),
            code: "invalid_format",
        }])),
    }
}

fn answer(api: &CoreApi, pair: &TokenPair, browser: bool) -> Response {
    let mut tokens = json!({
        "accessToken": pair.access.as_str(),
        "ttlSeconds": pair.access_ttl_secs,
        "expiresAt": pair.access_expires_at,
    });
    let mut headers = HeaderMap::new();
    headers.insert("idempotent-refresh", HeaderValue::from_static("true"));
    let refresh = pair.refresh.expose();
    if browser {
        let max_age_secs = api.config().refresh_token_ttl.as_secs();
        let cookie = format!("{COOKIE}={refresh}; Max-Age={max_age_secs}; {COOKIE_ATTRIBUTES}");
        if let Ok(mut cookie) = HeaderValue::try_from(cookie) {
            cookie.set_sensitive(true);
            headers.insert(header::SET_COOKIE, cookie);
        }
    } else {
        tokens["refreshToken"] = refresh.into();
    }
    (StatusCode::CREATED, headers, Json(json!({ "item": tokens }))).into_response()
}
