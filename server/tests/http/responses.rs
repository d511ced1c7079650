//! The headers that every response has.

use axum::body::Body;
use http::Method;

use crate::browser::{Answer, Browser, every_page};
use crate::network::Outcome;
use crate::world::World;

const HTTPS: [(&str, &str); 6] = [
    ("IRONLEAF_ENV", "production"),
    ("PUBLIC_ORIGIN", "https://app.example.com"),
    ("CORE_API_URL", "http://core-api.test/v1"),
    ("SINGLE_HOST", "true"),
    ("SESSION_SECRETS", "61206b657920666f722074657374732c20616e64206e6f207365637265742121"),
    ("RATE_LIMIT_STRICT", "1/1h"),
];

fn browser(world: &World) -> Browser {
    let mut browser = world.browser();
    browser.headers.insert("host", "app.example.com".to_owned());
    browser
}

/// One response of each kind.
async fn every_response(world: &World) -> Vec<(String, Answer)> {
    let mut person = browser(world);
    let mut answers = vec![("a sign-in".to_owned(), person.sign_in("user@test.com", "password1").await)];
    let home = person.get("/").await.body;
    for path in
        ["/", "/account", "/login", "/nowhere", "/favicon.svg", "/pkg/ironleaf.abc123.css", "/health/live"]
    {
        answers.push((path.to_owned(), person.get(path).await));
    }
    let script = home.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    answers.push(("the script".to_owned(), person.get(script).await));
    answers.push(("HEAD".to_owned(), person.send(Method::HEAD, "/account", Body::empty()).await));
    answers.push(("405".to_owned(), person.get("/api/sign-in").await));
    answers.push(("400".to_owned(), person.post("/api/sign-in", "").await));
    answers.push(("413".to_owned(), person.post("/api/sign-in", &"a".repeat(100_000)).await));
    let mut visitor = browser(world);
    answers.push(("a wrong password".to_owned(), visitor.sign_in("user@test.com", "wrong").await));
    answers.push(("429".to_owned(), visitor.sign_in("user@test.com", "wrong").await));
    answers.push(("a redirect".to_owned(), visitor.get("/account").await));
    visitor.headers.insert("sec-fetch-site", "cross-site".to_owned());
    answers.push(("403".to_owned(), visitor.post("/api/sign-out", "").await));
    visitor.headers.insert("host", "evil.example".to_owned());
    answers.push(("421".to_owned(), visitor.get("/").await));
    world.network.fail("/user/users/current", Outcome::Panic);
    answers.push(("500".to_owned(), person.get("/account").await));
    world.network.fail("/user/users/current", Outcome::Answer(503, ""));
    answers.push(("503".to_owned(), person.get("/account").await));
    world.network.heal();
    answers
}

#[tokio::test]
async fn every_response_says_what_a_browser_must_not_do_with_it() {
    let world = World::with(&HTTPS).await;
    let answers = every_response(&world).await;
    for status in [200, 303, 400, 403, 404, 405, 413, 421, 429, 500, 503] {
        assert!(answers.iter().any(|(_, answer)| answer.status == status), "no response with {status}");
    }
    for (what, answer) in answers {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
            (
                "permissions-policy",
                "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
            ),
        ] {
            assert_eq!(answer.header(name), value, "{what}: {name}");
            assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{what}: {name}");
        }
        assert_policy(&what, &answer);
    }
}

fn assert_policy(what: &str, answer: &Answer) {
    assert_eq!(answer.headers.get_all("content-security-policy").iter().count(), 1, "{what}");
    let policy = answer.header("content-security-policy");
    if !answer.header("content-type").starts_with("text/html") {
        return assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'", "{what}");
    }
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(nonce.len(), 22, "{what}");
    let expected = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; font-src \
         'self'; connect-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    );
    assert_eq!(policy, expected, "{what}");
    // The page has nothing inline that the policy would have to allow.
    assert_eq!(
        answer.body.matches("<script").count(),
        answer.body.matches(&format!("nonce=\"{nonce}\"")).count()
    );
    for inline in ["<style", " style=", " onclick=", " onload=", "javascript:"] {
        assert!(!answer.body.contains(inline), "{what}: {inline}");
    }
}

#[tokio::test]
async fn subdomains_are_bound_to_tls_where_that_is_asked_for() {
    let world = World::with(&[&HTTPS[..], &[("HSTS_INCLUDE_SUBDOMAINS", "true")]].concat()).await;
    for path in ["/", "/nowhere", "/favicon.svg"] {
        let answer = browser(&world).get(path).await;
        assert_eq!(
            answer.header("strict-transport-security"),
            "max-age=31536000; includeSubDomains",
            "{path}"
        );
    }
}

#[tokio::test]
async fn nothing_that_depends_on_the_session_is_stored() {
    let world = World::with(&HTTPS).await;
    for (what, answer) in every_response(&world).await {
        let is_asset =
            ["svg", "css", "javascript"].iter().any(|kind| answer.header("content-type").contains(kind));
        let cached = answer.header("cache-control");
        if is_asset {
            assert!(cached.starts_with("public, max-age="), "{what}: {cached}");
        } else {
            assert_eq!(cached, "no-store", "{what}");
        }
    }
}

#[tokio::test]
async fn to_read_a_page_changes_nothing() {
    let world = World::new().await;
    let mut person = world.administrator().await;
    let (before, session) = (world.stats(), person.session_cookies());
    world.network.take_calls();
    for page in every_page() {
        for method in [Method::HEAD, Method::GET] {
            let query = "?email=user@test.com&password=password1&action=delete&theme=dark";
            let mut browser = person.clone();
            let answer = browser.send(method.clone(), &format!("{page}{query}"), Body::empty()).await;
            assert_eq!(browser.session_cookies(), session, "{method} {page}");
            // What stands in the place of a parameter need not be there.
            if answer.status != 404 {
                assert!(answer.status < 400, "{method} {page}: {}", answer.status);
                assert!(method == Method::GET || answer.body.is_empty(), "{page}");
            }
        }
    }
    for call in world.network.take_calls() {
        assert!(call.starts_with("GET "), "{call}");
    }
    assert_eq!(world.stats(), before);
    assert_eq!(person.get("/account").await.status, 200);
}

#[tokio::test]
async fn every_server_function_is_called_by_post_from_this_site_alone() {
    let world = World::new().await;
    let person = world.signed_in().await;
    let paths = app::server_fn_routes();
    assert!(paths.len() >= 12, "{paths:?}");
    world.network.take_calls();
    for path in paths {
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = person.clone().send(method.clone(), path, Body::empty()).await;
            assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{method} {path}");
        }
        for site in ["cross-site", "same-site"] {
            let mut browser = person.clone();
            browser.headers.insert("sec-fetch-site", site.to_owned());
            assert_eq!(
                browser.post(path, "email=a@b.c&password=password1").await.status,
                403,
                "{site} {path}"
            );
            assert_eq!(browser.session_cookies(), person.session_cookies());
        }
    }
    assert!(world.network.take_calls().is_empty());
}
