//! The way back: the code is exchanged for tokens (OpenID Connect Core 1.0, section 3.1.3), and the ID token says who
//! has signed in.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::StatusCode;
use ironleaf_auth::{Grant, Identity, SecretText, SignIn, SignInError, SignedIn};

use super::fault::Fault;
use super::id_token::{Checked, authenticated_at, sid, unnamed_session};
use super::metadata::Metadata;
use super::userinfo::Question;
use super::wire::{Form, Refusal, Tokens};
use super::{OidcProvider, grant, wire};

/// An answer to an authorization request.
struct Answer {
    code: SecretText,
    code_verifier: SecretText,
    redirect_uri: String,
    nonce: SecretText,
}

impl OidcProvider {
    pub(super) async fn exchange(&self, attempt: SignIn) -> Result<SignedIn, SignInError> {
        let SignIn::AuthorizationCode { code, code_verifier, redirect_uri, nonce, issuer } = attempt else {
            return Err(SignInError::Unsupported);
        };
        let metadata = self.discovery.current().await?;
        // Before the code is sent anywhere: it may be another issuer's (RFC 9207, section 2.4).
        self.check_issuer(&metadata, issuer.as_deref()).map_err(refused)?;
        let nonce = nonce.ok_or_else(|| refused(Fault::NoNonce))?;
        let answer = Answer { code, code_verifier, redirect_uri, nonce };
        let tokens = self.redeem(&metadata, &answer).await?;
        let mut grant = self.grant_of(&tokens, &answer.nonce);
        let checked = match self.check(&tokens, &answer.nonce).await {
            Ok(checked) => checked,
            Err(fault) => {
                self.give_back(&grant).await;
                return Err(refused(fault));
            }
        };
        if let Err(detail) = self.identify(&metadata, &tokens, &checked, &mut grant).await {
            self.give_back(&grant).await;
            return Err(SignInError::Unavailable(detail));
        }
        if tokens.refresh_token.is_none() && self.settings.asks_for("offline_access") {
            tracing::warn!(
                "the provider gave no refresh token, so the session ends with its access token: check whether this client may \
                 have refresh tokens, or set OIDC_AUTHORIZATION_PARAMS=prompt=consent"
            );
        }
        let authenticated_at = authenticated_at(&checked.claims, self.now());
        Ok(SignedIn { grant, authenticated_at })
    }

    fn check_issuer(&self, metadata: &Metadata, issuer: Option<&str>) -> Result<(), Fault> {
        match issuer {
            Some(issuer) if issuer == self.settings.issuer.as_str() => Ok(()),
            Some(_) => Err(Fault::OtherIssuer),
            None if metadata.names_issuer_in_answers => Err(Fault::NoIssuer),
            None => Ok(()),
        }
    }

    /// Presents the code, once.
    async fn redeem(&self, metadata: &Metadata, answer: &Answer) -> Result<Tokens, SignInError> {
        let mut form = Form::default();
        form.set("grant_type", "authorization_code");
        form.set("code", answer.code.expose());
        form.set("redirect_uri", &answer.redirect_uri);
        form.set("code_verifier", answer.code_verifier.expose());
        for resource in &self.settings.resources {
            form.add("resource", resource);
        }
        let sent = self.post(metadata, &metadata.token_endpoint, form).await;
        let response = sent.map_err(|error| SignInError::Unavailable(error.to_string()))?;
        wire::tokens(&response).map_err(|refusal| {
            let detail = refusal.detail.clone();
            let error = sign_in_error(refusal);
            // The caller logs the others with their text.
            if !matches!(error, SignInError::Misconfigured(_) | SignInError::Unavailable(_)) {
                tracing::info!(%detail, "the provider gave no tokens for a code");
            }
            error
        })
    }

    fn grant_of(&self, tokens: &Tokens, nonce: &SecretText) -> Grant {
        let mut grant = Grant::default();
        grant::replace_tokens(&mut grant, tokens, self.now(), self.settings.refresh_token_max_age);
        grant::mark(&mut grant, &self.issued_by, nonce.expose());
        grant
    }

    async fn check(&self, tokens: &Tokens, nonce: &SecretText) -> Result<Checked, Fault> {
        let id_token = tokens.id_token.as_ref().ok_or(Fault::NoIdToken)?;
        self.check_first(id_token, tokens, nonce).await
    }

    /// Writes into the grant who has signed in. An error is a passing one: without their roles, the person would be told
    /// that they may not sign in.
    async fn identify(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
        checked: &Checked,
        grant: &mut Grant,
    ) -> Result<(), String> {
        let question = Question {
            subject: &checked.subject,
            claims: Some(&checked.claims),
            access_token: &tokens.access_token,
            wants_email: true,
        };
        let found = self.person(metadata, question).await;
        if let (None, Some(detail)) = (&found.person.roles, found.passing_failure) {
            return Err(format!("the roles of the person are not known: {detail}"));
        }
        if found.lacks_roles_claim && !self.said_no_roles.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                claim = self.settings.roles_claim,
                "neither the ID token nor userinfo has the claim of OIDC_ROLES_CLAIM for a person who signs in: they have no roles \
                 here. If it should have, check the variable, or what the provider sends. This is said once"
            );
        }
        let mut identity = Identity { id: checked.subject.clone(), ..Identity::default() };
        found.person.describe(&mut identity);
        grant.identity = Some(Arc::new(identity));
        grant.provider_sid = Some(sid(&checked.claims).unwrap_or_else(|| unnamed_session(&checked.subject)));
        if let Some(id_token) = &tokens.id_token {
            grant::keep_id_token(grant, id_token);
        }
        Ok(())
    }

    /// The tokens will not be used. They are revoked so that nobody else can use them.
    pub(super) async fn give_back(&self, grant: &Grant) {
        if let Err(error) = self.revoke(grant).await {
            tracing::warn!(%error, "tokens that nobody will use were not revoked");
        }
    }
}

/// Logs the reason, which people are not shown.
fn refused(fault: Fault) -> SignInError {
    tracing::warn!(reason = fault.label(), detail = %fault, "an answer of the provider signs nobody in");
    fault.into_error()
}

/// What a refused code means. Only the code itself is the person's matter: everything else is a setting, or passes.
fn sign_in_error(refusal: Refusal) -> SignInError {
    match (refusal.status, refusal.code()) {
        (StatusCode::TOO_MANY_REQUESTS, _) | (_, "slow_down") => {
            SignInError::TooManyRequests { retry_after: refusal.retry_after }
        }
        (status, "invalid_grant") if status.is_client_error() => SignInError::InvalidCredentials,
        // The rules of some providers decide only now who may use the application.
        (status, "access_denied") if status.is_client_error() => SignInError::Forbidden,
        (status, code) if status.is_client_error() && wire::is_of_settings(code) => {
            SignInError::Misconfigured(refusal.detail)
        }
        _ => SignInError::Unavailable(refusal.detail),
    }
}
