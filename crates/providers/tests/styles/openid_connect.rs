//! `OpenID` Connect: authorization code with PKCE and pushed authorization requests, rotation that revokes the whole
//! grant on reuse, and a sign-out that redirects the browser. Only the issuer is scripted: its provider is the real one.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ironleaf_auth::conformance::{BackEnd, Reuse, Rotation, Style};
use ironleaf_auth::{
    AuthorizationRequest, Caller, Clock, Field, Provider, Random, RefreshTiming, Request, Response, SignIn,
    Transport,
};
use ironleaf_providers::{ClientAuthentication, Issuer as Identifier, OidcProvider, OidcSettings};
use serde_json::{Value, json};
use url::Url;

use self::client::{CLIENT, CLIENT_ID, CLIENT_SECRET, ISSUER};
use super::signing::{key_set, signed};
use super::wire::{
    EMAIL, bearer, digest, form_body, get, is_basic, json, lock, opaque, post_json, unix_secs,
};

mod client;

const API: &str = "http://api.test";
const REDIRECT_URI: &str = "https://app.test/callback";
const LIFE: Duration = Duration::from_mins(10);
/// The field of the grant that holds the refresh token.
const REFRESH: Field = 2;

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

/// All tokens that descend from one sign-in. They are dead after a revocation.
struct Authorized {
    nonce: String,
    refresh: String,
    spent: Vec<String>,
    access: HashMap<String, SystemTime>,
    revoked: bool,
}

pub(crate) async fn open(clock: Clock, random: Random) -> Arc<dyn BackEnd> {
    Arc::new(Issuer { clock, random, state: Mutex::default() })
}

impl Issuer {
    /// Does what the person's browser does: opens the URL, signs in, and returns with a code.
    fn visit(&self, url: &str) -> String {
        let url = Url::parse(url).unwrap();
        let mut parameters: HashMap<_, _> = url.query_pairs().into_owned().collect();
        let mut state = lock(&self.state);
        let request = state.pushed.remove(&parameters.remove("request_uri").unwrap()).unwrap();
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
            reauthenticate: false,
        };
        let caller = Caller { client_ip: Some(IpAddr::from([203, 0, 113, 7])), ..Caller::default() };
        let url = provider.authorization_url(&caller, &request, None).await;
        (self.visit(&url.unwrap()), request)
    }

    fn issue(&self, index: usize) -> Value {
        let (access, refresh) = (opaque(&self.random), opaque(&self.random));
        let mut state = lock(&self.state);
        state.issued.extend([access.clone(), refresh.clone()]);
        let grant = &mut state.grants[index];
        let spent = std::mem::replace(&mut grant.refresh, refresh.clone());
        grant.spent.push(spent);
        let now = (self.clock)();
        grant.access.insert(access.clone(), now + LIFE);
        let now = unix_secs(now);
        let id_token = signed(&json!({
            "iss": ISSUER, "aud": CLIENT_ID, "sub": "s1", "email": EMAIL, "email_verified": true,
            "sid": format!("sid-{index}"), "nonce": grant.nonce, "iat": now, "exp": now + 60, "auth_time": now,
        }));
        json!({
            "access_token": access, "refresh_token": refresh, "id_token": id_token, "token_type": "Bearer",
            "expires_in": LIFE.as_secs(),
        })
    }

    fn exchange(&self, form: &HashMap<String, String>) -> Response {
        let request = form.get("code").and_then(|code| lock(&self.state).codes.remove(code));
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
                nonce: request.get("nonce").cloned().unwrap_or_default(),
                refresh: String::new(),
                spent: Vec::new(),
                access: HashMap::new(),
                revoked: false,
            };
            state.grants.push(fresh);
            state.grants.len() - 1
        };
        json(200, &self.issue(index))
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
        match request.uri().path() {
            "/.well-known/openid-configuration" => return kept(json(200, &metadata())),
            "/keys" => return kept(json(200, &key_set())),
            _ => {}
        }
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
            reuse: Reuse::EndsTheSession,
            sign_out_ends_access: true,
            sign_out_redirects: true,
        }
    }

    fn provider(&self, transport: Arc<dyn Transport>) -> Arc<dyn Provider> {
        let issuer = Identifier::parse(ISSUER).unwrap();
        let authentication = ClientAuthentication::SecretBasic(CLIENT_SECRET.into());
        let settings = OidcSettings::of(issuer, CLIENT_ID, authentication);
        Arc::new(OidcProvider::new(settings, transport, Arc::clone(&self.clock), Arc::clone(&self.random)))
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

    /// The issuer is somebody else's, and sees the browser itself.
    fn is_told_the_address(&self, request: &Request) -> bool {
        request.uri().host() != Some("idp.test")
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

    /// A valid code, presented with a code verifier that does not match.
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
        vec![oauth_error(400, "invalid_grant"), oauth_error(401, "invalid_token")]
    }

    fn open_sessions(&self) -> usize {
        lock(&self.state).grants.iter().filter(|grant| !grant.revoked).count()
    }

    async fn end_sessions(&self) {
        for grant in &mut lock(&self.state).grants {
            grant.revoked = true;
        }
    }

    async fn change_credentials(&self) -> Option<Request> {
        None
    }

    /// The ID tokens are not among them: the sign-out shows the last one to the issuer in the address
    /// (`id_token_hint`), and it opens nothing.
    fn secrets(&self) -> Vec<String> {
        let ours = [CLIENT, CLIENT_SECRET].map(str::to_owned);
        lock(&self.state).issued.iter().cloned().chain(ours).collect()
    }
}

fn metadata() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"),
        "jwks_uri": format!("{ISSUER}/keys"),
        "revocation_endpoint": format!("{ISSUER}/revoke"),
        "end_session_endpoint": format!("{ISSUER}/end-session"),
        "pushed_authorization_request_endpoint": format!("{ISSUER}/par"),
        "authorization_response_iss_parameter_supported": true,
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    })
}

/// It may be kept for a day.
fn kept(mut response: Response) -> Response {
    response.headers_mut().insert("cache-control", http::HeaderValue::from_static("max-age=86400"));
    response
}

fn oauth_error(status: u16, code: &str) -> Response {
    json(status, &json!({ "error": code }))
}
