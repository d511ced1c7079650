use std::sync::Arc;

use http::{Method, StatusCode};
use ironleaf_auth::{Caller, EmailAddress, Grant, Response, SecretText, SignIn, SignInError, SignedIn};
use serde_json::{Map, Value};

use crate::answer::{json, retry_after};
use crate::named_calls::is_moved;

use super::settings::AccessTransport;
use super::{JwtSessionsProvider, fields, grant, wire};

impl JwtSessionsProvider {
    pub(super) async fn exchange(&self, caller: &Caller, attempt: SignIn) -> Result<SignedIn, SignInError> {
        let SignIn::Password { email, password } = attempt else {
            return Err(SignInError::Unsupported);
        };
        let response = self.log_in(caller, &email, &password).await?;
        let authenticated_at = self.now();
        let issued = wire::issued(&self.settings, &response, authenticated_at);
        let issued = issued.map_err(|detail| out_of_form(&response, detail))?;
        if issued.refresh.is_none() {
            let detail = wire::without(&response, "refresh", "JWT_SESSIONS_REFRESH_COOKIE");
            return Err(out_of_form(&response, detail));
        }
        let mut grant = Grant::default().with(grant::ISSUED_BY, self.issued_by.as_str());
        grant::replace_tokens(&mut grant, issued, authenticated_at);
        let has_csrf = grant.field(grant::CSRF).is_some();
        if !has_csrf && self.settings.access_transport == AccessTransport::Cookie {
            tracing::warn!("the API's answer has no `csrf`: calls other than GET and HEAD will be refused");
        }
        match self.signed_in(caller, &grant, email.as_str()).await {
            Ok(person) => {
                grant.identity = Some(Arc::new(person));
                Ok(SignedIn { grant, authenticated_at })
            }
            Err(error) => {
                // The tokens will not be used. They are ended so that nobody else can use them.
                if let Err(failure) = self.end_session(caller, &grant).await {
                    tracing::warn!(error = %failure, "tokens of a sign-in without an identity were not ended");
                }
                Err(error)
            }
        }
    }
}

impl JwtSessionsProvider {
    /// The answer to the right credentials. An API may compare addresses with their case. So an address is tried as it
    /// was typed, and after wrong credentials in the form in which most are stored.
    async fn log_in(
        &self,
        caller: &Caller,
        email: &EmailAddress,
        password: &SecretText,
    ) -> Result<Response, SignInError> {
        if email.as_typed() != email.as_str() {
            match self.try_to_log_in(caller, email.as_typed(), password).await {
                Err(SignInError::InvalidCredentials) => {}
                outcome => return outcome,
            }
        }
        self.try_to_log_in(caller, email.as_str(), password).await
    }

    async fn try_to_log_in(
        &self,
        caller: &Caller,
        address: &str,
        password: &SecretText,
    ) -> Result<Response, SignInError> {
        let mut body = Map::new();
        fields::put(&mut body, &self.settings.login_email_field, address.into());
        fields::put(&mut body, &self.settings.login_password_field, password.expose().into());
        let sending = async {
            let path = &self.settings.login_path;
            let mut request = wire::request(&self.settings, Method::POST, path, &Value::Object(body))?;
            caller.introduce(&mut request);
            self.transport.send(request).await
        };
        let response = sending.await.map_err(|error| SignInError::Unavailable(error.to_string()))?;
        if response.status().is_success() { Ok(response) } else { Err(refusal(&response)) }
    }
}

/// An answer without tokens. One in JSON is the API's, and will be the same tomorrow. Another is the page of a proxy.
fn out_of_form(response: &Response, detail: String) -> SignInError {
    if json::<Map<String, Value>>(response).is_some() {
        return SignInError::Misconfigured(detail);
    }
    SignInError::Unavailable(detail)
}

/// Failures have no form of their own: text, HTML or JSON. Only the status counts.
fn refusal(response: &Response) -> SignInError {
    match response.status() {
        StatusCode::UNAUTHORIZED | StatusCode::UNPROCESSABLE_ENTITY => SignInError::InvalidCredentials,
        // A Rails action that looks the person up with `find_by!` answers so to an unknown address.
        StatusCode::NOT_FOUND => {
            tracing::info!(
                "the API answered a sign-in with 404: an unknown address, or a wrong path or wrong fields \
                 (JWT_SESSIONS_LOGIN_PATH, JWT_SESSIONS_LOGIN_EMAIL, JWT_SESSIONS_LOGIN_PASSWORD)"
            );
            SignInError::InvalidCredentials
        }
        StatusCode::FORBIDDEN => SignInError::Forbidden,
        StatusCode::TOO_MANY_REQUESTS => SignInError::TooManyRequests { retry_after: retry_after(response) },
        _ if is_moved(response) => SignInError::Misconfigured(wire::describe(response)),
        _ => SignInError::Unavailable(wire::describe(response)),
    }
}
