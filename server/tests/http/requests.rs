//! The checks that every request passes before it takes effect.

use crate::world::World;

#[tokio::test]
async fn a_form_from_another_site_changes_nothing() {
    let world = World::new().await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "nonsense"),
        ("origin", "https://evil.example"),
        ("origin", "https://127.0.0.1:3000"),
        ("origin", "http://127.0.0.1:3001"),
        ("origin", "null"),
    ] {
        let mut browser = world.signed_in().await;
        browser.headers.remove("sec-fetch-site");
        browser.headers.insert(name, value.to_owned());
        let answer = browser.post("/api/sign-out", "").await;
        assert_eq!(answer.status, 403, "{name}: {value}");
        assert!(answer.body.contains("came from another site"), "{}", answer.body);
        assert!(browser.session().is_some(), "{name}: {value} signed the person out");
    }
}

#[tokio::test]
async fn a_form_from_here_passes_by_either_header() {
    let world = World::new().await;
    for (name, value) in [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("origin", "http://127.0.0.1:3000"),
        ("origin", "http://localhost:3000"),
    ] {
        let mut browser = world.signed_in().await;
        browser.headers.remove("sec-fetch-site");
        browser.headers.insert(name, value.to_owned());
        assert_eq!(browser.post("/api/sign-out", "").await.status, 303, "{name}: {value}");
    }
}

#[tokio::test]
async fn who_sends_neither_header_passes_without_a_session_only() {
    let world = World::new().await;
    let mut curl = world.browser();
    curl.headers.remove("sec-fetch-site");
    assert_eq!(curl.sign_in("user@test.com", "password1").await.status, 303);
    assert_eq!(curl.post("/api/sign-out", "").await.status, 403);
    // A chunk of a session counts as a session.
    let chunk = curl.cookies.remove("ironleaf-session").unwrap();
    curl.cookies.insert("ironleaf-session.0".to_owned(), chunk);
    assert_eq!(curl.post("/api/sign-out", "").await.status, 403);
}

#[tokio::test]
async fn a_foreign_host_is_421_but_for_health() {
    let world = World::new().await;
    let mut browser = world.browser();
    for host in ["evil.example", "127.0.0.1", "127.0.0.1:3001", ""] {
        browser.headers.insert("host", host.to_owned());
        for path in ["/", "/login", "/favicon.svg", "/nowhere"] {
            assert_eq!(browser.get(path).await.status, 421, "{host}{path}");
        }
        for path in ["/health/live", "/health/ready"] {
            let answer = browser.get(path).await;
            assert!(
                answer.status == 200 && answer.body.contains(r#""ok":true"#),
                "{host}{path}: {}",
                answer.body
            );
        }
    }
    browser.headers.insert("host", "localhost:3000".to_owned());
    assert_eq!(browser.get("/").await.status, 200);
}

/// Proxies write the host in different ways.
#[tokio::test]
async fn a_host_is_compared_by_what_it_means() {
    let world = World::new().await;
    let mut browser = world.browser();
    for (host, status) in [("LOCALHOST:3000", 200), ("localhost:03000", 200), ("localhost:", 421)] {
        browser.headers.insert("host", host.to_owned());
        assert_eq!(browser.get("/login").await.status, status, "{host}");
    }
}

#[tokio::test]
async fn a_path_with_a_slash_at_its_end_leads_to_its_page() {
    let world = World::new().await;
    let mut browser = world.browser();
    for (path, place) in [
        ("/login/", "/login"),
        ("/login/?return_to=/account&x=a|b", "/login?return_to=/account&x=a|b"),
        ("/account/delete/", "/account/delete"),
        ("/register//", "/register"),
    ] {
        let answer = browser.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (307, place), "{path}");
        assert!(answer.header("cache-control").contains("no-store"), "{path}: what follows may be a token");
    }
    for path in ["//", "//evil.example/", "//evil.example//", "/nowhere/", "/login/x/", "/\\evil.example/"] {
        let answer = browser.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (404, ""), "{path}");
    }
    assert_eq!(browser.post("/login/", "").await.status, 404, "a form is not sent on");
}

/// Source: W3C, A Well-Known URL for Changing Passwords.
#[tokio::test]
async fn password_managers_find_where_the_password_is_changed() {
    let world = World::new().await;
    let answer = world.browser().get("/.well-known/change-password").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/account"));
    // Password managers find out with this whether a 404 is reliable here (W3C, section 2).
    let probe = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    assert_eq!(world.browser().get(probe).await.status, 404);
}

#[tokio::test]
async fn every_response_carries_the_security_headers() {
    let world = World::new().await;
    for (path, status) in
        [("/", 200), ("/account", 303), ("/nowhere", 404), ("/favicon.svg", 200), ("/health/live", 200)]
    {
        let answer = world.browser().get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
        assert_eq!(answer.header("x-request-id").len(), 16, "{path}");
    }
}

#[tokio::test]
async fn the_nonce_of_the_policy_is_the_one_of_the_page_and_new_each_time() {
    let world = World::new().await;
    let mut seen = Vec::new();
    for path in ["/", "/login", "/nowhere"] {
        let page = world.browser().get(path).await;
        let policy = page.header("content-security-policy").to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(page.body.contains(&format!(r#"nonce="{nonce}""#)), "{path}");
        assert_eq!(
            page.body.matches("<script").count(),
            page.body.matches(&format!(r#"nonce="{nonce}""#)).count()
        );
        assert!(!seen.contains(&nonce));
        seen.push(nonce);
    }
}

#[tokio::test]
async fn reading_changes_nothing() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    for path in ["/api/sign-out", "/api/set-theme?theme=dark", "/api/sign-in?email=a&password=b"] {
        assert_eq!(browser.get(path).await.status, 405, "{path}");
        let head = browser.send(http::Method::HEAD, path, axum::body::Body::empty()).await;
        assert_eq!(head.status, 405, "{path}");
    }
    assert_eq!(browser.get("/account").await.status, 200);
}
