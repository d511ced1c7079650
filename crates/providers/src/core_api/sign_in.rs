use std::sync::Arc;

use std::sync::atomic::Ordering;

use http::{Method, StatusCode};
use ironleaf_api_types::User;
use ironleaf_credentials::{email, password::readings};
use serde_json::{Value, json};

use super::others::Others;
use super::second_factor::challenge;
use super::{CoreApiProvider, claims, grant, passkeys, wire};
use crate::endpoint;
use ironleaf_auth::{Caller, Grant, Provider as _, Response, SecretText, SignIn, SignInError, SignedIn};

/// One pair of address and secret to try.
struct Presentation {
    email: String,
    secret: SecretText,
    /// The API's name for the secret.
    field: &'static str,
}

/// Why the person's own record could not be read.
pub(super) enum NoRecord {
    /// The API does not accept the access token.
    Refused,
    /// The API accepts the access token, but does not know the person.
    Gone,
    /// The API gave no usable answer. The text is for the log.
    Unknown(String),
}

impl CoreApiProvider {
    pub(super) async fn exchange(
        &self,
        caller: &Caller,
        attempt: SignIn,
        others: Others,
        existing: Option<&Grant>,
    ) -> Result<SignedIn, SignInError> {
        if let SignIn::SecondFactor { challenge, code } = attempt {
            let body = json!({ "challenge": challenge.expose(), "code": code.expose() });
            return self.complete(caller, body, others).await;
        }
        if let SignIn::Passkey { state, credential } = attempt {
            return self.complete(caller, passkeys::sign_in_body(&state, &credential)?, others).await;
        }
        let mut attempts = self.presentations(attempt)?.into_iter();
        let (email, issued) = loop {
            let Some(Presentation { email, secret, field }) = attempts.next() else {
                return Err(SignInError::InvalidCredentials);
            };
            // The API would take an empty secret for a request to reset the password, and send an e-mail.
            if email.is_empty() || secret.is_empty() {
                return Err(SignInError::InvalidCredentials);
            }
            let mut body = json!({ "email": email, field: secret.expose() });
            if others == Others::End {
                body["invalidateTokens"] = true.into();
            }
            let proof = existing.filter(|existing| field == "password" && self.proves(existing, &email));
            let response = self.post_tokens(caller, &body, proof).await?;
            if response.status().is_success() {
                break (email, wire::issued(&response).map_err(SignInError::Unavailable)?);
            }
            match refusal(&response) {
                SignInError::InvalidCredentials => {}
                other => return Err(other),
            }
        };
        self.begin(caller, email, issued).await
    }

    /// A sign-in that names no address: the second step of one, or that with a passkey.
    async fn complete(
        &self,
        caller: &Caller,
        mut body: Value,
        others: Others,
    ) -> Result<SignedIn, SignInError> {
        if others == Others::End {
            body["invalidateTokens"] = true.into();
        }
        let response = self.post_tokens(caller, &body, None).await?;
        if !response.status().is_success() {
            let is_over =
                response.status() == StatusCode::BAD_REQUEST && wire::ApiError::read(&response).is_some();
            return Err(if is_over { SignInError::ChallengeOver } else { refusal(&response) });
        }
        let issued = wire::issued(&response).map_err(SignInError::Unavailable)?;
        // Until the record is read, this says under which address the tokens can be revoked.
        let email = claims::read(&issued.access_token).map(|claims| claims.email).unwrap_or_default();
        self.begin(caller, email, issued).await
    }

    async fn begin(
        &self,
        caller: &Caller,
        email: String,
        issued: grant::Issued,
    ) -> Result<SignedIn, SignInError> {
        if issued.refresh_token.is_none() {
            return Err(SignInError::Unavailable("the API's answer has no `refreshToken`".to_owned()));
        }
        let mut grant = Grant::of(User::new("", email));
        self.put_tokens(&mut grant, issued);
        self.identify(caller, grant).await
    }

    /// Whether the access token of this grant goes along with the password of this address. An API with a second step
    /// does not ask somebody for a code who is signed in and only proves again who they are. Another API would not
    /// expect the token there.
    fn proves(&self, existing: &Grant, email: &str) -> bool {
        self.has_second_factor.load(Ordering::Relaxed)
            && self.is_ours(existing)
            && existing.identity.as_ref().is_some_and(|known| known.email.as_deref() == Some(email))
    }

    /// The forms of address and password to try for this input, the most likely first. There are at most four, and only
    /// one for an ASCII address with an ASCII password. A token is tried as it is, with each form of the address.
    fn presentations(&self, attempt: SignIn) -> Result<Vec<Presentation>, SignInError> {
        let (email, password) = match attempt {
            SignIn::Password { email, password } => (email, password),
            SignIn::OneTimeToken { email, token } => {
                // Refused under the address of somebody else, it is not used up.
                let in_unicode = email::unicode_form(email.as_str());
                let of = |email| Presentation { email, secret: token.clone(), field: "refreshToken" };
                let email = email.as_str().to_owned();
                return Ok([email].into_iter().chain(in_unicode).map(of).collect());
            }
            _ => return Err(SignInError::Unsupported),
        };
        let passwords = if self.settings.normalize_passwords {
            readings(password.expose()).map(|reading| SecretText::from(reading.as_str())).collect()
        } else {
            vec![password]
        };
        // An API that has no form of its own keeps the domain as somebody typed it once.
        let in_unicode = email::unicode_form(email.as_str());
        let emails = [email.as_str().to_owned()].into_iter().chain(in_unicode);
        let of = |email: String| {
            passwords.iter().cloned().map(move |secret| Presentation {
                email: email.clone(),
                secret,
                field: "password",
            })
        };
        Ok(emails.flat_map(of).collect())
    }

    async fn post_tokens(
        &self,
        caller: &Caller,
        body: &Value,
        proof: Option<&Grant>,
    ) -> Result<Response, SignInError> {
        let sending = async {
            let url = self.endpoint(&["auth", "tokens"]);
            let mut request = wire::request(caller, Method::POST, &url, body)?;
            if let Some(grant) = proof {
                wire::authorize(caller, grant, &mut request);
            }
            self.transport.send(request).await
        };
        sending.await.map_err(|error| SignInError::Unavailable(error.to_string()))
    }

    pub(super) fn put_tokens(&self, grant: &mut Grant, issued: grant::Issued) {
        let max_age = self.settings.refresh_token_max_age;
        grant::replace_tokens(grant, issued, self.now(), max_age, || grant::first_key(&self.random));
        match self.issued_by.as_deref() {
            Some(mark) => grant.set(grant::ISSUED_BY, mark),
            None => grant.remove(grant::ISSUED_BY),
        }
    }

    /// Finds out whose tokens these are. They are already issued, so the sign-in does not fail if the API fails now:
    /// the claims of the access token are enough.
    async fn identify(&self, caller: &Caller, mut grant: Grant) -> Result<SignedIn, SignInError> {
        let authenticated_at = self.now();
        let identity = match self.owner_record(caller, &grant).await {
            Ok(user) => Some(user),
            Err(reason) => {
                let detail = match reason {
                    NoRecord::Refused => "the API answered 401".to_owned(),
                    NoRecord::Gone => "the API answered 404".to_owned(),
                    NoRecord::Unknown(detail) => detail,
                };
                tracing::warn!(%detail, "signed in by the claims of the access token: no user record");
                grant
                    .field(grant::ACCESS_TOKEN)
                    .and_then(claims::read)
                    .map(|claims| User::new(claims.sub, claims.email))
            }
        };
        let Some(identity) = identity else {
            // The tokens will not be used. They are revoked so that nobody else can use them.
            if let Err(error) = self.revoke_family(caller, &grant).await {
                tracing::warn!(%error, "tokens of a sign-in without an identity were not revoked");
            }
            return Err(SignInError::Unavailable("the API does not say who signed in".to_owned()));
        };
        grant.identity = Some(Arc::new(identity));
        Ok(SignedIn { grant, authenticated_at })
    }

    /// The record of the access token's owner.
    pub(super) async fn owner_record(&self, caller: &Caller, grant: &Grant) -> Result<User, NoRecord> {
        let sending = async {
            let url = self.endpoint(&["user", "users", "current"]);
            let mut request = endpoint::request(Method::GET, &url, &Value::Null)?;
            wire::authorize(caller, grant, &mut request);
            self.transport.send(request).await
        };
        let response = sending.await.map_err(|error| NoRecord::Unknown(error.to_string()))?;
        if response.status() == StatusCode::UNAUTHORIZED && wire::ApiError::read(&response).is_some() {
            return Err(NoRecord::Refused);
        }
        if wire::is_unknown(&response) {
            return Err(NoRecord::Gone);
        }
        wire::user(&response).ok_or_else(|| NoRecord::Unknown(wire::describe(&response)))
    }
}

fn refusal(response: &Response) -> SignInError {
    if let Some(challenge) = challenge(response) {
        return SignInError::Challenged(challenge);
    }
    let in_form = wire::ApiError::read(response).is_some();
    match response.status() {
        StatusCode::UNAUTHORIZED if wire::is_refusal(response) => SignInError::InvalidCredentials,
        // An address or a password that no account can have is treated as wrong credentials.
        StatusCode::BAD_REQUEST if in_form => SignInError::InvalidCredentials,
        StatusCode::FORBIDDEN if in_form => SignInError::Forbidden,
        StatusCode::TOO_MANY_REQUESTS => {
            SignInError::TooManyRequests { retry_after: wire::retry_after(response) }
        }
        _ => SignInError::Unavailable(wire::describe(response)),
    }
}
