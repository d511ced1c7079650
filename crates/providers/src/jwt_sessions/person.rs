//! Who the person is: by the answer of `me`, or by the access token's payload.

use http::{Method, StatusCode};
use ironleaf_api_types::{Role, User};
use ironleaf_auth::{Caller, Grant, Response, SignInError};
use serde_json::{Map, Value};

use crate::answer::{json, retry_after};
use crate::named_calls::{answered, check_setting, is_moved, is_not_there};

use super::{JwtSessionsProvider, fields, grant, token, wire};

/// How many roles are kept, and how many bytes all their names together may have. They are in the session cookie.
const MOST_ROLES: usize = 64;
const MOST_ROLE_BYTES: usize = 1536;

impl JwtSessionsProvider {
    /// Who has signed in with the address `typed`, which counts as unverified where the API does not state one.
    ///
    /// # Errors
    ///
    /// [`SignInError::Misconfigured`], [`SignInError::TooManyRequests`], [`SignInError::Unavailable`].
    pub(super) async fn signed_in(
        &self,
        caller: &Caller,
        grant: &Grant,
        typed: &str,
    ) -> Result<User, SignInError> {
        let mut person = self.owner(caller, grant, None).await?;
        if person.address().is_none() {
            // SECURITY: an API may let people in whose address nobody has verified. What pages decide by address, they
            // decide by `email`.
            person.unverified_email = Some(typed.to_owned());
        }
        Ok(person)
    }

    /// The owner of the grant's access token. What the API does not state stays as it is `known`.
    ///
    /// # Errors
    ///
    /// [`SignInError::Misconfigured`], [`SignInError::TooManyRequests`], [`SignInError::Unavailable`].
    pub(super) async fn owner(
        &self,
        caller: &Caller,
        grant: &Grant,
        known: Option<&User>,
    ) -> Result<User, SignInError> {
        let Some(path) = &self.settings.me_path else {
            return self.owner_by_token(grant, known).ok_or_else(|| {
                let field = &self.settings.id_field;
                SignInError::Misconfigured(format!(
                    "the access token's payload has no {field}: check JWT_SESSIONS_PERSON_ID, or set \
                     JWT_SESSIONS_ME_PATH"
                ))
            });
        };
        let sending = async {
            let mut request = wire::request(&self.settings, Method::GET, path, &Value::Null)?;
            wire::authorize(&self.settings, caller, grant, &mut request);
            self.transport.send(request).await
        };
        let response = sending.await.map_err(|error| SignInError::Unavailable(error.to_string()))?;
        if !response.status().is_success() {
            return Err(refusal(&response));
        }
        let record: Option<Map<String, Value>> = json(&response);
        let record = record.ok_or_else(|| {
            let (answered, check) = (answered(&response, "the API"), check_setting(&response));
            SignInError::Unavailable(format!("{answered} with no JSON object{check}"))
        })?;
        self.person(&Value::Object(record), known).ok_or_else(|| {
            let field = &self.settings.id_field;
            SignInError::Misconfigured(format!(
                "the answer of {path} has no {field}: check JWT_SESSIONS_PERSON_ID"
            ))
        })
    }

    /// What the payload says, which costs no call.
    pub(super) fn owner_by_token(&self, grant: &Grant, known: Option<&User>) -> Option<User> {
        self.person(&token::payload(grant.field(grant::ACCESS_TOKEN)?)?, known)
    }

    fn person(&self, record: &Value, known: Option<&User>) -> Option<User> {
        let settings = &self.settings;
        let id = fields::find(record, &settings.id_field).and_then(fields::name)?;
        let stated = fields::find(record, &settings.email_field).and_then(Value::as_str);
        let stated = stated.filter(|email| !email.is_empty()).map(str::to_lowercase);
        let roles = settings.roles_field.as_deref().and_then(|path| fields::find(record, path));
        let is_verified = settings.verified_field.as_deref();
        let is_verified = is_verified.is_none_or(|path| is_truth(fields::find(record, path)));
        let (email, unverified_email) = match stated {
            Some(stated) if !is_verified => (None, Some(stated)),
            stated => (stated.or_else(|| known?.email.clone()), None),
        };
        // Roles that are not mentioned are not taken away: a renewed token may say less than the first.
        let known_roles = || known.map(|known| known.roles.clone()).unwrap_or_default();
        let roles = roles.map_or_else(known_roles, roles_of);
        Some(User { id, email, unverified_email, roles, ..User::default() })
    }
}

/// A known person with what a refresh has said about them. A token need not state the address again.
pub(super) fn renewed(known: &User, said: User) -> User {
    let (email, unverified_email) = match said.address() {
        Some(_) => (said.email, said.unverified_email),
        None => (known.email.clone(), known.unverified_email.clone()),
    };
    User { email, unverified_email, roles: said.roles, ..known.clone() }
}

/// A truth value, or the time of the verification.
fn is_truth(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(value)) => *value,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !["", "0", "false"].contains(&text.to_ascii_lowercase().as_str()),
        _ => false,
    }
}

/// Why the API does not say who somebody is. It has just given the token that was sent.
fn refusal(response: &Response) -> SignInError {
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        return SignInError::TooManyRequests { retry_after: retry_after(response) };
    }
    let detail = wire::describe(response);
    if is_not_there(response) || is_moved(response) {
        return SignInError::Misconfigured(detail);
    }
    let is_refused = response.status() == StatusCode::UNAUTHORIZED;
    let check = if is_refused { ": check JWT_SESSIONS_TRANSPORT and JWT_SESSIONS_ACCESS_HEADER" } else { "" };
    SignInError::Unavailable(detail + check)
}

/// A list of names, or one name.
fn roles_of(value: &Value) -> Vec<Role> {
    let names: Vec<String> = match value {
        Value::Array(names) => names.iter().filter_map(fields::name).collect(),
        single => fields::name(single).into_iter().collect(),
    };
    let (mut roles, mut bytes, mut left_out) = (Vec::new(), 0, 0_usize);
    for name in names {
        let (role, len) = (Role::new(&name), name.len());
        if roles.contains(&role) {
            continue;
        }
        if roles.len() == MOST_ROLES || bytes + len > MOST_ROLE_BYTES {
            left_out += 1;
            continue;
        }
        bytes += len;
        roles.push(role);
    }
    if left_out > 0 {
        tracing::warn!(left_out, "a person has more roles than a session keeps");
    }
    roles
}
