//! Requests to the authorization server and to the API.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, Request, Response, TransportError};
use serde_json::Value;
use url::Url;

use super::urls::below;
use super::{CommercetoolsProvider, grant};
use crate::answer::secret_header;
use crate::oauth::{self, Form, JSON, basic};

impl CommercetoolsProvider {
    /// Sends a form to the authorization server, as our client (RFC 6749, section 2.3.1).
    pub(super) async fn post_form(
        &self,
        caller: &Caller,
        segments: &[&str],
        form: &Form,
    ) -> Result<Response, TransportError> {
        let mut request = form.post(&below(&self.settings.auth_url, segments))?;
        caller.introduce(&mut request);
        if let Some(proof) = basic(&self.settings.client_id, &self.settings.client_secret) {
            request.headers_mut().insert(AUTHORIZATION, proof);
        }
        self.transport.send(request).await
    }

    /// A form with this grant type. `scope` is left out where the client's own scopes are meant.
    pub(super) fn form_for(&self, grant_type: &str) -> Form {
        let mut form = Form::default();
        form.set("grant_type", grant_type);
        if !self.settings.scopes.is_empty() {
            form.set("scope", &self.settings.scopes.join(" "));
        }
        form
    }

    /// Calls the API with the tokens of a grant. The path is below the project.
    pub(super) async fn call(
        &self,
        caller: &Caller,
        grant: &Grant,
        method: Method,
        segments: &[&str],
        body: &Value,
    ) -> Result<Response, TransportError> {
        self.send(caller, grant, method, &below(&self.base_urls[0].url, segments), body).await
    }

    /// As [`call`](Self::call), with an access token that lives: one that has expired, or that the API refuses, is
    /// renewed once, and is in the grant after that. `None` if the grant's tokens are over.
    ///
    /// # Errors
    ///
    /// If another try may succeed.
    pub(super) async fn call_renewing(
        &self,
        caller: &Caller,
        grant: &mut Grant,
        method: Method,
        segments: &[&str],
        body: &Value,
    ) -> Result<Option<Response>, TransportError> {
        if grant.access_lives(self.now()) {
            let response = self.call(caller, grant, method.clone(), segments, body).await?;
            if response.status() != StatusCode::UNAUTHORIZED {
                return Ok(Some(response));
            }
            grant.access_expires_at = Some(self.now());
        }
        if !self.renew_access(caller, grant).await? {
            return Ok(None);
        }
        self.call(caller, grant, method, segments, body).await.map(Some)
    }

    /// Deletes a resource of the API in this version.
    pub(super) async fn delete(
        &self,
        caller: &Caller,
        grant: &Grant,
        segments: &[&str],
        version: u64,
    ) -> Result<Response, TransportError> {
        let mut url = below(&self.base_urls[0].url, segments);
        url.query_pairs_mut().append_pair("version", &version.to_string());
        self.send(caller, grant, Method::DELETE, &url, &Value::Null).await
    }

    async fn send(
        &self,
        caller: &Caller,
        grant: &Grant,
        method: Method,
        url: &Url,
        body: &Value,
    ) -> Result<Response, TransportError> {
        let mut request = oauth::request(method, url.as_str())?;
        request.headers_mut().insert(ACCEPT, JSON);
        if !body.is_null() {
            *request.body_mut() = body.to_string().into();
            request.headers_mut().insert(CONTENT_TYPE, JSON);
        }
        self.put_bearer(caller, grant, &mut request);
        self.transport.send(request).await
    }

    /// SECURITY: after a change of the settings, the tokens of one project must not reach another.
    pub(super) fn put_bearer(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        caller.introduce(request);
        let bearer = grant
            .field(grant::ACCESS_TOKEN)
            .filter(|_| grant::is_issued_by(grant, &self.issued_by))
            .and_then(|token| secret_header(&format!("Bearer {}", token.expose())));
        match bearer {
            Some(bearer) => request.headers_mut().insert(AUTHORIZATION, bearer),
            None => request.headers_mut().remove(AUTHORIZATION),
        };
    }
}
