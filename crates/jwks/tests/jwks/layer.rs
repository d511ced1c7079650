//! The layer around an axum application.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Body,
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use ironleaf_jwks::{
    AccessRefusal, AccessToken, KeyCache, KeyCacheSettings, RequireAccessToken, Rules, TokenError,
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{ES256, Hands, ISSUER, NOW_SECS, Provider, TestKey, down, jwks, with};

const API: &str = "https://api.example.com";

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": API, "sub": "person-1", "client_id": "app", "jti": "t-1", "scope": "read write",
        "exp": NOW_SECS + 300, "iat": NOW_SECS,
    })
}

async fn who(token: AccessToken, headers: HeaderMap) -> String {
    assert!(headers[header::AUTHORIZATION].is_sensitive());
    format!("{:?} {:?} {:?}", token.subject().unwrap(), token.client_id().unwrap(), token.scopes())
}

async fn delete_all(token: AccessToken) -> Response {
    match token.require_scope("admin") {
        Ok(()) => "deleted".into_response(),
        Err(insufficient) => insufficient.into_response(),
    }
}

struct Api {
    router: Router,
    refusals: Arc<Mutex<Vec<AccessRefusal>>>,
}

impl Api {
    fn new(provider: &Arc<Provider>, rules: Rules) -> Self {
        let keys = KeyCache::new(provider.clone(), KeyCacheSettings::default(), Hands::new().clock());
        let layer = RequireAccessToken::new(keys, rules).with_scopes(["read"]).with_realm("orders");
        let refusals = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&refusals);
        let watch = map_response(move |response: Response| {
            seen.lock().unwrap().extend(response.extensions().get::<AccessRefusal>().cloned());
            async { response }
        });
        let routes = Router::new().route("/", get(who)).route("/all", get(delete_all));
        Self { router: routes.layer(layer).layer(watch), refusals }
    }

    fn of_rfc_9068() -> Self {
        Self::new(&Provider::new(jwks(&[&ES256])), Rules::access_token(ISSUER, API))
    }

    async fn get(&self, path: &str, authorization: &[&str]) -> Answer {
        let mut request = Request::get(path);
        for line in authorization {
            request = request.header(header::AUTHORIZATION, *line);
        }
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let text = |name| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        Answer {
            status: head.status.as_u16(),
            challenge: text(header::WWW_AUTHENTICATE).unwrap_or_default(),
            retry_after: text(header::RETRY_AFTER),
            body: String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap(),
        }
    }

    async fn get_with(&self, claims: &Value) -> Answer {
        self.get("/", &[&format!("Bearer {}", ES256.token("at+jwt", claims))]).await
    }

    fn refusals(&self) -> Vec<AccessRefusal> {
        self.refusals.lock().unwrap().clone()
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    challenge: String,
    retry_after: Option<String>,
    body: String,
}

#[tokio::test]
async fn a_request_with_a_valid_token_reaches_the_handler() {
    let api = Api::of_rfc_9068();
    let answer = api.get_with(&claims()).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#""person-1" "app" ["read", "write"]"#));
    let token = ES256.token("at+jwt", &claims());
    for line in [format!("bearer {token}"), format!("BEARER  {token} ")] {
        assert_eq!(api.get("/", &[&line]).await.status, 200, "{line}");
    }
    assert!(api.refusals().is_empty());
}

#[tokio::test]
async fn a_request_without_a_token_is_told_what_to_send_and_no_error() {
    let api = Api::of_rfc_9068();
    for lines in [&[][..], &["Basic dXNlcjpwYXNz"], &["DPoP abc"], &["Bearerabc"]] {
        let answer = api.get("/", lines).await;
        assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{lines:?}");
        assert_eq!(answer.challenge, r#"Bearer realm="orders", scope="read""#);
    }
    // A token in the query is none.
    let path = format!("/?access_token={}", ES256.token("at+jwt", &claims()));
    assert_eq!(api.get(&path, &[]).await.status, 401);
    assert!(api.refusals().iter().all(|refusal| *refusal == AccessRefusal::NoToken));
}

#[tokio::test]
async fn a_request_with_two_tokens_is_invalid() {
    let api = Api::of_rfc_9068();
    let line = format!("Bearer {}", ES256.token("at+jwt", &claims()));
    for answer in [api.get("/", &[&line, &line]).await, api.get("/?page=2&access_token=abc", &[&line]).await]
    {
        assert_eq!(answer.status, 400);
        assert_eq!(
            answer.challenge,
            "Bearer realm=\"orders\", error=\"invalid_request\", \
             error_description=\"the request has more than one access token\", scope=\"read\""
        );
    }
    assert_eq!(api.get("/?page=2", &[&line]).await.status, 200);
}

#[tokio::test]
async fn what_is_not_written_as_a_token_is_an_invalid_request() {
    let api = Api::of_rfc_9068();
    for line in ["Bearer", "Bearer ", "Bearer a b", "Bearer a, Bearer b", "Bearer \"a\"", "Bearer ä"] {
        let answer = api.get("/", &[line]).await;
        assert_eq!(answer.status, 400, "{line}");
        assert!(answer.challenge.contains(r#"error="invalid_request""#), "{}", answer.challenge);
    }
}

#[tokio::test]
async fn a_refused_token_is_answered_with_its_reason() {
    let api = Api::of_rfc_9068();
    let cases = [
        ("exp", json!(1), "the token has expired"),
        ("aud", json!("other"), "the token is for another audience"),
        ("iss", json!("https://evil.example.com"), "the token is from another issuer"),
        ("jti", Value::Null, "the token has no jti"),
    ];
    for (name, value, reason) in cases {
        let answer = api.get_with(&with(&claims(), name, value)).await;
        assert_eq!((answer.status, answer.body.as_str()), (401, ""));
        let expected = format!(
            r#"Bearer realm="orders", error="invalid_token", error_description="{reason}", scope="read""#
        );
        assert_eq!(answer.challenge, expected);
    }
    let stranger = TestKey::new("es", "ES256").token("at+jwt", &claims());
    assert_eq!(api.get("/", &[&format!("Bearer {stranger}")]).await.status, 401);
    assert_eq!(api.get("/", &["Bearer abc"]).await.status, 401);
    let labels: Vec<&str> = api.refusals().iter().map(AccessRefusal::label).collect();
    assert_eq!(labels, ["expired", "audience", "issuer", "missing_claim", "signature", "malformed"]);
}

#[tokio::test]
async fn a_token_without_the_scope_is_forbidden() {
    let api = Api::of_rfc_9068();
    for scope in [json!("write"), json!("readwrite"), json!(""), json!(["READ"]), Value::Null] {
        let answer = api.get_with(&with(&claims(), "scope", scope.clone())).await;
        assert_eq!(answer.status, 403, "{scope}");
        assert_eq!(
            answer.challenge,
            "Bearer realm=\"orders\", error=\"insufficient_scope\", \
             error_description=\"the token lacks a scope\", scope=\"read\""
        );
    }
    for scopes in
        [with(&claims(), "scope", json!(["write", "read"])), with(&claims(), "scp", json!(["read"]))]
    {
        assert_eq!(api.get_with(&scopes).await.status, 200, "{scopes}");
    }
}

#[tokio::test]
async fn a_handler_may_need_a_further_scope() {
    let api = Api::of_rfc_9068();
    let line =
        |scope: &str| format!("Bearer {}", ES256.token("at+jwt", &with(&claims(), "scope", scope.into())));
    let answer = api.get("/all", &[&line("read")]).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.challenge, r#"Bearer error="insufficient_scope", scope="admin""#);
    assert_eq!(api.get("/all", &[&line("read admin")]).await.body, "deleted");
}

#[tokio::test]
async fn while_the_keys_are_unavailable_the_client_shall_come_back() {
    let provider = Provider::new(jwks(&[&ES256]));
    provider.answer(down());
    let api = Api::new(&provider, Rules::access_token(ISSUER, API));
    let answer = api.get_with(&claims()).await;
    assert_eq!((answer.status, answer.retry_after.as_deref()), (503, Some("5")));
    assert_eq!((answer.challenge.as_str(), answer.body.as_str()), ("", ""));
    let reason = TokenError::KeysUnavailable("the provider is down".to_owned());
    assert_eq!(api.refusals(), [AccessRefusal::Token(reason)]);
}

#[tokio::test]
async fn plain_tokens_pass_where_the_rules_say_so() {
    let plain =
        json!({ "iss": ISSUER, "aud": API, "sub": "p", "azp": "spa", "scp": ["read"], "exp": NOW_SECS + 9 });
    let line = format!("Bearer {}", ES256.token("JWT", &plain));
    assert_eq!(Api::of_rfc_9068().get("/", &[&line]).await.status, 401);
    let api = Api::new(&Provider::new(jwks(&[&ES256])), Rules::plain_access_token(ISSUER, API));
    assert_eq!(api.get("/", &[&line]).await.body, r#""p" "spa" ["read"]"#);
}

#[tokio::test]
async fn a_route_outside_the_layer_answers_500() {
    let router: Router =
        Router::new().route("/", get(|token: AccessToken| async move { format!("{token:?}") }));
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[test]
#[should_panic(expected = "is not a scope")]
fn a_scope_that_would_break_the_header_is_noticed_at_the_start() {
    let provider = Provider::new(jwks(&[&ES256]));
    let keys = KeyCache::new(provider, KeyCacheSettings::default(), Hands::new().clock());
    let _ = RequireAccessToken::new(keys, Rules::access_token(ISSUER, API)).with_scopes(["a\"b"]);
}

#[test]
#[should_panic(expected = "is not a realm")]
fn a_realm_that_would_break_the_header_is_noticed_at_the_start() {
    let provider = Provider::new(jwks(&[&ES256]));
    let keys = KeyCache::new(provider, KeyCacheSettings::default(), Hands::new().clock());
    let _ = RequireAccessToken::new(keys, Rules::access_token(ISSUER, API)).with_realm("a\nb");
}
