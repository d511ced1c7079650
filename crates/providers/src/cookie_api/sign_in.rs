use std::sync::Arc;

use http::{Method, StatusCode};
use ironleaf_auth::{
    Caller, EmailAddress, Grant, Identity, Response, SecretText, SignIn, SignInError, SignedIn,
};
use serde_json::{Map, Value};

use super::grant::{self, ACCESS, CSRF, ISSUED_BY};
use super::{CookieApiProvider, csrf, wire};
use crate::answer::retry_after;
use crate::named_calls::{answered, check_setting, is_moved, is_not_there};
use crate::spellings::spellings;

impl CookieApiProvider {
    pub(super) async fn exchange(&self, caller: &Caller, attempt: SignIn) -> Result<SignedIn, SignInError> {
        let SignIn::Password { email, password } = attempt else {
            return Err(SignInError::Unsupported);
        };
        let mut grant = self.blank_grant();
        let response = self.log_in(caller, &grant, &email, &password).await?;
        let authenticated_at = self.now();
        // The page of a proxy is not an object.
        let missing = if wire::object(&response).is_some() {
            SignInError::Misconfigured
        } else {
            SignInError::Unavailable
        };
        grant::take(&mut grant, &self.settings, &response, authenticated_at).map_err(missing)?;
        match self.owner(caller, &grant).await {
            Ok(identity) => {
                grant.identity = Some(Arc::new(identity));
                Ok(SignedIn { grant, authenticated_at })
            }
            Err(error) => {
                // The cookies will not be used. They are revoked so that nobody else can use them.
                if let Err(error) = self.leave(caller, &grant).await {
                    tracing::warn!(%error, "the cookies of a sign-in that failed were not revoked");
                }
                Err(error)
            }
        }
    }

    /// The first answer that is not "wrong credentials": there are APIs that compare addresses byte for byte.
    async fn log_in(
        &self,
        caller: &Caller,
        grant: &Grant,
        email: &EmailAddress,
        password: &SecretText,
    ) -> Result<Response, SignInError> {
        for address in spellings(email) {
            let mut body = Map::new();
            body.insert(self.settings.email_field.clone(), address.into());
            body.insert(self.settings.password_field.clone(), password.expose().into());
            let endpoint = (Method::POST, self.settings.login_path.as_str());
            let response = self.call(caller, grant, endpoint, &[], &Value::Object(body)).await;
            let response = response.map_err(|error| SignInError::Unavailable(error.to_string()))?;
            if response.status().is_success() {
                return Ok(response);
            }
            match self.refusal(&response) {
                SignInError::InvalidCredentials => {}
                error => return Err(error),
            }
        }
        Err(SignInError::InvalidCredentials)
    }

    /// A grant before its first cookies.
    pub(super) fn blank_grant(&self) -> Grant {
        let mut grant = Grant::default().with(ISSUED_BY, self.issued_by.as_str());
        if self.settings.csrf.is_some() {
            grant.set(CSRF, csrf::first_value(&self.random));
        }
        grant
    }

    fn refusal(&self, response: &Response) -> SignInError {
        if wire::is_error(&self.settings, response, &self.settings.wrong_credentials) {
            if response.status() == StatusCode::BAD_REQUEST {
                tracing::info!(
                    "the API answered a sign-in with 400: wrong credentials, or wrong fields \
                     (COOKIE_API_EMAIL_FIELD, COOKIE_API_PASSWORD_FIELD)"
                );
            }
            return SignInError::InvalidCredentials;
        }
        match response.status() {
            StatusCode::FORBIDDEN if self.is_error(response, StatusCode::FORBIDDEN) => SignInError::Forbidden,
            StatusCode::TOO_MANY_REQUESTS => {
                SignInError::TooManyRequests { retry_after: retry_after(response) }
            }
            _ => self.of_path(response),
        }
    }

    /// That nobody answers such a call, if the API itself says so. A proxy says the same while the API is away. It does
    /// not say that an address has changed for good.
    fn of_path(&self, response: &Response) -> SignInError {
        let detail = wire::describe(response);
        let is_elsewhere = is_not_there(response) && self.is_error(response, response.status());
        if is_elsewhere || is_moved(response) {
            return SignInError::Misconfigured(detail);
        }
        SignInError::Unavailable(detail)
    }

    /// Who the cookies belong to. Without that the sign-in fails: nobody would know the person's roles.
    async fn owner(&self, caller: &Caller, grant: &Grant) -> Result<Identity, SignInError> {
        let endpoint = (Method::GET, self.settings.me_path.as_str());
        let response = self.call(caller, grant, endpoint, &[ACCESS], &Value::Null).await;
        let response = response.map_err(|error| SignInError::Unavailable(error.to_string()))?;
        if !response.status().is_success() {
            return Err(self.refusal_of_owner(&response));
        }
        let Some(answer) = wire::object(&response) else {
            let (answered, check) = (answered(&response, "the API"), check_setting(&response));
            return Err(SignInError::Unavailable(format!("{answered} with no JSON object{check}")));
        };
        self.settings.person.read(&answer).ok_or_else(|| {
            let (path, id) = (&self.settings.me_path, &self.settings.person.id);
            SignInError::Misconfigured(format!("the answer of {path} has no {id}: check COOKIE_API_ME_ID"))
        })
    }

    fn refusal_of_owner(&self, response: &Response) -> SignInError {
        let status = response.status();
        let is_error = self.is_error(response, status);
        match status {
            StatusCode::FORBIDDEN if is_error => SignInError::Forbidden,
            StatusCode::TOO_MANY_REQUESTS => {
                SignInError::TooManyRequests { retry_after: retry_after(response) }
            }
            // The API has just set the cookie that was sent, or another one is its access cookie.
            StatusCode::UNAUTHORIZED => {
                let detail = wire::describe(response) + ": check COOKIE_API_ACCESS_COOKIE";
                if is_error { SignInError::Misconfigured(detail) } else { SignInError::Unavailable(detail) }
            }
            _ => self.of_path(response),
        }
    }
}
