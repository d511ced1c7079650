//! Keys that are found by the metadata of their issuer, over real sockets on a loopback address.

use std::{
    future::ready,
    sync::{Arc, Mutex},
};

use axum::{Router, response::IntoResponse};
use http::{StatusCode, Uri, header};
use ironleaf_jwks::{DiscoveredKeys, KeyCache, KeyCacheSettings, KeySource, Rules};
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{ES256, Hands, NOW_SECS, jwks};

type Pages = Vec<(String, StatusCode, String)>;

/// A server with pages that can be changed, and a list of what it was asked for.
#[derive(Clone, Default)]
struct Site {
    pages: Arc<Mutex<Pages>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    /// Serves, and returns its origin.
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let site = self.clone();
        let router: Router = Router::new().fallback(move |uri: Uri| ready(site.page(&uri)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        origin
    }

    fn page(&self, uri: &Uri) -> impl IntoResponse + use<> {
        self.asked.lock().unwrap().push(uri.path().to_owned());
        let pages = self.pages.lock().unwrap();
        let found = pages.iter().rev().find(|(path, ..)| path == uri.path());
        let (status, body) =
            found.map_or((StatusCode::NOT_FOUND, String::new()), |(_, status, body)| (*status, body.clone()));
        (status, [(header::CACHE_CONTROL, "max-age=777"), (header::LOCATION, "/jwks")], body)
    }

    /// The newest page of a path counts.
    fn set(&self, path: &str, body: &impl ToString) {
        self.pages.lock().unwrap().push((path.to_owned(), StatusCode::OK, body.to_string()));
    }

    fn set_status(&self, path: &str, status: StatusCode) {
        self.pages.lock().unwrap().push((path.to_owned(), status, String::new()));
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

const OPENID: &str = "/realms/main/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server/realms/main";

/// A site with keys, its origin, and the issuer on it.
async fn site() -> (Site, String, String) {
    let site = Site::default();
    let origin = site.start().await;
    let issuer = format!("{origin}/realms/main");
    site.set("/jwks", &String::from_utf8(jwks(&[&ES256]).to_vec()).unwrap());
    site.set(OPENID, &json!({ "issuer": issuer, "jwks_uri": format!("{origin}/jwks") }));
    (site, origin, issuer)
}

async fn failure(issuer: &str) -> String {
    DiscoveredKeys::new(issuer).unwrap().fetch().await.unwrap_err().to_string()
}

#[tokio::test]
async fn keys_are_found_by_openid_connect_discovery_which_is_remembered() {
    let (site, _, issuer) = site().await;
    let source = DiscoveredKeys::new(issuer).unwrap();
    let keys = source.fetch().await.unwrap();
    assert_eq!((keys.body, keys.max_age.unwrap().as_secs()), (jwks(&[&ES256]), 777));
    assert_eq!(site.asked(), [OPENID, "/jwks"]);
    source.fetch().await.unwrap();
    assert_eq!(site.asked(), ["/jwks"]);
}

#[tokio::test]
async fn keys_are_found_by_rfc_8414_where_there_is_no_openid_connect() {
    let (site, origin, issuer) = site().await;
    site.set_status(OPENID, StatusCode::NOT_FOUND);
    site.set(OAUTH, &json!({ "issuer": issuer, "jwks_uri": format!("{origin}/jwks") }));
    DiscoveredKeys::new(issuer).unwrap().fetch().await.unwrap();
    assert_eq!(site.asked(), [OPENID, OAUTH, "/jwks"]);
}

#[tokio::test]
async fn keys_that_moved_are_found_again() {
    let (site, origin, issuer) = site().await;
    let source = DiscoveredKeys::new(&issuer).unwrap();
    source.fetch().await.unwrap();
    site.set_status("/jwks", StatusCode::GONE);
    site.set("/new", &String::from_utf8(jwks(&[&ES256]).to_vec()).unwrap());
    site.set(OPENID, &json!({ "issuer": issuer, "jwks_uri": format!("{origin}/new") }));
    assert_eq!(source.fetch().await.unwrap_err().to_string(), format!("{origin}/jwks answered 410 Gone"));
    assert!(source.fetch().await.is_ok());
}

#[tokio::test]
async fn metadata_of_another_issuer_is_refused() {
    let (site, origin, issuer) = site().await;
    for other in [format!("{issuer}/"), "https://id.example.com".to_owned(), origin.clone(), String::new()] {
        site.set(OPENID, &json!({ "issuer": other, "jwks_uri": format!("{origin}/jwks") }));
        assert!(failure(&issuer).await.contains("the issuer is"), "{other}");
    }
    site.set(OPENID, &json!({ "jwks_uri": format!("{origin}/jwks") }));
    assert!(failure(&issuer).await.contains("the issuer is null"));
}

#[tokio::test]
async fn keys_are_not_fetched_over_plain_http_from_another_host() {
    let (site, _, issuer) = site().await;
    for place in ["http://id.example.com/jwks", "ftp://127.0.0.1/jwks", "file:///etc/jwks", "/jwks"] {
        site.set(OPENID, &json!({ "issuer": issuer, "jwks_uri": place }));
        assert!(failure(&issuer).await.contains("jwks_uri"), "{place}");
    }
    site.set(OPENID, &json!({ "issuer": issuer }));
    assert!(failure(&issuer).await.contains("there is no `jwks_uri`"));
}

#[tokio::test]
async fn an_answer_that_is_no_success_or_too_long_is_a_failure() {
    let (site, origin, issuer) = site().await;
    for status in [StatusCode::FOUND, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NO_CONTENT] {
        site.set_status("/jwks", status);
        assert_eq!(failure(&issuer).await, format!("{origin}/jwks answered {status}"));
    }
    site.set("/jwks", &" ".repeat(600_000));
    assert!(failure(&issuer).await.contains("more than 524288 bytes"));
    site.set(OPENID, &"<html>");
    assert!(failure(&issuer).await.contains("not JSON"));
}

#[tokio::test]
async fn a_provider_that_does_not_listen_is_a_failure_with_its_cause() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert!(failure(&issuer).await.contains("onnection refused"));
}

#[test]
fn an_issuer_must_be_a_safe_url() {
    for issuer in [
        "",
        "id.example.com",
        "http://id.example.com",
        "ftp://127.0.0.1",
        "https://id.example.com/?a=b",
        "https://id.example.com/#a",
        "https://user:pass@id.example.com",
    ] {
        assert!(DiscoveredKeys::new(issuer).is_err(), "{issuer}");
    }
    for issuer in
        ["https://id.example.com", "https://id.example.com/", "http://localhost:8080", "http://[::1]:8080/a"]
    {
        assert!(DiscoveredKeys::new(issuer).is_ok(), "{issuer}");
    }
}

#[tokio::test]
async fn a_cache_verifies_with_discovered_keys() {
    let (_, _, issuer) = site().await;
    let source = Arc::new(DiscoveredKeys::new(&issuer).unwrap());
    let cache = KeyCache::new(source, KeyCacheSettings::default(), Hands::new().clock());
    let claims = json!({ "iss": issuer, "aud": "api", "sub": "p", "exp": NOW_SECS + 60 });
    let rules = Rules::plain_access_token(issuer, "api");
    assert_eq!(cache.verify(&ES256.token("JWT", &claims), &rules).await.unwrap().subject(), Some("p"));
}
