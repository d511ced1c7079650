use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use ironleaf_auth::{
    Caller, Grant, Provider, Request, SignIn, SignInError, SignedIn, Transport, TransportError,
};
use serde_json::{Value, json};

use self::signing::{KID, key_set, signed};
use super::*;
use crate::test_keys as signing;
use crate::test_transport::{Answer, Script, lost, text, unreachable};

mod authorization;
mod client_auth;
mod discovery;
mod id_tokens;
mod logout;
mod refresh;
mod refusals;
mod sign_in;
mod sign_out;

/// A change of some JSON.
type Change = fn(&mut Value);

const ISSUER: &str = "https://id.test";
const CLIENT: &str = "app";
const NONCE: &str = "a nonce";
const ACCESS: &str = "an access token";

const CONFIGURATION: &str = "/.well-known/openid-configuration";

/// A provider under test, and the script that it speaks to.
struct World {
    provider: OidcProvider,
    script: Arc<Script>,
}

impl World {
    /// With the settings changed so.
    fn with(change: impl FnOnce(&mut OidcSettings)) -> Self {
        let script = Script::by_path(UNIX_EPOCH + Duration::from_hours(500_000));
        let clock = script.clock();
        let issuer = Issuer::parse(ISSUER).unwrap();
        let authentication = ClientAuthentication::SecretPost("a secret".into());
        let mut settings = OidcSettings::of(issuer, CLIENT, authentication);
        change(&mut settings);
        let transport: Arc<dyn Transport> = Arc::<Script>::clone(&script);
        let provider = OidcProvider::new(settings, transport, clock, Arc::new(|buffer| buffer.fill(7)));
        let world = Self { provider, script };
        world.answers(CONFIGURATION, [json_answer(200, &metadata())]);
        world.answers("/keys", [json_answer(200, &key_set())]);
        world.answers("/revoke", [text(200, "")]);
        world
    }

    fn new() -> Self {
        Self::with(|_| {})
    }

    /// What the provider answers at this path from now on.
    fn answers(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.script.at(path, answers);
    }

    /// Changes the metadata.
    fn describes(&self, change: impl FnOnce(&mut Value)) {
        let mut metadata = metadata();
        change(&mut metadata);
        self.answers(CONFIGURATION, [json_answer(200, &metadata)]);
    }

    fn now(&self) -> SystemTime {
        self.script.now()
    }

    fn now_secs(&self) -> u64 {
        self.now().duration_since(UNIX_EPOCH).unwrap().as_secs()
    }

    fn advance(&self, by: Duration) {
        self.script.advance(by);
    }

    /// The paths of all calls since the last time, in order.
    fn take_calls(&self) -> Vec<String> {
        self.take_requests().iter().map(|request| request.uri().path().to_owned()).collect()
    }

    fn take_requests(&self) -> Vec<Request> {
        self.script.take_requests()
    }

    /// The form of the last call to this path.
    fn form(&self, path: &str) -> Vec<(String, String)> {
        let asked = self.script.requests();
        let request = asked.iter().rfind(|request| request.uri().path() == path).expect("a call");
        url::form_urlencoded::parse(request.body()).into_owned().collect()
    }

    /// The claims of a usual ID token.
    fn claims(&self) -> Value {
        let now = self.now_secs();
        json!({
            "iss": ISSUER, "aud": CLIENT, "sub": "u1", "iat": now, "exp": now + 300, "nonce": NONCE,
            "auth_time": now - 10, "sid": "s1", "email": "User@Test.com", "email_verified": true,
        })
    }

    fn claims_with(&self, change: impl FnOnce(&mut Value)) -> Value {
        let mut claims = self.claims();
        change(&mut claims);
        claims
    }

    /// A usual answer of the token endpoint, with an ID token of these claims.
    fn issues(&self, claims: &Value) {
        self.answers("/token", [tokens(Some(&signed(claims)))]);
    }

    async fn sign_in(&self) -> Result<SignedIn, SignInError> {
        self.provider.sign_in(&Caller::default(), code(), None).await
    }

    /// The grant after a usual sign-in.
    async fn grant(&self) -> Grant {
        self.issues(&self.claims());
        let grant = self.sign_in().await.unwrap().grant;
        self.take_requests();
        grant
    }
}

fn metadata() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://id.test/authorize",
        "token_endpoint": "https://id.test/token",
        "jwks_uri": "https://id.test/keys",
        "userinfo_endpoint": "https://id.test/userinfo",
        "revocation_endpoint": "https://id.test/revoke",
        "end_session_endpoint": "https://id.test/leave",
    })
}

fn code() -> SignIn {
    SignIn::AuthorizationCode {
        code: "a code".into(),
        code_verifier: "a verifier".into(),
        redirect_uri: "https://app.test/callback".to_owned(),
        nonce: Some(NONCE.into()),
        issuer: None,
    }
}

fn tokens(id_token: Option<&str>) -> Answer {
    tokens_with(|answer| {
        if let Some(id_token) = id_token {
            answer["id_token"] = id_token.into();
        }
    })
}

fn tokens_with(change: impl FnOnce(&mut Value)) -> Answer {
    let mut answer = json!({
        "access_token": ACCESS, "refresh_token": "r1", "token_type": "Bearer", "expires_in": 600,
        "scope": "openid", "not-before-policy": 0,
    });
    change(&mut answer);
    json_answer(200, &answer)
}

fn json_answer(status: u16, body: &Value) -> Answer {
    let mut answer = text(status, body.to_string())?;
    answer.headers_mut().insert("content-type", wire::JSON);
    Ok(answer)
}

fn oauth_error(status: u16, code: &str) -> Answer {
    json_answer(status, &json!({ "error": code, "error_description": "something about a secret" }))
}

fn header(answer: Answer, name: &'static str, value: &'static str) -> Answer {
    let mut response = answer?;
    response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    Ok(response)
}
