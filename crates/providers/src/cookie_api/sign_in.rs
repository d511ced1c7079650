use std::sync::Arc;

use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, Identity, SignIn, SignInError, SignedIn};
use serde_json::{Map, Value};

use super::grant::{self, ACCESS, CSRF, ISSUED_BY};
use super::{CookieApiProvider, csrf, wire};
use crate::answer::retry_after;

impl CookieApiProvider {
    pub(super) async fn exchange(&self, caller: &Caller, attempt: SignIn) -> Result<SignedIn, SignInError> {
        let SignIn::Password { email, password } = attempt else {
            return Err(SignInError::Unsupported);
        };
        let mut body = Map::new();
        body.insert(self.settings.email_field.clone(), email.as_str().into());
        body.insert(self.settings.password_field.clone(), password.expose().into());
        let mut grant = Grant::default().with(ISSUED_BY, self.issued_by.as_str());
        if self.settings.csrf.is_some() {
            grant.set(CSRF, csrf::first_value(&self.random));
        }
        let endpoint = (Method::POST, self.settings.login_path.as_str());
        let response = self.call(caller, &grant, endpoint, &[], &Value::Object(body)).await;
        let response = response.map_err(|error| SignInError::Unavailable(error.to_string()))?;
        if !response.status().is_success() {
            return Err(self.refusal(&response));
        }
        let authenticated_at = self.now();
        grant::take(&mut grant, &self.settings, &response, authenticated_at)
            .map_err(SignInError::Unavailable)?;
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

    fn refusal(&self, response: &ironleaf_auth::Response) -> SignInError {
        if wire::is_error(&self.settings, response, &self.settings.wrong_credentials) {
            return SignInError::InvalidCredentials;
        }
        match response.status() {
            StatusCode::FORBIDDEN if self.is_error(response, StatusCode::FORBIDDEN) => SignInError::Forbidden,
            StatusCode::TOO_MANY_REQUESTS => {
                SignInError::TooManyRequests { retry_after: retry_after(response) }
            }
            _ => SignInError::Unavailable(wire::describe(response)),
        }
    }

    /// Who the cookies belong to. Without that the sign-in fails: nobody would know the person's roles.
    async fn owner(&self, caller: &Caller, grant: &Grant) -> Result<Identity, SignInError> {
        let endpoint = (Method::GET, self.settings.me_path.as_str());
        let response = self.call(caller, grant, endpoint, &[ACCESS], &Value::Null).await;
        let response = response.map_err(|error| SignInError::Unavailable(error.to_string()))?;
        if self.is_error(&response, StatusCode::FORBIDDEN) {
            return Err(SignInError::Forbidden);
        }
        let person = wire::object(&response).and_then(|answer| self.settings.person.read(&answer));
        person.ok_or_else(|| SignInError::Unavailable(wire::describe(&response)))
    }
}
