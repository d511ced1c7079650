//! Answers of the authorization server and of the API.

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use ironleaf_api_types::User;
use ironleaf_auth::Response;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::{json, retry_after};
pub(super) use crate::oauth::Tokens;
use crate::oauth::{self, is_error_code};

/// Who answers, in the log.
const WHO: &str = "the API";

/// Whom tokens stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// The identifier of a customer.
    Customer(String),
    /// The identifier of a guest.
    Guest(String),
}

impl Subject {
    pub(super) fn id(&self) -> &str {
        let (Self::Customer(id) | Self::Guest(id)) = self;
        id
    }

    pub(super) fn is(&self, person: &User) -> bool {
        self.id() == person.id && matches!(self, Self::Guest(_)) == person.is_guest
    }
}

/// An answer without tokens.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// Every error code of the answer. Empty for anything but an error in the form of the API, such as a proxy's page.
    codes: Vec<String>,
    /// The fields of a form that the API does not accept: `email`, `password` or both.
    pub(super) fields: Vec<&'static str>,
    pub(super) retry_after: Option<Duration>,
    /// For the log.
    pub(super) detail: String,
}

impl Refusal {
    pub(super) fn says(&self, codes: &[&str]) -> bool {
        self.codes.iter().any(|code| codes.contains(&code.as_str()))
    }

    /// Whether the answer is an error in the form of the API.
    pub(super) fn is_in_form(&self) -> bool {
        !self.codes.is_empty()
    }

    /// Whether a setting is wrong, as far as the answer tells it: the client is not accepted, or nobody answers such a
    /// call there.
    pub(super) fn is_setting(&self) -> bool {
        let is_elsewhere = is_not_there(self.status) && !self.says(&["ResourceNotFound"]);
        self.status.is_client_error() && (self.is_our_fault() || is_elsewhere)
    }

    /// Whether the settings are wrong, and not what the person did. The client is checked before its token (RFC 6749,
    /// section 3.2.1), so nobody must be signed out for it.
    pub(super) fn is_our_fault(&self) -> bool {
        self.says(&OUR_FAULTS)
    }

    fn out_of_form(response: &Response, detail: String) -> Self {
        let (status, codes, fields) = (response.status(), Vec::new(), Vec::new());
        Self { status, codes, fields, retry_after: None, detail }
    }
}

const OUR_FAULTS: [&str; 6] = [
    "invalid_client",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "insufficient_scope",
    "invalid_request",
];

/// Reads the answer of a token endpoint (RFC 6749, sections 5.1 and 5.2).
pub(super) fn tokens(response: &Response) -> Result<Tokens, Refusal> {
    if !response.status().is_success() {
        return Err(refusal_at(response, AUTH_SETTINGS));
    }
    oauth::tokens(response, WHO).map_err(|detail| Refusal::out_of_form(response, detail))
}

/// Whom the tokens stand for, as the end of `scope` says.
pub(super) fn subject_of(tokens: &Tokens) -> Option<Subject> {
    subject(tokens.scope.as_deref()?)
}

/// `scope` ends in `customer_id:` or `anonymous_id:` and the identifier. The last one counts: what comes before it was
/// asked for.
fn subject(scope: &str) -> Option<Subject> {
    scope.split_ascii_whitespace().rev().find_map(|part| {
        let (kind, id) = part.split_once(':')?;
        let id = Some(id).filter(|id| is_identifier(id))?.to_owned();
        match kind {
            "customer_id" => Some(Subject::Customer(id)),
            "anonymous_id" => Some(Subject::Guest(id)),
            _ => None,
        }
    })
}

/// A UUID, or what somebody chose in place of one. It becomes a segment of a path.
pub(super) fn is_identifier(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Which settings lead to the authorization server, and to the API.
const AUTH_SETTINGS: &str = ": check COMMERCETOOLS_AUTH_URL and COMMERCETOOLS_PROJECT";
const API_SETTINGS: &str = ": check COMMERCETOOLS_API_URL and COMMERCETOOLS_PROJECT";

/// Reads an answer of the API that refuses, or that is none of the API's.
pub(super) fn refusal(response: &Response) -> Refusal {
    refusal_at(response, API_SETTINGS)
}

/// `place` are the settings that the address of the call comes from.
fn refusal_at(response: &Response, place: &str) -> Refusal {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let (codes, fields) = if is_error { (codes(response), fields(response)) } else { Default::default() };
    let mut detail = describe(response);
    if let Some(code) = codes.first() {
        detail = format!("{detail} `{code}`{}", advice(code));
    }
    if is_not_there(status) {
        detail.push_str(place);
    }
    Refusal { status, codes, fields, retry_after: retry_after(response), detail }
}

/// Whether nobody answers such a call at that address.
fn is_not_there(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
}

/// The error codes of an answer, wherever they stand: `error`, `errors[].code` and `errors[].error`.
fn codes(response: &Response) -> Vec<String> {
    let Some(answer) = json::<Map<String, Value>>(response) else { return Vec::new() };
    let listed = answer.get("errors").and_then(Value::as_array).into_iter().flatten();
    let listed = listed.flat_map(|error| [error.get("code"), error.get("error")]);
    let found = [answer.get("error")].into_iter().chain(listed).flatten().filter_map(Value::as_str);
    found.filter(|code| is_error_code(code) || is_api_code(code)).map(str::to_owned).collect()
}

/// The fields that `errors[].field` names.
fn fields(response: &Response) -> Vec<&'static str> {
    let answer = json::<Map<String, Value>>(response).unwrap_or_default();
    let listed = answer.get("errors").and_then(Value::as_array).into_iter().flatten();
    let named: Vec<_> = listed.filter_map(|error| error.get("field")?.as_str()).collect();
    ["email", "password"].into_iter().filter(|field| named.contains(field)).collect()
}

/// The codes of the API, such as `InvalidCredentials`.
fn is_api_code(code: &str) -> bool {
    (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Which setting to look at.
fn advice(code: &str) -> &'static str {
    match code {
        "invalid_client" => ": check COMMERCETOOLS_CLIENT_ID and COMMERCETOOLS_CLIENT_SECRET",
        "invalid_scope" | "insufficient_scope" => {
            ": check COMMERCETOOLS_SCOPES, COMMERCETOOLS_PROJECT and the scopes of the API client"
        }
        "unauthorized_client" | "unsupported_grant_type" => {
            ": allow the API client the password flow and anonymous sessions"
        }
        _ => "",
    }
}

/// The record of a customer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Customer {
    id: String,
    email: String,
    #[serde(default)]
    first_name: Value,
    #[serde(default)]
    last_name: Value,
    /// Only the record of a customer has it.
    is_email_verified: bool,
}

/// The customer whose record this answer is.
pub(super) fn customer(response: &Response) -> Option<User> {
    if response.status() == StatusCode::OK { person(json(response)?) } else { None }
}

/// The customer whom this answer to a registration shows.
pub(super) fn created(response: &Response) -> Option<User> {
    #[derive(Deserialize)]
    struct Answer {
        customer: Customer,
    }
    if !response.status().is_success() {
        return None;
    }
    person(json::<Answer>(response)?.customer)
}

fn person(record: Customer) -> Option<User> {
    let Customer { id, email, first_name, last_name, is_email_verified } = record;
    if !is_identifier(&id) || email.is_empty() {
        return None;
    }
    let mut claims = BTreeMap::new();
    claims.insert("email_verified".to_owned(), is_email_verified.to_string());
    let names: Vec<_> = [&first_name, &last_name]
        .into_iter()
        .filter_map(Value::as_str)
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    if !names.is_empty() {
        claims.insert("name".to_owned(), cut(&names.join(" ")));
    }
    // SECURITY: anybody can register any address. What pages decide by address, they decide by `email`.
    let (email, unverified_email) = if is_email_verified { (Some(email), None) } else { (None, Some(email)) };
    Some(User { id, email, unverified_email, claims, ..User::default() })
}

/// A name takes no more of the session cookie than this.
const LONGEST_NAME_BYTES: usize = 128;

fn cut(name: &str) -> String {
    name[..name.floor_char_boundary(LONGEST_NAME_BYTES)].to_owned()
}

/// A description of the answer for the log, without any part of its body.
pub(super) fn describe(response: &Response) -> String {
    oauth::describe(response, WHO)
}
