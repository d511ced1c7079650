use http::{Method, StatusCode};
use ironleaf_auth::{Caller, Grant, Response, SecretText, SignIn, SignInError, SignedIn};
use serde_json::{Map, Value, json};

use super::{BetterAuthProvider, grant, person, wire};
use crate::answer::json as read_json;
use crate::named_calls;

impl BetterAuthProvider {
    pub(super) async fn exchange(&self, caller: &Caller, attempt: SignIn) -> Result<SignedIn, SignInError> {
        let (email, password) = match attempt {
            SignIn::Password { email, password } => (email, password),
            SignIn::SecondFactor { challenge, code } => {
                return self.complete(caller, &challenge, &code).await;
            }
            _ => return Err(SignInError::Unsupported),
        };
        let body = json!({
            "email": email.as_str(),
            "password": password.expose(),
            "rememberMe": self.settings.remember_me,
        });
        let url = self.endpoint(&["sign-in", "email"]);
        let asked = self.ask(caller, Method::POST, &url, &body, None).await;
        let response = asked.map_err(|error| SignInError::Unavailable(error.to_string()))?;
        let answer = wire::object(&response).ok_or_else(|| refusal(&response))?;
        if answer.get("twoFactorRedirect").is_some_and(|value| *value == true) {
            let challenge = self.kept.challenge(&response, self.now()).filter(|_| takes_app_codes(&answer));
            return Err(challenge.map_or(SignInError::SecondFactor, SignInError::Challenged));
        }
        self.begin(caller, &response, &answer).await
    }

    /// The second step of a sign-in. The code of an app has digits alone.
    async fn complete(
        &self,
        caller: &Caller,
        challenge: &SecretText,
        code: &SecretText,
    ) -> Result<SignedIn, SignInError> {
        let code: String = code.expose().chars().filter(|letter| !letter.is_whitespace()).collect();
        let is_of_app = code.bytes().all(|byte| byte.is_ascii_digit());
        let path = if is_of_app { "verify-totp" } else { "verify-backup-code" };
        let url = self.endpoint(&["two-factor", path]);
        let waiting = Grant::default().with(grant::SESSION, challenge.expose());
        let asked = self.ask(caller, Method::POST, &url, &json!({ "code": code }), Some(&waiting)).await;
        let response = asked.map_err(|error| SignInError::Unavailable(error.to_string()))?;
        let answer = wire::object(&response).ok_or_else(|| refusal(&response))?;
        self.begin(caller, &response, &answer).await
    }

    /// The sign-in whose answer this is.
    async fn begin(
        &self,
        caller: &Caller,
        response: &Response,
        answer: &Map<String, Value>,
    ) -> Result<SignedIn, SignInError> {
        let authenticated_at = self.now();
        let user = answer.get("user").and_then(Value::as_object);
        let grant = self.kept.begin(response, &self.issued_by, authenticated_at);
        let grant = grant.ok_or_else(|| self.without_cookie(response, user.is_some()))?;
        let Some(identity) = user.and_then(person::read) else {
            self.give_back(caller, &grant).await;
            let answered = named_calls::answered(response, "the auth server");
            return Err(SignInError::Unavailable(format!("{answered} without a `user.id`")));
        };
        match self.new_token(caller, &grant.clone().for_identity(identity)).await {
            Ok(grant) => Ok(SignedIn { grant, authenticated_at }),
            Err(no_token) => {
                self.give_back(caller, &grant).await;
                // The session is good, and its first token still cannot be had.
                Err(no_token.of_sign_in())
            }
        }
    }

    /// A sign-in without a session that is known by its name. Only the auth server names a `user`.
    fn without_cookie(&self, response: &Response, has_user: bool) -> SignInError {
        let answered = named_calls::answered(response, "the auth server");
        let prefix = &self.settings.cookie_prefix;
        let detail =
            format!("{answered} with no cookie {prefix}.session_token: check BETTER_AUTH_COOKIE_PREFIX");
        if has_user { SignInError::Misconfigured(detail) } else { SignInError::Unavailable(detail) }
    }

    /// Ends a session that nobody will use.
    pub(super) async fn give_back(&self, caller: &Caller, grant: &Grant) {
        if let Err(error) = self.end_session_of(caller, grant).await {
            tracing::warn!(%error, "a session that nobody uses was not ended at the auth server");
        }
    }

    /// Ends the person's other sessions. The sign-in stays good if that fails.
    pub(super) async fn end_others_of(&self, caller: &Caller, grant: &Grant) {
        let url = self.endpoint(&["revoke-other-sessions"]);
        match self.ask(caller, Method::POST, &url, &json!({}), Some(grant)).await {
            Ok(response) if response.status().is_success() => {}
            Ok(response) => {
                tracing::warn!(detail = wire::describe(&response), "the other sessions were not ended");
            }
            Err(error) => tracing::warn!(%error, "the other sessions were not ended"),
        }
    }
}

/// Whether the person can present the code of an app. Codes that are sent to them would have to be asked for first.
fn takes_app_codes(answer: &Map<String, Value>) -> bool {
    let methods = answer.get("twoFactorMethods").and_then(Value::as_array);
    methods.is_none_or(|methods| methods.iter().any(|method| method == "totp"))
}

fn refusal(response: &Response) -> SignInError {
    match (response.status(), wire::code(response).as_deref()) {
        // Both words are used, and an address that no account can have is treated as wrong credentials.
        (StatusCode::UNAUTHORIZED, Some("INVALID_EMAIL_OR_PASSWORD" | "INVALID_PASSWORD"))
        | (StatusCode::BAD_REQUEST, Some("INVALID_EMAIL")) => SignInError::InvalidCredentials,
        (StatusCode::UNAUTHORIZED, Some("INVALID_CODE" | "INVALID_BACKUP_CODE"))
        | (StatusCode::BAD_REQUEST, Some("TOTP_NOT_ENABLED" | "BACKUP_CODES_NOT_ENABLED")) => {
            SignInError::InvalidCredentials
        }
        (StatusCode::UNAUTHORIZED, Some("INVALID_TWO_FACTOR_COOKIE"))
        | (StatusCode::BAD_REQUEST, Some("TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE")) => SignInError::ChallengeOver,
        (StatusCode::FORBIDDEN, Some("EMAIL_NOT_VERIFIED" | "BANNED_USER")) => SignInError::Forbidden,
        (StatusCode::TOO_MANY_REQUESTS, _) => {
            SignInError::TooManyRequests { retry_after: wire::retry_after(response) }
        }
        _ if wire::is_of_settings(response) || is_not_its_path(response) => {
            SignInError::Misconfigured(wire::describe(response))
        }
        _ => SignInError::Unavailable(wire::describe(response)),
    }
}

/// The auth server answers a path outside of its base path with an empty 404, and frameworks around it with JSON. The
/// page of a proxy may as well mean that the auth server is away.
fn is_not_its_path(response: &Response) -> bool {
    let is_page = || read_json::<Map<String, Value>>(response).is_none() && !response.body().is_empty();
    response.status() == StatusCode::NOT_FOUND && !is_page()
}
