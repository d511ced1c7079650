use ironleaf_api_types::User;
use ironleaf_auth::{Caller, EmailAddress, Grant, Identity, SecretText, SignInError, SignedIn};

use super::wire::{Refusal, Subject, Tokens};
use super::{CommercetoolsProvider, grant, wire};
use crate::spellings::spellings;

impl CommercetoolsProvider {
    /// The password grant (RFC 6749, section 4.3), and what follows it.
    pub(super) async fn sign_in_customer(
        &self,
        caller: &Caller,
        email: &EmailAddress,
        password: &SecretText,
        existing: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        let (tokens, address) = self.customer_tokens(caller, email, password).await?;
        let authenticated_at = self.now();
        let grant = self.begin(&tokens);
        let identity = match self.identify(caller, &grant, wire::subject_of(&tokens).as_ref(), &address).await
        {
            Ok(identity) => identity,
            Err(error) => return self.give_back(caller, &grant, error).await,
        };
        let grant = grant.for_identity(identity);
        let guest = existing
            .filter(|existing| grant::is_guest(existing) && grant::is_issued_by(existing, &self.issued_by));
        if let Some(guest) = guest
            && let Err(error) = self.carry_over(caller, guest, &address, password).await
        {
            return self.give_back(caller, &grant, error).await;
        }
        Ok(SignedIn { grant, authenticated_at })
    }

    /// An anonymous session (RFC 6749, section 4.4).
    pub(super) async fn sign_in_guest(&self, caller: &Caller) -> Result<SignedIn, SignInError> {
        let form = self.form_for("client_credentials");
        let path = ["oauth", &self.settings.project, "anonymous", "token"];
        let response = self.post_form(caller, &path, &form).await.map_err(unavailable)?;
        let tokens = wire::tokens(&response).map_err(|refusal| refused(&refusal))?;
        let authenticated_at = self.now();
        let grant = self.begin(&tokens);
        let Some(Subject::Guest(id)) = wire::subject_of(&tokens) else {
            let detail = "the `scope` of a guest's tokens does not end in `anonymous_id`".to_owned();
            return self.give_back(caller, &grant, SignInError::Unavailable(detail)).await;
        };
        Ok(SignedIn { grant: grant.for_identity(Identity::guest(id)), authenticated_at })
    }

    /// The API compares addresses with their case. So an address is tried as it was typed, and then in the form in
    /// which most are stored.
    async fn customer_tokens(
        &self,
        caller: &Caller,
        email: &EmailAddress,
        password: &SecretText,
    ) -> Result<(Tokens, String), SignInError> {
        for address in spellings(email) {
            if address.is_empty() || password.is_empty() {
                continue;
            }
            let mut form = self.form_for("password");
            form.set("username", &address);
            form.set("password", password.expose());
            let path = ["oauth", &self.settings.project, "customers", "token"];
            let response = self.post_form(caller, &path, &form).await.map_err(unavailable)?;
            match wire::tokens(&response).map_err(|refusal| refused(&refusal)) {
                Ok(tokens) => return Ok((tokens, address)),
                Err(SignInError::InvalidCredentials) => {}
                Err(error) => return Err(error),
            }
        }
        Err(SignInError::InvalidCredentials)
    }

    fn begin(&self, tokens: &Tokens) -> Grant {
        let mut grant = Grant::default().with(grant::ISSUED_BY, self.issued_by.as_str());
        grant::replace_tokens(&mut grant, tokens, self.now(), self.settings.refresh_token_max_age);
        grant
    }

    /// Whose tokens these are. `scope` says it, and the customer's record adds name and address. The sign-in has
    /// succeeded already, so it does not fail for the record.
    async fn identify(
        &self,
        caller: &Caller,
        grant: &Grant,
        subject: Option<&Subject>,
        address: &str,
    ) -> Result<Identity, SignInError> {
        if let Some(Subject::Guest(_)) = subject {
            return Err(unavailable("the password of a customer was answered with the tokens of a guest"));
        }
        let record = self.me(caller, grant).await;
        match (subject.map(Subject::id), record) {
            (None, record) => record,
            (Some(id), Ok(customer)) if customer.id == id => Ok(customer),
            (Some(id), record) => {
                report(record.err());
                // SECURITY: nobody has said that this address is verified.
                let unverified_email = Some(address.to_owned());
                Ok(User { id: id.to_owned(), unverified_email, ..User::default() })
            }
        }
    }

    /// Revokes tokens that nobody will hold.
    async fn give_back(
        &self,
        caller: &Caller,
        grant: &Grant,
        error: SignInError,
    ) -> Result<SignedIn, SignInError> {
        if let Err(failure) = self.revoke(caller, grant).await {
            tracing::warn!(%failure, "the tokens of a sign-in that failed were not revoked");
        }
        Err(error)
    }
}

/// Says why a sign-in does without the customer's record.
fn report(error: Option<SignInError>) {
    match error {
        Some(SignInError::Misconfigured(detail)) => {
            tracing::error!(%detail, "signed in by the scope of the tokens: a setting hides the customer's record");
        }
        error => {
            let detail = error
                .map_or_else(|| "it is the record of somebody else".to_owned(), |error| error.to_string());
            tracing::warn!(%detail, "signed in by the scope of the tokens: no record of the customer");
        }
    }
}

pub(super) fn unavailable(error: impl std::fmt::Display) -> SignInError {
    SignInError::Unavailable(error.to_string())
}

/// What an answer without tokens says about the credentials. RFC 6749, section 5.2, has `invalid_grant` for wrong ones.
pub(super) fn refused(refusal: &Refusal) -> SignInError {
    let status = refusal.status;
    if status == http::StatusCode::TOO_MANY_REQUESTS {
        return SignInError::TooManyRequests { retry_after: refusal.retry_after };
    }
    // Whoever asked logs it. What is wrong with a request (`invalid_request`) may be what the person has typed.
    if refusal.is_setting() && !refusal.says(&["invalid_request"]) {
        return SignInError::Misconfigured(refusal.detail.clone());
    }
    // An authorization server asks for no token. The API does, at every address (RFC 6750, section 3.1).
    if status == http::StatusCode::UNAUTHORIZED && refusal.says(&["invalid_token"]) {
        let check = "check COMMERCETOOLS_AUTH_URL, which leads to the API";
        return SignInError::Misconfigured(format!("{}: {check}", refusal.detail));
    }
    let is_refused = status == http::StatusCode::BAD_REQUEST || status == http::StatusCode::UNAUTHORIZED;
    if is_refused && refusal.says(&["invalid_customer_account_credentials", "invalid_grant"]) {
        return SignInError::InvalidCredentials;
    }
    SignInError::Unavailable(refusal.detail.clone())
}
