//! OpenID Connect: authorization code with PKCE, pushed to the server first; rotation that revokes the whole grant on
//! reuse; a sign-out that sends the browser on.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ironleaf_auth::conformance::{BackEnd, Rotation, Style};
use ironleaf_auth::{
    AuthorizationRequest, Caller, Clock, Field, Grant, Identity, Provider, Random, RefreshOutcome,
    RefreshTiming, Rejection, Request, Response, ReuseCost, SecretText, SignIn, SignInError, SignOut,
    SignedIn, Transport, TransportError,
};
use serde_json::{Value, json};
use url::Url;

use super::wire::{
    EMAIL, bearer, claims, digest, field, form_body, get, in_doubt, is_basic, json, json_body, jwt, lock,
    opaque, or_ended, or_unavailable, post_form, post_json, set_basic, set_bearer, sign_out_failure,
    unix_secs, unusable,
};

const ISSUER: &str = "http://idp.test";
const API: &str = "http://api.test";
const CLIENT_ID: &str = "ironleaf";
const CLIENT: &str = "ironleaf:client-secret";
const REDIRECT_URI: &str = "https://app.test/callback";
const LIFE: Duration = Duration::from_mins(10);

const ACCESS: Field = 1;
const REFRESH: Field = 2;
const SID: Field = 3;

struct Issuer {
    clock: Clock,
    random: Random,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pushed: HashMap<String, HashMap<String, String>>,
    codes: HashMap<String, HashMap<String, String>>,
    grants: Vec<Authorized>,
    issued: Vec<String>,
}

/// All tokens that descend from one sign-in; dead once it is revoked.
struct Authorized {
    refresh: String,
    spent: Vec<String>,
    access: HashMap<String, SystemTime>,
    revoked: bool,
}

pub(crate) async fn open(clock: Clock, random: Random) -> Arc<dyn BackEnd> {
    Arc::new(Issuer {
        clock,
        random,
        state: Mutex::default(),
    })
}

impl Issuer {
    /// What the person's browser does: go there, sign in, come back with a code.
    fn visit(&self, url: &str) -> String {
        let url = Url::parse(url).unwrap();
        let mut parameters: HashMap<_, _> = url.query_pairs().into_owned().collect();
        let mut state = lock(&self.state);
        let request = state
            .pushed
            .remove(&parameters.remove("request_uri").unwrap())
            .unwrap();
        let code = opaque(&self.random);
        state.issued.push(code.clone());
        state.codes.insert(code.clone(), request);
        code
    }

    async fn code(&self, provider: &dyn Provider) -> (String, AuthorizationRequest) {
        let request = AuthorizationRequest {
            redirect_uri: REDIRECT_URI.to_owned(),
            state: opaque(&self.random).into(),
            nonce: opaque(&self.random).into(),
            code_verifier: opaque(&self.random).into(),
        };
        let caller = Caller {
            client_ip: Some(IpAddr::from([203, 0, 113, 7])),
            ..Caller::default()
        };
        let url = provider.authorization_url(&caller, &request).await;
        (self.visit(&url.unwrap()), request)
    }

    fn issue(&self, index: usize) -> Value {
        let (access, refresh) = (opaque(&self.random), opaque(&self.random));
        let mut state = lock(&self.state);
        state.issued.extend([access.clone(), refresh.clone()]);
        let grant = &mut state.grants[index];
        let spent = std::mem::replace(&mut grant.refresh, refresh.clone());
        grant.spent.push(spent);
        grant.access.insert(access.clone(), (self.clock)() + LIFE);
        json!({
            "access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": LIFE.as_secs()
        })
    }

    fn exchange(&self, form: &HashMap<String, String>) -> Response {
        let request = form
            .get("code")
            .and_then(|code| lock(&self.state).codes.remove(code));
        let Some(request) = request else {
            return oauth_error(400, "invalid_grant");
        };
        let challenge = form.get("code_verifier").map(|verifier| digest(verifier));
        let same_uri = form.get("redirect_uri") == request.get("redirect_uri");
        if challenge.as_ref() != request.get("code_challenge") || !same_uri {
            return oauth_error(400, "invalid_grant");
        }
        let index = {
            let mut state = lock(&self.state);
            let fresh = Authorized {
                refresh: String::new(),
                spent: Vec::new(),
                access: HashMap::new(),
                revoked: false,
            };
            state.grants.push(fresh);
            state.grants.len() - 1
        };
        let mut answer = self.issue(index);
        let now = unix_secs((self.clock)());
        let id_token = jwt(&json!({
            "iss": ISSUER, "aud": CLIENT_ID, "sub": "s1", "email": EMAIL, "sid": format!("sid-{index}"),
            "nonce": request["nonce"], "iat": now, "exp": now + 60,
        }));
        lock(&self.state).issued.push(id_token.clone());
        answer["id_token"] = id_token.into();
        json(200, &answer)
    }

    fn refresh(&self, token: &str) -> Response {
        let index = {
            let mut state = lock(&self.state);
            let found = state
                .grants
                .iter()
                .position(|grant| grant.refresh == token || grant.spent.iter().any(|spent| spent == token));
            let Some(index) = found else {
                return oauth_error(400, "invalid_grant");
            };
            let grant = &mut state.grants[index];
            grant.revoked |= grant.refresh != token;
            if grant.revoked {
                return oauth_error(400, "invalid_grant");
            }
            index
        };
        json(200, &self.issue(index))
    }

    fn endpoint(&self, request: &Request) -> Response {
        if !is_basic(request, CLIENT) {
            return oauth_error(401, "invalid_client");
        }
        let form = form_body(request);
        match request.uri().path() {
            "/par" => {
                let uri = format!("urn:request:{}", opaque(&self.random));
                lock(&self.state).pushed.insert(uri.clone(), form);
                json(201, &json!({ "request_uri": uri, "expires_in": 60 }))
            }
            "/revoke" => {
                let token = form.get("token").cloned().unwrap_or_default();
                for grant in &mut lock(&self.state).grants {
                    grant.revoked |= grant.refresh == token || grant.spent.contains(&token);
                }
                json(200, &Value::Null)
            }
            "/token" if form.contains_key("code") => self.exchange(&form),
            "/token" => self.refresh(form.get("refresh_token").map(String::as_str).unwrap_or_default()),
            _ => oauth_error(400, "invalid_request"),
        }
    }
}

#[async_trait]
impl BackEnd for Issuer {
    fn style(&self) -> Style {
        Style {
            name: "OpenID Connect",
            access_life: LIFE,
            timing: RefreshTiming::Before(Duration::from_mins(1)),
            rotation: Rotation::New,
            refresh_field: REFRESH,
            reuse_cost: ReuseCost::Family,
            idempotent: false,
            sign_out_ends_access: true,
            sign_out_redirects: true,
        }
    }

    fn provider(&self, transport: Arc<dyn Transport>) -> Arc<dyn Provider> {
        Arc::new(OpenIdConnect {
            transport,
            clock: Arc::clone(&self.clock),
        })
    }

    async fn answer(&self, request: Request) -> Response {
        if request.uri().host() == Some("idp.test") {
            return self.endpoint(&request);
        }
        let (now, token) = ((self.clock)(), bearer(&request).unwrap_or_default());
        let state = lock(&self.state);
        let mut living = state.grants.iter().filter(|grant| !grant.revoked);
        if living.any(|grant| grant.access.get(token).is_some_and(|end| now < *end)) {
            json(200, &json!([]))
        } else {
            oauth_error(401, "invalid_token")
        }
    }

    async fn right_credentials(&self, provider: &dyn Provider) -> SignIn {
        let (code, request) = self.code(provider).await;
        SignIn::AuthorizationCode {
            code: code.into(),
            code_verifier: request.code_verifier,
            redirect_uri: request.redirect_uri,
            nonce: Some(request.nonce),
            issuer: Some(ISSUER.to_owned()),
        }
    }

    /// A good code that somebody else asked for.
    async fn wrong_credentials(&self, provider: &dyn Provider) -> SignIn {
        let (code, request) = self.code(provider).await;
        SignIn::AuthorizationCode {
            code: code.into(),
            code_verifier: "another verifier".into(),
            redirect_uri: request.redirect_uri,
            nonce: Some(request.nonce),
            issuer: Some(ISSUER.to_owned()),
        }
    }

    fn calls(&self) -> Vec<Request> {
        let url = format!("{API}/orders");
        vec![get(&url), post_json(&url, &json!({}))]
    }

    fn terminal_answers(&self) -> Vec<Response> {
        vec![
            oauth_error(400, "invalid_grant"),
            oauth_error(401, "invalid_token"),
        ]
    }

    async fn end_sessions(&self) {
        for grant in &mut lock(&self.state).grants {
            grant.revoked = true;
        }
    }

    async fn change_credentials(&self) -> Option<Request> {
        None
    }

    fn secrets(&self) -> Vec<String> {
        lock(&self.state)
            .issued
            .iter()
            .cloned()
            .chain([CLIENT.to_owned()])
            .collect()
    }
}

fn oauth_error(status: u16, code: &str) -> Response {
    json(status, &json!({ "error": code }))
}

struct OpenIdConnect {
    transport: Arc<dyn Transport>,
    clock: Clock,
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

    /// A refresh token in the answer replaces the old one; none means that it stays.
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

/// The claims of an identity token that was issued to us, by whom we asked, for this very redirect.
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

    async fn sign_in(&self, caller: &Caller, attempt: SignIn) -> Result<SignedIn, SignInError> {
        let SignIn::AuthorizationCode {
            code,
            code_verifier,
            redirect_uri,
            nonce,
            issuer,
        } = attempt
        else {
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
        let grant = self
            .take(Grant::default(), &response)
            .ok_or_else(|| unusable(&response))?;
        let id_token = field(&response, "id_token").ok_or_else(|| unusable(&response))?;
        let claims = identity_claims(&id_token, nonce.as_ref()).ok_or(SignInError::InvalidCredentials)?;
        let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
        let identity = Identity {
            id: text("sub"),
            email: text("email"),
            roles: Vec::new(),
            unverified_email: None,
        };
        let sid = text("sid");
        Ok(SignedIn {
            grant: grant.with(SID, sid.as_str()),
            identity,
            provider_sid: Some(sid),
        })
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

    fn reuse_cost(&self) -> ReuseCost {
        ReuseCost::Family
    }

    fn refresh_is_idempotent(&self, _: &Grant) -> bool {
        false
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
        let body = json_body(response.body());
        match (response.status().as_u16(), body["error"].as_str()) {
            (400, Some("invalid_grant")) => RefreshOutcome::Rejected(Rejection::InvalidGrant),
            // `invalid_client` is our own fault and no reason to sign anybody out.
            (401, Some(error)) if error != "invalid_client" => {
                RefreshOutcome::Rejected(Rejection::InvalidGrant)
            }
            _ => match self.take(grant.clone(), &response) {
                Some(renewed) => RefreshOutcome::Rotated(renewed),
                None => in_doubt(&response),
            },
        }
    }

    async fn sign_out(&self, caller: &Caller, grant: &Grant) -> SignOut {
        let token = grant.field(REFRESH).map(SecretText::expose).unwrap_or_default();
        let sent = self
            .post(
                caller,
                "/revoke",
                &[("token", token), ("token_type_hint", "refresh_token")],
            )
            .await;
        // The session is named by its `sid`, not by the identity token: that would put a token into a URL.
        let hint = grant.field(SID).map(SecretText::expose).unwrap_or_default();
        let query = serde_urlencoded::to_string([("client_id", CLIENT_ID), ("logout_hint", hint)]);
        SignOut {
            redirect: Some(format!("{ISSUER}/end-session?{}", query.unwrap())),
            failure: sign_out_failure(sent),
        }
    }
}
