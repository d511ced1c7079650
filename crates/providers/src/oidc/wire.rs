//! Requests and answers in the form of OAuth 2.0 (RFC 6749).

use std::time::Duration;

use http::StatusCode;
use ironleaf_auth::{Response, SecretText};
use serde::Deserialize;
use serde_json::Value;

use crate::answer::{json, retry_after, seconds};
pub(super) use crate::oauth::{Form, JSON, request};
use crate::oauth::{is_error_code, token};

/// The tokens of one answer.
pub(super) struct Tokens {
    pub(super) access_token: SecretText,
    /// `None` where the one that was presented stays good (RFC 6749, section 6), or where none was issued.
    pub(super) refresh_token: Option<SecretText>,
    pub(super) id_token: Option<SecretText>,
    /// `None` if the provider does not say.
    pub(super) lifetime: Option<Duration>,
    /// `None` if the provider does not say, or says that there is no end.
    pub(super) refresh_lifetime: Option<Duration>,
}

/// An answer without tokens.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// `error` of the answer (RFC 6749, section 5.2). `None` for anything but an error in that form, such as a proxy's
    /// page.
    pub(super) code: Option<String>,
    pub(super) retry_after: Option<Duration>,
    /// For the log.
    pub(super) detail: String,
}

impl Refusal {
    pub(super) fn code(&self) -> &str {
        self.code.as_deref().unwrap_or_default()
    }

    fn out_of_form(response: &Response, detail: &str) -> Self {
        Self { status: response.status(), code: None, retry_after: None, detail: detail.to_owned() }
    }
}

/// Reads the answer of the token endpoint (RFC 6749, sections 5.1 and 5.2).
pub(super) fn tokens(response: &Response) -> Result<Tokens, Refusal> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        access_token: Value,
        #[serde(default)]
        refresh_token: Value,
        #[serde(default)]
        id_token: Value,
        #[serde(default)]
        token_type: Value,
        #[serde(default)]
        expires_in: Value,
        #[serde(default)]
        refresh_expires_in: Value,
        #[serde(default)]
        refresh_token_expires_in: Value,
    }
    if !response.status().is_success() {
        return Err(refusal(response));
    }
    let out_of_form = |detail: &str| Refusal::out_of_form(response, detail);
    let answer: Answer = json(response).ok_or_else(|| out_of_form(&describe(response)))?;
    let token = |value: &Value, name: &str| {
        token(value).map_err(|()| out_of_form(&format!("`{name}` of the provider's answer is no token")))
    };
    // Section 7.1: a token of an unknown type, such as `DPoP`, must not be used.
    if answer.token_type.as_str().is_some_and(|kind| !kind.eq_ignore_ascii_case("Bearer")) {
        return Err(out_of_form("`token_type` of the provider's answer is not `Bearer`"));
    }
    let access_token = token(&answer.access_token, "access_token")?
        .ok_or_else(|| out_of_form("the provider's answer has no `access_token`"))?;
    Ok(Tokens {
        access_token,
        refresh_token: token(&answer.refresh_token, "refresh_token")?,
        id_token: token(&answer.id_token, "id_token")?,
        lifetime: life(&answer.expires_in),
        refresh_lifetime: life(&answer.refresh_expires_in).or_else(|| life(&answer.refresh_token_expires_in)),
    })
}

/// A life of zero seconds says nothing: Keycloak writes it for a token without an end.
fn life(value: &Value) -> Option<Duration> {
    seconds(value).filter(|life| !life.is_zero())
}

/// Reads an answer that refuses, or that is none of the provider's.
pub(super) fn refusal(response: &Response) -> Refusal {
    #[derive(Deserialize)]
    struct Answer {
        error: String,
    }
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let code = is_error.then(|| json::<Answer>(response)).flatten().map(|answer| answer.error);
    let code = code.filter(|code| is_error_code(code));
    let mut detail = describe(response);
    if let Some(code) = &code {
        detail = format!("{detail} `{code}`{}", advice(code));
    }
    Refusal { status, code, retry_after: retry_after(response), detail }
}

/// Whether this code is about the application and its settings, so that trying again does not help (RFC 6749, sections
/// 4.1.2.1 and 5.2; RFC 8707, section 2).
pub(super) fn is_of_settings(code: &str) -> bool {
    !advice(code).is_empty()
}

/// Which setting to look at.
pub(super) fn advice(code: &str) -> &'static str {
    match code {
        "invalid_client" => {
            ": check OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, and the way in which the client authenticates"
        }
        "unauthorized_client" | "unsupported_grant_type" => {
            ": allow the client of OIDC_CLIENT_ID, at the provider, the authorization code and refresh tokens"
        }
        "redirect_uri_mismatch" | "invalid_redirect_uri" => {
            ": register PUBLIC_ORIGIN/auth/callback as the redirect URI at the provider, exactly as it is sent"
        }
        "unsupported_response_type" | "unsupported_response_mode" => {
            ": allow the client of OIDC_CLIENT_ID, at the provider, the authorization code flow, and check \
             OIDC_AUTHORIZATION_PARAMS"
        }
        "invalid_scope" => ": check OIDC_SCOPES",
        "invalid_target" => ": check OIDC_RESOURCE and OIDC_AUDIENCE",
        _ => "",
    }
}

/// A description of the answer for the log, without any part of its body.
pub(super) fn describe(response: &Response) -> String {
    let status = response.status();
    if status.is_success() {
        format!("the provider answered {status} out of form")
    } else {
        format!("the provider answered {status}")
    }
}
