use async_trait::async_trait;
use http::{Method, StatusCode};
use ironleaf_api_types::User;
use ironleaf_auth::{
    AccountAbility, AccountError, Accounts, AuthorizedCalls, Caller, EmailAddress, FieldError, FieldReason,
    Grant, Response, SecretText,
};
use serde_json::{Map, Value};

use super::registration::Registration;
use super::{CookieApiProvider, grant, wire};
use crate::answer::{json, retry_after};
use crate::endpoint;
use crate::named_calls::{answered, check_setting};

/// Only the registration. Such APIs want the current password for a new one, and the link of a forgotten password leads
/// to a form of their own with a field for the link's token. Neither fits the forms of this application.
#[async_trait]
impl Accounts for CookieApiProvider {
    fn offers(&self, ability: AccountAbility) -> bool {
        ability == AccountAbility::Register && self.settings.registration.is_some()
    }

    async fn current_user(&self, calls: &dyn AuthorizedCalls) -> Result<User, AccountError> {
        let url = endpoint::at_path(&self.settings.base_url, &self.settings.me_path);
        let request = endpoint::request(Method::GET, &url, &Value::Null);
        let request = request.map_err(|error| AccountError::Unavailable(error.to_string()))?;
        let response = calls.send(request).await?;
        let person = wire::object(&response).and_then(|answer| self.settings.person.read(&answer));
        person.ok_or_else(|| self.refusal_of_call(&response))
    }

    /// The answer may sign the person in. The sign-in that follows has cookies of its own, so those of the answer are
    /// given back.
    async fn register(
        &self,
        caller: &Caller,
        email: &EmailAddress,
        password: &SecretText,
    ) -> Result<User, AccountError> {
        let Some(registration) = &self.settings.registration else {
            return Err(AccountError::Unavailable("the API has no registration".to_owned()));
        };
        let mut grant = self.blank_grant();
        let endpoint = (Method::POST, registration.path.as_str());
        let body = registration.form(email, password);
        let response = self.call(caller, &grant, endpoint, &[], &body).await;
        let response = response.map_err(|error| AccountError::Unavailable(error.to_string()))?;
        if !response.status().is_success() {
            return Err(self.refusal_of_registration(registration, &response));
        }
        // The page of a proxy is no answer to a registration. One without a body is.
        if !response.body().is_empty() && json::<Value>(&response).is_none() {
            let (answered, check) = (answered(&response, "the API"), check_setting(&response));
            return Err(AccountError::Unavailable(format!("{answered} with no JSON{check}")));
        }
        if grant::take(&mut grant, &self.settings, &response, self.now()).is_ok() {
            self.give_back_unused(caller, &grant).await;
        }
        let created = wire::object(&response).and_then(|answer| self.settings.person.read(&answer));
        let unknown = || User { unverified_email: Some(email.as_str().to_owned()), ..User::default() };
        Ok(created.unwrap_or_else(unknown))
    }

    fn hides_known_addresses(&self) -> bool {
        self.settings.registration.as_ref().is_some_and(|registration| registration.hides_known_addresses)
    }

    async fn update(
        &self,
        _: &dyn AuthorizedCalls,
        _: &str,
        _: Option<&EmailAddress>,
        _: Option<&SecretText>,
    ) -> Result<User, AccountError> {
        Err(not_here())
    }

    async fn delete(&self, _: &dyn AuthorizedCalls, _: &str) -> Result<(), AccountError> {
        Err(not_here())
    }

    async fn request_password_reset(&self, _: &Caller, _: &EmailAddress) -> Result<(), AccountError> {
        Err(not_here())
    }

    async fn verify_email(&self, _: &Caller, _: &SecretText) -> Result<(), AccountError> {
        Err(not_here())
    }
}

impl CookieApiProvider {
    async fn give_back_unused(&self, caller: &Caller, grant: &Grant) {
        if let Err(error) = self.leave(caller, grant).await {
            tracing::warn!(%error, "the cookies of a registration were not revoked");
        }
    }

    fn refusal_of_registration(&self, registration: &Registration, response: &Response) -> AccountError {
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return AccountError::TooManyRequests { retry_after: retry_after(response) };
        }
        // Also a 404 of a wrong path, and whatever a proxy says.
        let unavailable = || AccountError::Unavailable(wire::describe(response));
        if !self.is_error(response, status) {
            return unavailable();
        }
        let refused = registration.refused_fields(&json(response).unwrap_or_default());
        let is_of_email = refused.iter().any(|error| error.field == "email");
        // 409 says by itself that something is there already.
        if registration.email_taken.contains(&status) && (is_of_email || status == StatusCode::CONFLICT) {
            return AccountError::EmailTaken;
        }
        match status {
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY if !refused.is_empty() => {
                AccountError::Invalid(refused)
            }
            // The form has no other fields, so the API asks for one that the settings do not fill.
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                let answered = answered(response, "the API");
                AccountError::Unavailable(format!("{answered}: check the fields of COOKIE_API_REGISTER_..."))
            }
            StatusCode::FORBIDDEN => AccountError::Forbidden,
            _ => unavailable(),
        }
    }

    fn refusal_of_call(&self, response: &Response) -> AccountError {
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS => {
                AccountError::TooManyRequests { retry_after: retry_after(response) }
            }
            StatusCode::FORBIDDEN if self.is_error(response, StatusCode::FORBIDDEN) => {
                AccountError::Forbidden
            }
            _ => AccountError::Unavailable(wire::describe(response)),
        }
    }
}

impl Registration {
    fn form(&self, email: &EmailAddress, password: &SecretText) -> Value {
        let mut body = Map::new();
        if let Some(field) = &self.name_field {
            let name = email.as_str().split('@').next().unwrap_or_default();
            body.insert(field.clone(), name.into());
        }
        body.insert(self.email_field.clone(), email.as_str().into());
        body.insert(self.password_field.clone(), password.expose().into());
        if let Some(field) = &self.confirmation_field {
            body.insert(field.clone(), password.expose().into());
        }
        Value::Object(body)
    }

    /// The fields that an error is about, by our names.
    fn refused_fields(&self, error: &Value) -> Vec<FieldError> {
        let fields = [("email", &self.email_field), ("password", &self.password_field)];
        let named = fields.into_iter().filter(|(_, name)| is_about(error, name));
        let reason = FieldReason::NotAccepted;
        let refused = |(field, _)| FieldError { field: str::to_owned(field), reason };
        named.map(refused).collect()
    }
}

/// Whether an error is about this field. Frameworks have its name as a key, in a list of names, or at the beginning of
/// a message. The parser does not nest JSON deeply.
fn is_about(error: &Value, field: &str) -> bool {
    match error {
        Value::Object(map) => map.iter().any(|(key, value)| key == field || is_about(value, field)),
        Value::Array(items) => items.iter().any(|item| is_about(item, field)),
        Value::String(text) => {
            let is_field = |name: &str| name.eq_ignore_ascii_case(field);
            let rest = text.get(..field.len()).filter(|name| is_field(name)).map(|_| &text[field.len()..]);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ':']))
        }
        _ => false,
    }
}

fn not_here() -> AccountError {
    AccountError::Unavailable("the API's own pages are for this".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_errors_of_frameworks_name_their_fields() {
        for (error, is_named) in [
            // Nest, class-validator
            (json!({ "statusCode": 400, "message": ["email must be an email"] }), true),
            (json!({ "statusCode": 400, "message": ["password is too short"] }), false),
            // Laravel
            (
                json!({ "message": "Taken.", "errors": { "email": ["The email has already been taken."] } }),
                true,
            ),
            // Django REST
            (json!({ "email": ["user with this email already exists."] }), true),
            // FastAPI
            (json!({ "detail": [{ "loc": ["body", "email"], "msg": "value is not valid" }] }), true),
            // Spring
            (json!({ "errors": [{ "field": "email", "defaultMessage": "already in use" }] }), true),
            (json!({ "message": "Email already exists" }), true),
            (json!({ "message": "email: taken" }), true),
            (json!({ "message": "emails are off" }), false),
            (json!({ "message": "email@test.com" }), false),
            (json!({ "message": "é" }), false),
            (json!({ "message": null, "errors": [7, true, []] }), false),
        ] {
            assert_eq!(is_about(&error, "email"), is_named, "{error}");
        }
    }
}
