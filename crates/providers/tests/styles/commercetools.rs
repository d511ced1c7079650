//! OAuth 2 in the commercetools profile: password grant for customers, client credentials for guests, and a refresh
//! token that does not rotate.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ironleaf_auth::conformance::{BackEnd, Reuse, Rotation, Style};
use ironleaf_auth::{
    BaseUrl, Caller, Clock, Field, Grant, Identity, Provider, Random, RefreshOutcome, RefreshTiming,
    Rejection, Repetition, Request, Response, SignIn, SignInError, SignedIn, Transport, TransportError,
};
use serde_json::{Value, json};

use super::wire::{
    EMAIL, PASSWORD, bearer, field, form_body, get, is_basic, json, json_body, lock, oauth_refresh_outcome,
    opaque, or_ended, or_unavailable, password, post_form, post_json, set_basic, set_bearer, signed_out,
    unusable,
};

const AUTH: &str = "http://auth.shop.test/oauth";
const API: &str = "http://api.shop.test/shop";
const CLIENT: &str = "client:secret";
const LIFE: Duration = Duration::from_hours(48);
const REFRESH_LIFE: Duration = Duration::from_hours(200 * 24);

const ACCESS: Field = 1;
const REFRESH: Field = 2;

struct Shop {
    clock: Clock,
    random: Random,
    /// Refresh tokens, and whether each belongs to a guest.
    refresh_tokens: Mutex<HashMap<String, bool>>,
    access_tokens: Mutex<HashMap<String, (SystemTime, bool)>>,
    issued: Mutex<Vec<String>>,
}

pub(crate) async fn open(clock: Clock, random: Random) -> Arc<dyn BackEnd> {
    Arc::new(Shop {
        clock,
        random,
        refresh_tokens: Mutex::default(),
        access_tokens: Mutex::default(),
        issued: Mutex::new(vec![PASSWORD.to_owned(), CLIENT.to_owned()]),
    })
}

impl Shop {
    fn access(&self, guest: bool) -> Value {
        let access = opaque(&self.random);
        lock(&self.issued).push(access.clone());
        lock(&self.access_tokens).insert(access.clone(), ((self.clock)() + LIFE, guest));
        json!({ "access_token": access, "token_type": "Bearer", "expires_in": LIFE.as_secs(), "scope": "manage" })
    }

    fn sign_in(&self, guest: bool) -> Response {
        let mut answer = self.access(guest);
        let refresh = opaque(&self.random);
        lock(&self.issued).push(refresh.clone());
        lock(&self.refresh_tokens).insert(refresh.clone(), guest);
        answer["refresh_token"] = refresh.into();
        json(200, &answer)
    }

    fn oauth(&self, request: &Request) -> Response {
        if !is_basic(request, CLIENT) {
            return oauth_error(401, "invalid_client");
        }
        let form = form_body(request);
        let value = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        match (request.uri().path(), value("grant_type")) {
            ("/oauth/shop/customers/token", "password") => {
                if value("username") == EMAIL && value("password") == PASSWORD {
                    self.sign_in(false)
                } else {
                    oauth_error(400, "invalid_customer_account_credentials")
                }
            }
            ("/oauth/shop/anonymous/token", "client_credentials") => self.sign_in(true),
            ("/oauth/token", "refresh_token") => {
                let guest = lock(&self.refresh_tokens).get(value("refresh_token")).copied();
                match guest {
                    Some(guest) => json(200, &self.access(guest)),
                    None => oauth_error(400, "invalid_grant"),
                }
            }
            ("/oauth/token/revoke", _) => {
                lock(&self.refresh_tokens).remove(value("token"));
                lock(&self.access_tokens).remove(value("token"));
                json(200, &Value::Null)
            }
            _ => oauth_error(400, "unsupported_grant_type"),
        }
    }

    fn me(&self, request: &Request) -> Response {
        let token = bearer(request).and_then(|token| lock(&self.access_tokens).get(token).copied());
        match token {
            Some((end, guest)) if (self.clock)() < end => {
                let id = if guest { "guest" } else { "customer" };
                json(200, &json!({ "id": id, "email": EMAIL }))
            }
            _ => oauth_error(401, "invalid_token"),
        }
    }
}

#[async_trait]
impl BackEnd for Shop {
    fn style(&self) -> Style {
        Style {
            name: "OAuth 2, commercetools profile",
            access_life: LIFE,
            timing: RefreshTiming::Before(Duration::from_mins(1)),
            rotation: Rotation::Kept,
            refresh_field: REFRESH,
            reuse: Reuse::Free,
            sign_out_ends_access: true,
            sign_out_redirects: false,
        }
    }

    fn provider(&self, transport: Arc<dyn Transport>) -> Arc<dyn Provider> {
        Arc::new(Commercetools { transport, clock: Arc::clone(&self.clock) })
    }

    async fn answer(&self, request: Request) -> Response {
        if request.uri().host() == Some("auth.shop.test") { self.oauth(&request) } else { self.me(&request) }
    }

    async fn right_credentials(&self, _: &dyn Provider) -> SignIn {
        password(PASSWORD)
    }

    async fn wrong_credentials(&self, _: &dyn Provider) -> SignIn {
        password("not the password")
    }

    fn calls(&self) -> Vec<Request> {
        vec![get(&format!("{API}/me")), post_json(&format!("{API}/me/carts"), &json!({}))]
    }

    fn terminal_answers(&self) -> Vec<Response> {
        vec![oauth_error(400, "invalid_grant"), oauth_error(401, "invalid_token")]
    }

    fn open_sessions(&self) -> usize {
        lock(&self.refresh_tokens).len()
    }

    async fn end_sessions(&self) {
        lock(&self.refresh_tokens).clear();
    }

    async fn change_credentials(&self) -> Option<Request> {
        None
    }

    fn secrets(&self) -> Vec<String> {
        lock(&self.issued).clone()
    }
}

fn oauth_error(status: u16, code: &str) -> Response {
    let body = json!({
        "statusCode": status, "message": code, "errors": [{ "code": code, "message": code }],
        "error": code, "error_description": code,
    });
    json(status, &body)
}

struct Commercetools {
    transport: Arc<dyn Transport>,
    clock: Clock,
}

impl Commercetools {
    async fn post(
        &self,
        caller: &Caller,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<Response, TransportError> {
        let mut request = post_form(&format!("{AUTH}{path}"), form);
        caller.introduce(&mut request);
        set_basic(&mut request, CLIENT);
        self.transport.send(request).await
    }

    /// If the answer has no refresh token, the old one stays valid.
    fn take(&self, mut grant: Grant, response: &Response) -> Option<Grant> {
        if !response.status().is_success() {
            return None;
        }
        let now = (self.clock)();
        let life = Duration::from_secs(json_body(response.body())["expires_in"].as_u64()?);
        grant.set(ACCESS, field(response, "access_token")?);
        if let Some(refresh) = field(response, "refresh_token") {
            grant.set(REFRESH, refresh);
            grant.refresh_expires_at = now.checked_add(REFRESH_LIFE);
        }
        grant.access_expires_at = now.checked_add(life);
        grant.access_lifetime = Some(life);
        Some(grant)
    }

    async fn revoke(&self, caller: &Caller, grant: &Grant, field: Field) -> Result<(), TransportError> {
        let Some(token) = grant.field(field) else { return Ok(()) };
        let hint = if field == REFRESH { "refresh_token" } else { "access_token" };
        let form = [("token", token.expose()), ("token_type_hint", hint)];
        signed_out(self.post(caller, "/token/revoke", &form).await)
    }
}

#[async_trait]
impl Provider for Commercetools {
    fn name(&self) -> &'static str {
        "commercetools"
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
        let guest = matches!(attempt, SignIn::ClientCredentials);
        let sent = match &attempt {
            SignIn::Password { email, password } => {
                let form = [
                    ("grant_type", "password"),
                    ("username", email.as_str()),
                    ("password", password.expose()),
                ];
                self.post(caller, "/shop/customers/token", &form).await
            }
            SignIn::ClientCredentials => {
                self.post(caller, "/shop/anonymous/token", &[("grant_type", "client_credentials")]).await
            }
            _ => return Err(SignInError::Unsupported),
        };
        let response = or_unavailable(sent)?;
        let wrong = json_body(response.body())["error"] == "invalid_customer_account_credentials";
        if response.status() == 400 && wrong {
            return Err(SignInError::InvalidCredentials);
        }
        let grant = self.take(Grant::default(), &response).ok_or_else(|| unusable(&response))?;
        let mut request = get(&format!("{API}/me"));
        self.authorize(caller, &grant, &mut request);
        let response = or_unavailable(self.transport.send(request).await)?;
        let me: Identity = serde_json::from_slice(response.body()).map_err(|_| unusable(&response))?;
        let identity = if guest { Identity::guest(me.id) } else { me };
        Ok(SignedIn { grant: grant.for_identity(identity), authenticated_at: (self.clock)() })
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
        Repetition::Free
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
        let refresh = self.revoke(caller, grant, REFRESH).await;
        let access = self.revoke(caller, grant, ACCESS).await;
        refresh.and(access)
    }
}
