//! The way to the provider: the authorization request (OpenID Connect Core 1.0, section 3.1.2.1), pushed where the
//! provider offers that (RFC 9126).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use ironleaf_auth::{AuthorizationRequest, Grant, SignInError};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::metadata::Metadata;
use super::wire::{Form, Refusal, is_of_settings, refusal};
use super::{OidcProvider, Reauthentication};
use crate::answer::json;

/// Parameters that would change what this provider relies on, beside those that it sends.
const RESERVED: [&str; 7] = [
    "client_assertion",
    "client_assertion_type",
    "client_secret",
    "request",
    "request_uri",
    "response_mode",
    "resource",
];

/// A longer one would not fit into an address.
const LONGEST_REQUEST_URI_BYTES: usize = 2048;

impl OidcProvider {
    pub(super) async fn begin(
        &self,
        request: &AuthorizationRequest,
        existing: Option<&Grant>,
    ) -> Result<String, SignInError> {
        let metadata = self.discovery.current().await?;
        let form = self.parameters(request, existing);
        let endpoint = metadata.pushed_authorization_request_endpoint.as_ref();
        let is_pushed = self.settings.push_requests || metadata.requires_pushed_requests;
        if let Some(endpoint) = endpoint.filter(|_| is_pushed)
            && let Some(uri) = self.push(&metadata, endpoint, &form).await?
        {
            // RFC 9126, section 4: nothing else is sent.
            let mut reference = Form::default();
            reference.set("client_id", &self.settings.client_id);
            reference.set("request_uri", &uri);
            return Ok(reference.query(&metadata.authorization_endpoint));
        }
        Ok(form.query(&metadata.authorization_endpoint))
    }

    fn parameters(&self, request: &AuthorizationRequest, existing: Option<&Grant>) -> Form {
        let settings = &self.settings;
        let mut form = Form::default();
        form.set("response_type", "code");
        form.set("client_id", &settings.client_id);
        form.set("redirect_uri", &request.redirect_uri);
        form.set("scope", &settings.scope());
        form.set("state", request.state.expose());
        form.set("nonce", request.nonce.expose());
        // RFC 7636, section 4.2.
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(request.code_verifier.expose()));
        form.set("code_challenge", &challenge);
        form.set("code_challenge_method", "S256");
        if let Some(hint) = existing.and_then(login_hint) {
            form.set("login_hint", hint);
        }
        if let Some(audience) = &settings.audience {
            form.set("audience", audience);
        }
        for resource in &settings.resources {
            form.add("resource", resource);
        }
        if request.reauthenticate && settings.reauthentication != Reauthentication::Prompt {
            form.set("max_age", "0");
        }
        let asks_to_sign_in = request.reauthenticate && settings.reauthentication != Reauthentication::MaxAge;
        match (asks_to_sign_in, settings.ask_for_consent) {
            (true, true) => form.set("prompt", "login consent"),
            (true, false) => form.set("prompt", "login"),
            (false, true) => form.set("prompt", "consent"),
            (false, false) => {}
        }
        for (name, value) in &settings.authorization_parameters {
            // SECURITY: a setting must not be able to switch off `state`, `nonce` or PKCE.
            if form.has(name) || RESERVED.contains(&name.as_str()) {
                tracing::warn!(name, "this authorization parameter is not for the settings, and is left out");
                continue;
            }
            form.set(name, value);
        }
        form
    }

    /// Leaves the parameters at the provider, and returns the reference to them. `None` if the provider does not allow
    /// this client to do that, and does not require it.
    async fn push(
        &self,
        metadata: &Metadata,
        endpoint: &Url,
        form: &Form,
    ) -> Result<Option<String>, SignInError> {
        #[derive(Deserialize)]
        struct Answer {
            request_uri: String,
        }
        let sent = self.post(metadata, endpoint, form.clone()).await;
        let response = sent.map_err(|error| SignInError::Unavailable(error.to_string()))?;
        if response.status().is_success() {
            let uri = json::<Answer>(&response).map(|answer| answer.request_uri);
            let uri = uri.filter(|uri| (1..=LONGEST_REQUEST_URI_BYTES).contains(&uri.len()));
            let unusable =
                || SignInError::Unavailable("a pushed request has no usable `request_uri`".to_owned());
            return uri.map(Some).ok_or_else(unusable);
        }
        not_pushed(metadata, form, &refusal(&response))
    }
}

/// What a refusal to keep the parameters means, see [`OidcProvider::push`].
fn not_pushed(metadata: &Metadata, form: &Form, refusal: &Refusal) -> Result<Option<String>, SignInError> {
    if refusal.status == StatusCode::TOO_MANY_REQUESTS {
        return Err(SignInError::TooManyRequests { retry_after: refusal.retry_after });
    }
    let is_forbidden = refusal.code() == "unauthorized_client"
        || [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED]
            .contains(&refusal.status);
    let advice = if is_of_settings(refusal.code()) {
        String::new()
    } else {
        let redirect_uri = form.get("redirect_uri").unwrap_or_default();
        format!(
            ": check that {redirect_uri} is registered as a redirect URI, and OIDC_SCOPES, OIDC_RESOURCE and \
             OIDC_AUTHORIZATION_PARAMS"
        )
    };
    let detail = format!("a pushed authorization request was refused: {}{advice}", refusal.detail);
    if is_forbidden && !metadata.requires_pushed_requests {
        tracing::warn!(
            %detail,
            "the provider offers pushed authorization requests, but does not allow them to this client: allow \
             them there, or switch them off here. The request goes through the browser"
        );
        return Ok(None);
    }
    // Nothing in the request is the person's, so any code that refuses it is about a setting.
    let is_passing = ["temporarily_unavailable", "server_error", "slow_down"].contains(&refusal.code());
    if refusal.status.is_client_error() && refusal.code.is_some() && !is_passing {
        return Err(SignInError::Misconfigured(detail));
    }
    Err(SignInError::Unavailable(detail))
}

/// Who is expected to sign in, so that the provider need not ask.
fn login_hint(grant: &Grant) -> Option<&str> {
    let identity = grant.identity.as_deref()?;
    let address = identity.email.as_deref().or(identity.unverified_email.as_deref());
    address.or_else(|| identity.claims.get("preferred_username").map(String::as_str))
}
