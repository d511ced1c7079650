//! Front ends that another server has, behind a route without a token.

use axum::Router;
use axum::response::IntoResponse as _;
use axum::routing::get;
use http::StatusCode;
use tokio::net::TcpListener;

use crate::browser::Answer;
use crate::world::World;

const POLICY: &str = "content-security-policy";

/// The files of a front end, on a server of their own. Returns its address.
async fn files() -> String {
    let html = || [("content-type", "text/html")];
    let own = move || [("content-type", "text/html"), (POLICY, "script-src 'self' https://cdn.example")];
    let router = Router::new()
        .route("/", get(async move || (html(), "<!DOCTYPE html>")))
        .route("/worker.js", get(async || ([("content-type", "text/javascript")], "1")))
        .route("/own", get(async move || (own(), "<!DOCTYPE html>")))
        .route("/known", get(async || (StatusCode::NOT_MODIFIED, [("etag", "\"1\"")]).into_response()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/")
}

fn policies(answer: &Answer) -> Vec<&str> {
    answer.headers.get_all(POLICY).iter().map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn a_front_end_runs_its_own_files_and_nothing_else() {
    let routes = format!("/app/={} who=anyone token=no", files().await);
    let world = World::with(&[("PROXY_ROUTES", &routes)]).await;
    let mut visitor = world.browser();
    for path in ["/app/", "/app/worker.js"] {
        let answer = visitor.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        let [policy] = policies(&answer)[..] else { panic!("{path} has not one policy") };
        assert!(policy.starts_with("default-src 'self';"), "{path}: {policy}");
        for directive in
            ["object-src 'none'", "base-uri 'self'", "form-action 'self'", "frame-ancestors 'self'"]
        {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("nonce"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
    assert_eq!(policies(&visitor.get("/login").await).len(), 1, "pages of ours have theirs");
}

#[tokio::test]
async fn its_own_policy_counts_and_cannot_give_everything_away() {
    let address = files().await;
    let routes = format!("/app/={address} who=anyone token=no; /api/={address} who=anyone");
    let world = World::with(&[("PROXY_ROUTES", &routes)]).await;
    for path in ["/app/own", "/api/own"] {
        let answer = world.browser().get(path).await;
        let [own, ours] = policies(&answer)[..] else { panic!("{path} has not both") };
        assert_eq!(own, "script-src 'self' https://cdn.example", "{path}");
        assert_eq!(ours, "object-src 'none'; base-uri 'self'; frame-ancestors 'self'", "{path}");
    }
}

#[tokio::test]
async fn what_a_browser_keeps_of_a_page_keeps_its_policy() {
    let routes = format!("/app/={} who=anyone token=no", files().await);
    let world = World::with(&[("PROXY_ROUTES", &routes)]).await;
    let answer = world.browser().get("/app/known").await;
    assert_eq!((answer.status, policies(&answer).len()), (304, 0));
}

#[tokio::test]
async fn the_answer_of_an_api_is_no_page() {
    let routes = format!("/api/={} who=anyone", files().await);
    let world = World::with(&[("PROXY_ROUTES", &routes)]).await;
    let answer = world.browser().get("/api/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(policies(&answer), ["default-src 'none'; frame-ancestors 'none'"]);
}
