//! `Config::cors_origins`: other pages that call the API from a browser.

use http::{Method, StatusCode};
use ironleaf_core_api::{Config, CorsOrigins};
use serde_json::json;

use crate::support::{Answer, Call, PASSWORD, TestApi, USER};

const ADMIN_PAGES: &str = "https://admin.example.com";
const LOCAL_PAGES: &str = "http://localhost:5173";
const ELSEWHERE: [&str; 6] = [
    "https://evil.example",
    "http://admin.example.com",
    "https://admin.example.com.evil.example",
    "https://admin.example.com:8443",
    "http://localhost:5174",
    "null",
];

async fn api() -> TestApi {
    let origins = format!("{ADMIN_PAGES}, {LOCAL_PAGES}").parse().unwrap();
    TestApi::with(Config { cors_origins: origins, ..Config::in_memory() }).await
}

fn preflight<'a>(api: &'a TestApi, origin: &str, path: &str, method: &str) -> Call<'a> {
    api.request(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "auth-context,authorization,content-type,idempotency-key")
}

fn list(answer: &Answer, name: &str) -> Vec<String> {
    let values = answer.headers.get_all(name).iter().flat_map(|value| value.to_str().unwrap().split(','));
    values.map(|value| value.trim().to_ascii_lowercase()).collect()
}

fn is_let_in(answer: &Answer, origin: &str) -> bool {
    answer.header("access-control-allow-origin") == origin
        && answer.header("access-control-allow-credentials") == "true"
}

#[tokio::test]
async fn a_page_on_the_list_may_do_what_the_contract_has() {
    let api = api().await;
    for origin in [ADMIN_PAGES, LOCAL_PAGES] {
        for (method, path) in api.api.operations() {
            let answer = preflight(&api, origin, path, method.as_str()).send().await;
            assert_eq!(answer.status, StatusCode::OK, "{method} {path}");
            assert!(is_let_in(&answer, origin), "{answer:?}");
            assert!(list(&answer, "access-control-allow-methods").contains(&method.as_str().to_lowercase()));
            let headers = list(&answer, "access-control-allow-headers");
            for name in ["auth-context", "authorization", "content-type", "idempotency-key"] {
                assert!(headers.contains(&name.to_owned()), "{name} in {headers:?}");
            }
            assert!(list(&answer, "vary").contains(&"origin".to_owned()));
            assert!(!answer.header("access-control-max-age").is_empty());
        }
    }
}

#[tokio::test]
async fn a_browser_client_signs_in_and_refreshes_with_its_cookie() {
    let api = api().await;
    let call = |body| {
        let call = api.post("/v1/auth/tokens").header("origin", ADMIN_PAGES);
        call.header("auth-context", "browser").json(&body)
    };
    let signed_in = call(json!({ "email": USER, "password": PASSWORD })).send().await;
    assert_eq!(signed_in.status, StatusCode::CREATED);
    assert!(is_let_in(&signed_in, ADMIN_PAGES));
    assert!(list(&signed_in, "access-control-expose-headers").contains(&"idempotent-refresh".to_owned()));
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let refreshed = call(json!({ "email": USER })).header("cookie", &cookie).send().await;
    assert_eq!(refreshed.status, StatusCode::CREATED);
    assert!(is_let_in(&refreshed, ADMIN_PAGES));
}

#[tokio::test]
async fn a_refusal_can_be_read_by_a_page_on_the_list() {
    let api = api().await;
    for (path, status) in [("/v1/user/users", 401), ("/v1/nothing", 404), ("/v1/health", 200)] {
        let answer = api.get(path).header("origin", ADMIN_PAGES).send().await;
        assert_eq!(answer.status, status);
        assert!(is_let_in(&answer, ADMIN_PAGES), "{answer:?}");
        assert!(list(&answer, "vary").contains(&"origin".to_owned()));
    }
}

#[tokio::test]
async fn no_other_page_is_let_in() {
    let api = api().await;
    for origin in ELSEWHERE {
        let asked = preflight(&api, origin, "/v1/auth/tokens", "POST").send().await;
        let sent = api.get("/v1/health").header("origin", origin).send().await;
        for answer in [asked, sent] {
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
            assert!(list(&answer, "vary").contains(&"origin".to_owned()), "{origin}");
        }
    }
    let without = api.get("/v1/health").send().await;
    assert_eq!(without.header("access-control-allow-origin"), "");
    assert!(list(&without, "vary").contains(&"origin".to_owned()), "a cache must not give it to a page");
}

#[tokio::test]
async fn without_a_list_nothing_is_said_to_pages() {
    let api = TestApi::new().await;
    let answer = preflight(&api, ADMIN_PAGES, "/v1/auth/tokens", "POST").send().await;
    answer.assert_error(404, "Not Found", "Not Found");
    let answer = api.get("/v1/health").header("origin", ADMIN_PAGES).send().await;
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), ("", ""));
}

#[test]
fn an_origin_is_written_as_a_browser_writes_it() {
    for text in
        ["https://a.example", "http://127.0.0.1:5173", "https://a.example,http://[::1]:8080 ", "", ","]
    {
        assert!(text.parse::<CorsOrigins>().is_ok(), "{text}");
    }
    for text in [
        "*",
        "null",
        "a.example",
        "https://a.example/",
        "https://a.example/path",
        "https://A.example",
        "https://a.example:443",
        "http://a.example:80",
        "https://*.example",
        "https://user@a.example",
        "https://exämple.com",
        "ftp://a.example",
        "https://a.example https://b.example",
        "https://",
    ] {
        let refused = text.parse::<CorsOrigins>();
        assert!(refused.is_err(), "{text}");
        assert!(refused.unwrap_err().to_string().contains(text), "it says which");
    }
    let origins: CorsOrigins = "https://a.example , http://localhost:1".parse().unwrap();
    assert_eq!(origins.to_string(), "https://a.example,http://localhost:1");
    assert!(!origins.are_https() && "https://a.example".parse::<CorsOrigins>().unwrap().are_https());
}
