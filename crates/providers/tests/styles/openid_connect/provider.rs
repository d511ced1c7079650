//! The provider's side. It knows only the issuer's addresses and the standards.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ironleaf_auth::{
    AuthorizationRequest, BaseUrl, Caller, Clock, Field, Grant, Identity, Provider, RefreshOutcome,
    RefreshTiming, Rejection, Repetition, Request, Response, Rest, SecretText, SignIn, SignInError,
    SignOutReturn, SignedIn, Transport, TransportError,
};
use serde_json::Value;

use super::super::wire::{
    claims, digest, field, json_body, oauth_refresh_outcome, or_ended, or_unavailable, post_form, set_basic,
    set_bearer, signed_out, unusable,
};
use super::client::{CLIENT, CLIENT_ID, ISSUER};

const ACCESS: Field = 1;
pub(crate) const REFRESH: Field = 2;

pub(crate) struct OpenIdConnect {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Clock,
}

impl OpenIdConnect {
    async fn post(
        &self,
        caller: &Caller,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<Response, TransportError> {
        let mut request = post_form(&format!("{ISSUER}{path}"), form);
        caller.introduce(&mut request);
        set_basic(&mut request, CLIENT);
        self.transport.send(request).await
    }

    /// A refresh token in the answer replaces the old one. Without one, the old token stays.
    fn take(&self, mut grant: Grant, response: &Response) -> Option<Grant> {
        if !response.status().is_success() {
            return None;
        }
        let life = Duration::from_secs(json_body(response.body())["expires_in"].as_u64()?);
        grant.set(ACCESS, field(response, "access_token")?);
        if let Some(refresh) = field(response, "refresh_token") {
            grant.set(REFRESH, refresh);
        }
        grant.access_expires_at = (self.clock)().checked_add(life);
        grant.access_lifetime = Some(life);
        Some(grant)
    }
}

/// The claims of an identity token, if issuer, audience and nonce are ours.
fn identity_claims(token: &SecretText, nonce: Option<&SecretText>) -> Option<Value> {
    let claims = claims(token.expose())?;
    let ours = claims["iss"] == ISSUER && claims["aud"] == CLIENT_ID;
    let same_nonce = nonce.is_some_and(|nonce| claims["nonce"] == nonce.expose());
    (ours && same_nonce).then_some(claims)
}

#[async_trait]
impl Provider for OpenIdConnect {
    fn name(&self) -> &'static str {
        "openid-connect"
    }

    async fn authorization_url(
        &self,
        caller: &Caller,
        request: &AuthorizationRequest,
        _: Option<&Grant>,
    ) -> Result<String, SignInError> {
        let challenge = digest(request.code_verifier.expose());
        let form = [
            ("response_type", "code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", &request.redirect_uri),
            ("scope", "openid email offline_access"),
            ("state", request.state.expose()),
            ("nonce", request.nonce.expose()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let response = or_unavailable(self.post(caller, "/par", &form).await)?;
        let uri = field(&response, "request_uri").ok_or_else(|| unusable(&response))?;
        let query = serde_urlencoded::to_string([("client_id", CLIENT_ID), ("request_uri", uri.expose())]);
        Ok(format!("{ISSUER}/authorize?{}", query.unwrap()))
    }

    fn base_urls(&self) -> &[BaseUrl] {
        &[]
    }

    async fn sign_in(
        &self,
        caller: &Caller,
        attempt: SignIn,
        _: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        let SignIn::AuthorizationCode { code, code_verifier, redirect_uri, nonce, issuer } = attempt else {
            return Err(SignInError::Unsupported);
        };
        if issuer.as_deref() != Some(ISSUER) {
            return Err(SignInError::InvalidCredentials);
        }
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("code_verifier", code_verifier.expose()),
            ("redirect_uri", redirect_uri.as_str()),
        ];
        let response = or_unavailable(self.post(caller, "/token", &form).await)?;
        if response.status() == 400 && json_body(response.body())["error"] == "invalid_grant" {
            return Err(SignInError::InvalidCredentials);
        }
        let grant = self.take(Grant::default(), &response).ok_or_else(|| unusable(&response))?;
        let id_token = field(&response, "id_token").ok_or_else(|| unusable(&response))?;
        let claims = identity_claims(&id_token, nonce.as_ref()).ok_or(SignInError::InvalidCredentials)?;
        let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
        let mut grant = grant.for_identity(Identity::new(text("sub"), text("email")));
        grant.provider_sid = Some(text("sid"));
        Ok(SignedIn { grant, authenticated_at: (self.clock)() })
    }

    fn authorize(&self, caller: &Caller, grant: &Grant, request: &mut Request) {
        caller.introduce(request);
        if let Some(access) = grant.field(ACCESS) {
            set_bearer(request, access);
        }
    }

    fn refresh_timing(&self, _: &Grant) -> RefreshTiming {
        RefreshTiming::Before(Duration::from_mins(1))
    }

    fn repetition(&self, _: &Grant) -> Repetition {
        Repetition::AskAgain(Rest::SHORT)
    }

    async fn refresh(&self, caller: &Caller, grant: &Grant) -> RefreshOutcome {
        let Some(token) = grant.field(REFRESH) else {
            return RefreshOutcome::Rejected(Rejection::InvalidGrant);
        };
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.expose())];
        let response = match or_ended(self.post(caller, "/token", &form).await) {
            Ok(response) => response,
            Err(end) => return end,
        };
        oauth_refresh_outcome(&response, self.take(grant.clone(), &response))
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        let token = grant.field(REFRESH).map(SecretText::expose).unwrap_or_default();
        let sent =
            self.post(caller, "/revoke", &[("token", token), ("token_type_hint", "refresh_token")]).await;
        signed_out(sent)
    }

    /// The URL names the session by its `sid`, not by the identity token, because a token does not belong in a URL.
    fn sign_out_url(&self, grant: &Grant, _: &SignOutReturn) -> Option<String> {
        let hint = grant.provider_sid.as_deref().unwrap_or_default();
        let query = serde_urlencoded::to_string([("client_id", CLIENT_ID), ("logout_hint", hint)]);
        Some(format!("{ISSUER}/end-session?{}", query.unwrap()))
    }
}
