//! Pages of other origins.

use axum::body::Body;
use http::Method;

use super::wire::Upstream;
use crate::browser::{Answer, Browser};
use crate::world::World;

const OK: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: \"1\"\r\nAccess-Control-Allow-Origin: *\r\n\r\nok";
const SHOP: &str = "https://shop.example";

async fn ask(browser: &Browser, method: Method, path: &str, headers: &[(&'static str, &str)]) -> Answer {
    let mut browser = browser.clone();
    browser.headers.insert("sec-fetch-site", "same-site".to_owned());
    browser.headers.insert("accept", "application/json".to_owned());
    for (name, value) in headers {
        browser.headers.insert(name, (*value).to_owned());
    }
    browser.send(method, path, Body::empty()).await
}

async fn world(api: &Upstream) -> World {
    let address = api.address;
    let routes = format!(
        "/api/=http://{address}/ origins={SHOP}; /closed/=http://{address}/; /news/=http://{address}/ who=anyone token=no origins=*"
    );
    World::with(&[("PROXY_ROUTES", &routes)]).await
}

#[tokio::test]
async fn a_listed_origin_acts_for_the_person_and_reads_every_answer() {
    let api = Upstream::answering(OK).await;
    let world = world(&api).await;
    let browser = world.signed_in().await;
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let answer = ask(&browser, method.clone(), "/api/orders/7", &[("origin", SHOP)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{method}");
        assert_eq!(answer.header("access-control-allow-origin"), SHOP);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        assert!(answer.header("access-control-expose-headers").contains("etag"), "{:?}", answer.headers);
        assert!(answer.headers.get_all("vary").iter().any(|value| value == "Origin"), "{:?}", answer.headers);
    }
    let seen = api.seen().pop().unwrap().to_lowercase();
    assert!(seen.contains("authorization: bearer") && !seen.contains("origin:"), "{seen}");
    let stranger = ask(&world.browser(), Method::GET, "/api/orders/7", &[("origin", SHOP)]).await;
    assert_eq!(
        (stranger.status, stranger.header("access-control-allow-origin")),
        (401, SHOP),
        "it reads why"
    );
    assert!(stranger.body.contains("signed_out"), "{}", stranger.body);
}

#[tokio::test]
async fn permission_is_given_here_and_the_api_is_never_asked() {
    let api = Upstream::answering(OK).await;
    let world = world(&api).await;
    let asked = |origin: &'static str, method: &'static str| {
        [
            ("origin", origin),
            ("access-control-request-method", method),
            ("access-control-request-headers", "content-type,x-requested-with"),
        ]
    };
    let browser = world.browser();
    let given = ask(&browser, Method::OPTIONS, "/api/orders/7", &asked(SHOP, "DELETE")).await;
    assert_eq!((given.status, given.body.as_str()), (204, ""));
    assert_eq!(given.header("access-control-allow-origin"), SHOP);
    assert_eq!(given.header("access-control-allow-credentials"), "true");
    assert!(given.header("access-control-allow-methods").split(", ").any(|method| method == "DELETE"));
    assert_eq!(given.header("access-control-allow-headers"), "content-type,x-requested-with");
    assert_eq!(given.header("access-control-max-age"), "600");
    for (path, origin, method, status) in [
        ("/api/orders/7", SHOP, "PURGE", 405),
        ("/api/orders/7", "https://evil.example", "GET", 403),
        ("/api/orders/7", "null", "GET", 403),
        ("/closed/7", SHOP, "GET", 403),
        // A form of this application, although a route names its path as well.
        ("/api/sign-out", SHOP, "POST", 405),
    ] {
        let refused = ask(&browser, Method::OPTIONS, path, &asked(origin, method)).await;
        assert_eq!(refused.status, status, "{path} {origin} {method}");
        assert_eq!(refused.header("access-control-allow-methods"), "", "{path} {origin} {method}");
    }
    assert!(api.seen().is_empty(), "{:?}", api.seen());
}

#[tokio::test]
async fn other_origins_get_nothing_and_no_form_is_open_to_a_listed_one() {
    let api = Upstream::answering(OK).await;
    let world = world(&api).await;
    let browser = world.signed_in().await;
    for (method, path, origin) in [
        (Method::GET, "/api/orders/7", "https://evil.example"),
        (Method::POST, "/api/orders/7", "https://evil.example"),
        (Method::GET, "/api/orders/7", "https://shop.example.evil"),
        (Method::GET, "/closed/7", SHOP),
        (Method::POST, "/closed/7", SHOP),
        (Method::POST, "/api/sign-out", SHOP),
        (Method::POST, "/api/delete-account", SHOP),
    ] {
        let answer = ask(&browser, method.clone(), path, &[("origin", origin)]).await;
        assert_eq!(answer.status, 403, "{method} {path} {origin}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{method} {path} {origin}");
    }
    assert!(api.seen().is_empty(), "{:?}", api.seen());
    let mut still = browser.clone();
    assert_eq!(still.get("/account").await.status, 200, "nobody was signed out");
}

#[tokio::test]
async fn a_public_api_is_read_by_every_page_in_nobodys_name() {
    let api = Upstream::answering(OK).await;
    let world = world(&api).await;
    let browser = world.signed_in().await;
    let answer = ask(&browser, Method::POST, "/news/7", &[("origin", "https://any.example")]).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "*"));
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let seen = api.seen().pop().unwrap().to_lowercase();
    assert!(!seen.contains("authorization") && !seen.contains("cookie"), "{seen}");
}

/// A browser without Fetch Metadata says by `Origin` alone where it comes from.
#[tokio::test]
async fn an_old_browser_is_judged_by_its_origin() {
    let api = Upstream::answering(OK).await;
    let world = world(&api).await;
    for (origin, status) in [(SHOP, 200), ("http://127.0.0.1:3000", 200), ("https://evil.example", 403)] {
        let mut browser = world.signed_in().await;
        browser.headers.remove("sec-fetch-site");
        browser.headers.insert("origin", origin.to_owned());
        assert_eq!(browser.get("/api/orders/7").await.status, status, "{origin}");
    }
}
