//! Requests and answers in the form of OAuth 2.0 (RFC 6749).

use std::time::Duration;

use http::StatusCode;
use ironleaf_auth::Response;
use serde::Deserialize;

use crate::answer::{json, retry_after};
use crate::oauth::{self, is_error_code};
pub(super) use crate::oauth::{Form, JSON, Tokens, request};

/// Who answers, in the log.
const WHO: &str = "the provider";

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

    fn out_of_form(response: &Response, detail: String) -> Self {
        Self { status: response.status(), code: None, retry_after: None, detail }
    }
}

/// Reads the answer of the token endpoint (RFC 6749, sections 5.1 and 5.2).
pub(super) fn tokens(response: &Response) -> Result<Tokens, Refusal> {
    if !response.status().is_success() {
        return Err(refusal(response));
    }
    oauth::tokens(response, WHO).map_err(|detail| Refusal::out_of_form(response, detail))
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
    oauth::describe(response, WHO)
}
