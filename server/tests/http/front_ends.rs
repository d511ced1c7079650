//! Front ends that another server has, behind a route with `pages=yes` or beside Ironleaf.

use axum::Router;
use axum::response::IntoResponse as _;
use axum::routing::get;
use http::StatusCode;
use tokio::net::TcpListener;

use crate::browser::{Answer, every_page};
use crate::world::World;

const POLICY: &str = "content-security-policy";

/// The files of a front end, on a server of their own. Returns its address.
async fn files() -> String {
    let html = || [("content-type", "text/html")];
    let own = move || [("content-type", "text/html"), (POLICY, "script-src 'self' https://cdn.example")];
    let framed =
        || [("content-type", "text/html"), (POLICY, "frame-ancestors 'none', upgrade-insecure-requests")];
    let router = Router::new()
        .route("/", get(async move || (html(), "<!DOCTYPE html>")))
        .route("/worker.js", get(async || ([("content-type", "text/javascript")], "1")))
        .route("/framed", get(async move || (framed(), "<!DOCTYPE html>")))
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
    let routes = format!("/app/={} who=anyone token=no pages=yes", files().await);
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
    let routes = format!("/app/={address} who=anyone token=no pages=yes; /api/={address} who=anyone");
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
    let routes = format!("/app/={} who=anyone token=no pages=yes", files().await);
    let world = World::with(&[("PROXY_ROUTES", &routes)]).await;
    let answer = world.browser().get("/app/known").await;
    assert_eq!((answer.status, policies(&answer).len()), (304, 0));
}

#[tokio::test]
async fn the_answer_of_an_api_is_no_page() {
    let address = files().await;
    let routes = format!("/api/={address} who=anyone; /news/={address} who=anyone token=no");
    let world = World::with(&[("PROXY_ROUTES", &routes)]).await;
    let of_no_page = "default-src 'none'; frame-ancestors 'none'";
    for prefix in ["/api/", "/news/"] {
        let answer = world.browser().get(prefix).await;
        assert_eq!((answer.status, policies(&answer)), (200, vec![of_no_page]), "{prefix}");
        let answer = world.browser().get(&format!("{prefix}framed")).await;
        let own = "frame-ancestors 'none', upgrade-insecure-requests";
        assert_eq!(policies(&answer), [own, of_no_page], "{prefix}: it says nothing about scripts");
    }
}

/// The names in the patterns of the recipe for nginx, without their escapes.
fn names_of_the_recipe() -> Vec<String> {
    let lines = include_str!("../../../docs/proxy.md").lines();
    let patterns = lines.filter_map(|line| line.strip_prefix("location ~ ^/(")?.strip_suffix(")(/|$) {"));
    patterns.flat_map(|names| names.split('|')).map(|name| name.replace("\\.", ".")).collect()
}

#[tokio::test]
async fn the_recipe_for_nginx_passes_on_every_path_of_ours() {
    let files = ["/ironleaf.js", "/pkg/ironleaf.css", "/health/live", "/health/ready"];
    let others = ["/api/session", "/auth/signed-out", "/.well-known/change-password"];
    let paths: Vec<_> = every_page()
        .chain(app::server_fn_routes().into_iter().map(str::to_owned))
        .chain(files.iter().chain(&others).map(|path| (*path).to_owned()))
        .chain(["/auth/back-channel-logout".to_owned()])
        .filter(|path| path != "/")
        .collect();
    assert!(paths.len() > 30, "{paths:?}");
    let names = names_of_the_recipe();
    let is_below = |path: &str, name: &str| {
        path.strip_prefix('/')
            .and_then(|path| path.strip_prefix(name))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    for path in &paths {
        assert!(names.iter().any(|name| is_below(path, name)), "docs/proxy.md keeps {path} from us");
    }
    for name in &names {
        assert!(
            paths.iter().any(|path| is_below(path, name)),
            "docs/proxy.md passes on {name}, which is none of ours"
        );
    }
    let world = World::new().await;
    for path in files.iter().filter(|path| !path.starts_with("/pkg/")).chain(&others) {
        assert_ne!(world.browser().get(path).await.status, 404, "{path} is one of ours");
    }
    let handbook = include_str!("../../../docs/proxy.md");
    for line in
        ["proxy_set_header Upgrade $http_upgrade;", "proxy_set_header Connection $ironleaf_connection;"]
    {
        assert!(handbook.contains(line), "WebSockets need {line}");
    }
}
