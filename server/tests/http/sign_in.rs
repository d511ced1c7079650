use crate::browser::SESSION;
use crate::network::Outcome;
use crate::world::World;

#[tokio::test]
async fn the_right_password_sets_one_http_only_cookie_and_leads_home() {
    let world = World::new().await;
    let answer = world.browser().sign_in("user@test.com", "password1").await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    let cookies = answer.set_cookies(SESSION);
    assert_eq!(cookies.len(), 1);
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(cookies[0].contains(attribute), "{attribute} is missing in {}", cookies[0]);
    }
    assert!(!cookies[0].contains("Domain"));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn on_https_the_cookie_is_secure_and_bound_to_the_host() {
    let world = World::with(&[
        ("IRONLEAF_ENV", "production"),
        ("PUBLIC_ORIGIN", "https://app.example.com"),
        ("CORE_API_URL", "http://core-api.test/v1"),
        ("SINGLE_HOST", "true"),
        ("SESSION_SECRETS", "61206b657920666f722074657374732c20616e64206e6f207365637265742121"),
    ])
    .await;
    let mut browser = world.browser();
    browser.headers.insert("host", "app.example.com".to_owned());
    let answer = browser.sign_in("user@test.com", "password1").await;
    let cookies = answer.set_cookies("__Host-Http-ironleaf-session");
    assert!(cookies.len() == 1 && cookies[0].contains("Secure"), "{:?}", answer.headers);
    assert!(browser.get("/account").await.body.contains("user@test.com"));
    assert!(answer.header("strict-transport-security").contains("31536000"));
}

#[tokio::test]
async fn a_wrong_password_leads_back_to_the_form_with_message_and_address() {
    let world = World::new().await;
    let mut browser = world.browser();
    let answer = browser.sign_in("user@test.com", "wrong-password").await;
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    assert!(answer.set_cookies(SESSION).is_empty());

    let form = browser.get("/login").await;
    assert!(form.body.contains("Login failed. Please check your credentials."));
    assert!(!form.body.contains("Reference:"), "nothing has failed on our side");
    assert!(form.body.contains(r#"role="alert""#));
    assert!(form.body.contains(r#"value="user@test.com""#));
    assert!(!form.body.contains("wrong-password"));

    let again = browser.get("/login").await;
    assert!(!again.body.contains("Login failed") && !again.body.contains("user@test.com"), "shown twice");
}

#[tokio::test]
async fn whoever_the_api_does_not_let_in_is_told_so() {
    let world = World::new().await;
    let refusal = r#"{"statusCode":403,"message":"Email not verified"}"#;
    world.network.fail("/auth/tokens", Outcome::Answer(403, refusal));
    let mut browser = world.browser();
    let answer = browser.sign_in("user@test.com", "password1").await;
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    assert!(answer.set_cookies(SESSION).is_empty());
    let form = browser.get("/login").await;
    assert!(form.body.contains("your account is not verified yet"), "{}", form.body);
}

#[tokio::test]
async fn an_unknown_address_gets_the_very_same_answer() {
    let world = World::new().await;
    let mut browser = world.browser();
    let unknown = browser.sign_in("nobody@test.com", "wrong-password").await;
    assert_eq!((unknown.status, unknown.location()), (303, "/login"));
    assert!(browser.get("/login").await.body.contains("Login failed. Please check your credentials."));
}

#[tokio::test]
async fn the_person_comes_back_to_where_they_were() {
    let world = World::new().await;
    let form = "email=User@Test.com&password=password1&return_to=";
    for (place, leads_to) in [
        ("/account?tab=1", "/account?tab=1"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/%5cevil.example", "/"),
        ("", "/"),
    ] {
        let escaped = place.replace('%', "%25").replace('&', "%26");
        let answer = world.browser().post("/api/sign-in", &format!("{form}{escaped}")).await;
        assert_eq!((answer.status, answer.location()), (303, leads_to), "{place}");
    }
}

#[tokio::test]
async fn a_failed_try_keeps_the_place_to_come_back_to() {
    let world = World::new().await;
    let mut browser = world.browser();
    let answer = browser.post("/api/sign-in", "email=user@test.com&password=x&return_to=/account").await;
    assert_eq!(answer.location(), "/login?return_to=/account");
    let form = browser.get("/login?return_to=/account").await;
    assert!(form.body.contains(r#"name="return_to" value="/account""#), "{}", form.body);
}

#[tokio::test]
async fn a_script_gets_json() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.headers.insert("accept", "application/json".to_owned());
    let refused = browser.sign_in("user@test.com", "wrong-password").await;
    assert_eq!((refused.status, refused.header("content-type")), (401, "application/json"));
    let expected = r#"{"code":"invalid_credentials","message":"Login failed. Please check your credentials.","fields":{}}"#;
    assert_eq!(refused.body, expected);
    let accepted = browser.sign_in("user@test.com", "password1").await;
    assert_eq!((accepted.status, accepted.body.as_str()), (200, r#"{"next":"/","message":null}"#));
    assert!(browser.session().is_some());
}

#[tokio::test]
async fn signing_in_again_replaces_the_session_and_revokes_the_old_grant() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let old = browser.session().unwrap().clone();
    browser.sign_in("admin@test.com", "password1").await;
    assert_ne!(browser.session().unwrap(), &old);
    assert!(browser.get("/account").await.body.contains("admin@test.com"));
    world.settled().await;
    assert_eq!(world.stats().families_revoked, 1);
}

#[tokio::test]
async fn a_signed_in_visitor_has_nothing_to_do_at_the_form() {
    let world = World::new().await;
    let answer = world.signed_in().await.get("/login").await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
}

#[tokio::test]
async fn a_core_api_that_is_down_leads_back_to_the_form() {
    let world = World::new().await;
    world.network.cut();
    let mut browser = world.browser();
    let answer = browser.sign_in("user@test.com", "password1").await;
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    let form = browser.get("/login").await;
    assert!(form.body.contains("We cannot reach our servers right now."));
    assert!(form.body.contains(&format!("Reference: {}", answer.header("x-request-id"))), "{}", form.body);
    assert!(form.body.contains(r#"value="user@test.com""#));
    world.network.heal();
    assert_eq!(browser.sign_in("user@test.com", "password1").await.location(), "/");
}

#[tokio::test]
async fn a_session_over_the_budget_is_refused_and_leaves_no_grant_behind() {
    let world = World::with(&[("SESSION_HEADER_BUDGET", "300")]).await;
    let mut browser = world.browser();
    let answer = browser.sign_in("user@test.com", "password1").await;
    assert_eq!(answer.location(), "/login");
    assert!(browser.session().is_none());
    let form = browser.get("/login").await;
    assert!(form.status == 200 && form.body.contains("SESSION_HEADER_BUDGET"), "{}", form.body);
    world.settled().await;
    assert_eq!(world.stats().families_revoked, 1);
}

#[tokio::test]
async fn a_core_api_that_hangs_does_not_hang_the_form() {
    let world = World::new().await;
    world.network.fail("/auth/tokens", Outcome::Hang);
    let mut browser = world.browser();
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    assert_eq!(browser.sign_in("user@test.com", "password1").await.location(), "/login");
    assert!(started.elapsed() < std::time::Duration::from_secs(11), "{:?}", started.elapsed());
}

#[tokio::test]
async fn an_address_longer_than_any_is_refused_without_asking() {
    let world = World::new().await;
    let long = format!("{}@test.com", "a".repeat(60_000));
    let mut browser = world.browser();
    let answer = browser.sign_in(&long, "password1").await;
    assert_eq!((answer.status, answer.location()), (303, "/login"));
    let page = browser.get("/login").await.body;
    assert!(page.contains("Login failed.") && !page.contains("aaaa"));
    assert_eq!(world.stats().sign_ins, 0);
}
