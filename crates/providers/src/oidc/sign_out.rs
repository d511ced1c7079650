//! The end of a sign-in that starts here: revocation (RFC 7009), and the provider's own sign-out (OpenID Connect
//! RP-Initiated Logout 1.0).

use ironleaf_auth::{Grant, SecretText, SignOutReturn, TransportError};

use super::wire::{Form, refusal};
use super::{OidcProvider, grant};

impl OidcProvider {
    /// Revokes the refresh token, which ends the access tokens as well (RFC 7009, section 2.1). Without one, the access
    /// token. A provider without revocation lets its tokens end by themselves.
    pub(super) async fn revoke(&self, grant: &Grant) -> Result<(), TransportError> {
        if !grant::is_issued_by(grant, &self.issued_by) {
            return Ok(());
        }
        let refresh = grant.field(grant::REFRESH_TOKEN).map(|token| (token, "refresh_token"));
        let access = || grant.field(grant::ACCESS_TOKEN).map(|token| (token, "access_token"));
        let Some((token, hint)) = refresh.or_else(access) else {
            return Ok(());
        };
        let metadata = self.discovery.any().await;
        let metadata = metadata.map_err(|error| TransportError::NotSent(error.to_string()))?;
        let Some(endpoint) = &metadata.revocation_endpoint else {
            return Ok(());
        };
        let mut form = Form::default();
        form.set("token", token.expose());
        form.set("token_type_hint", hint);
        let response = self.post(&metadata, endpoint, form).await?;
        if response.status().is_success() {
            return Ok(());
        }
        let refusal = refusal(&response);
        match refusal.code() {
            // Section 2.2: a token that is unknown or over is as good as revoked.
            "invalid_token" | "invalid_grant" => Ok(()),
            _ => Err(TransportError::Interrupted(refusal.detail)),
        }
    }

    /// Section 2 of RP-Initiated Logout. Nobody is asked for it: it is known, or there is none.
    pub(super) fn end_session_url(&self, grant: &Grant, back: &SignOutReturn) -> Option<String> {
        if !grant::is_issued_by(grant, &self.issued_by) {
            return None;
        }
        let metadata = self.discovery.known()?;
        let mut form = Form::default();
        if let Some(hint) = grant.field(grant::ID_TOKEN).map(SecretText::expose) {
            form.set("id_token_hint", hint);
        }
        form.set("client_id", &self.settings.client_id);
        form.set("post_logout_redirect_uri", &back.uri);
        form.set("state", back.state.expose());
        Some(form.query(metadata.end_session_endpoint.as_ref()?))
    }
}
