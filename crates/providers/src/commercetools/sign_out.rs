//! The end of a sign-in that starts here: the guest's cart is deleted, and both tokens are revoked.

use http::StatusCode;
use ironleaf_auth::{Caller, Field, Grant, TransportError};

use super::{CommercetoolsProvider, grant, wire};
use crate::oauth::Form;

impl CommercetoolsProvider {
    pub(super) async fn leave(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        if !grant::is_issued_by(grant, &self.issued_by) {
            return Ok(());
        }
        // The cart first: nobody can reach it without the tokens.
        let mut newest = grant.clone();
        if let Err(failure) = self.tidy_cart(caller, &mut newest).await {
            // The next try needs the access token for the cart, and nothing but that. If the cart never answers, the
            // token soon ends by itself. The refresh token must not wait for a cart. Only where the access token could
            // not be renewed, it waits: the server that revokes it is the one that did not answer.
            if newest.access_lives(self.now()) {
                self.revoke_one(caller, &newest, grant::REFRESH_TOKEN, "refresh_token").await?;
            }
            return Err(failure);
        }
        self.revoke(caller, &newest).await
    }

    /// Revokes both tokens (RFC 7009). The refresh token goes first: it would bring new access tokens.
    pub(super) async fn revoke(&self, caller: &Caller, grant: &Grant) -> Result<(), TransportError> {
        let refresh = self.revoke_one(caller, grant, grant::REFRESH_TOKEN, "refresh_token").await;
        let access = self.revoke_one(caller, grant, grant::ACCESS_TOKEN, "access_token").await;
        refresh.and(access)
    }

    async fn revoke_one(
        &self,
        caller: &Caller,
        grant: &Grant,
        field: Field,
        hint: &str,
    ) -> Result<(), TransportError> {
        let Some(token) = grant.field(field) else { return Ok(()) };
        let mut form = Form::default();
        form.set("token", token.expose());
        form.set("token_type_hint", hint);
        let response = self.post_form(caller, &["oauth", "token", "revoke"], &form).await?;
        let refusal = match response.status() {
            status if status.is_success() => return Ok(()),
            // An API without this endpoint lets its tokens end by themselves.
            StatusCode::NOT_FOUND => return Ok(()),
            _ => wire::refusal(&response),
        };
        // RFC 7009, section 2.2: a token that is unknown or over is as good as revoked.
        if refusal.says(&["invalid_token", "invalid_grant"]) {
            return Ok(());
        }
        Err(TransportError::Interrupted(refusal.detail))
    }
}
