//! Browsers that keep no cookies. Nobody can stay signed in there, and the page says why.

use crate::browser::Browser;
use crate::links::link_to;
use crate::world::World;

const FORM: &str = "email=user@test.com&password=password1";

/// A current browser, with its `Sec-Fetch` headers.
fn navigating(world: &World) -> Browser {
    let mut browser = world.browser();
    browser.headers.insert("sec-fetch-mode", "navigate".to_owned());
    browser.headers.insert("sec-fetch-dest", "document".to_owned());
    browser
}

/// The page that a browser without cookies shows in the end, after following all redirects.
async fn shown(browser: &mut Browser, path: &str, form: &str) -> (u16, String) {
    let mut answer = browser.post(path, form).await;
    for _ in 0..5 {
        browser.cookies.clear();
        let to = answer.location().to_owned();
        answer = match answer.status {
            303 => browser.get(&to).await,
            status => return (status, answer.body),
        };
    }
    panic!("it goes in circles: {}", answer.location());
}

#[tokio::test]
async fn a_sign_in_without_cookies_says_that_they_are_blocked() {
    let world = World::new().await;
    for (path, form) in [
        ("/api/sign-in", FORM),
        ("/api/register", "email=new@test.com&password=password1&confirm_password=password1"),
        ("/api/request-password-reset", "email=user@test.com"),
        ("/api/request-sign-in-link", "email=user@test.com"),
    ] {
        let (status, page) = shown(&mut navigating(&world), path, form).await;
        assert_eq!(status, 403, "{page}");
        assert!(
            page.contains("Cookies are blocked") && page.contains("allow cookies for this site"),
            "{page}"
        );
    }
    assert_eq!(world.stats().sign_ins, 0, "a session that nobody will ever have");
    assert!(world.core_api.outbox().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_script_is_told_so_too() {
    let world = World::new().await;
    let mut script = navigating(&world);
    script.headers.insert("accept", "application/json".to_owned());
    script.headers.insert("sec-fetch-mode", "cors".to_owned());
    script.headers.insert("sec-fetch-dest", "empty".to_owned());
    let (status, body) = shown(&mut script, "/api/sign-in", FORM).await;
    assert_eq!(status, 403);
    assert!(body.contains(r#""code":"cookies_blocked""#) && body.contains("keeps no cookies"), "{body}");
}

#[tokio::test]
async fn whoever_allows_them_again_goes_on_with_the_next_try() {
    let world = World::new().await;
    let mut browser = navigating(&world);
    let answer = browser.post("/api/sign-in", FORM).await;
    assert_eq!(answer.status, 403);
    let cookie = "ironleaf-cookies=1; Path=/; HttpOnly; SameSite=Lax";
    assert_eq!(answer.set_cookies("ironleaf-cookies"), [cookie]);
    let answer = browser.post("/api/sign-in", FORM).await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
    assert!(browser.get("/").await.body.contains("user@test.com"));
}

#[tokio::test]
async fn a_theme_a_language_and_a_sign_out_need_none() {
    let world = World::new().await;
    for path in ["/api/set-language", "/api/set-theme", "/api/sign-out"] {
        let form = "language=de&theme=dark&return_to=/";
        assert_eq!(navigating(&world).post(path, form).await.status, 303, "{path}");
    }
}

#[tokio::test]
async fn whoever_comes_from_the_page_with_the_form_makes_no_detour() {
    let world = World::new().await;
    for page in ["/login", "/register", "/reset-password"] {
        let mut browser = navigating(&world);
        assert_eq!(browser.get(page).await.set_cookies("ironleaf-cookies").len(), 1, "{page}");
        assert!(browser.get(page).await.set_cookies("ironleaf-cookies").is_empty(), "{page}");
        let answer = browser.post("/api/sign-in", FORM).await;
        assert_eq!((answer.status, answer.location()), (303, "/"));
    }
}

/// The one-time message was the only cookie, and the page that shows it removes it.
#[tokio::test]
async fn whoever_had_another_cookie_when_the_page_came_is_no_such_browser() {
    let world = World::new().await;
    let mut browser = navigating(&world);
    browser.get("/login?email=x&token=").await;
    browser.get("/login").await;
    browser.cookies.retain(|name, _| name == "ironleaf-cookies");
    let answer = browser.post("/api/sign-in", FORM).await;
    assert_eq!((answer.status, answer.location()), (303, "/"));
}

#[tokio::test]
async fn what_is_no_browser_has_its_own_way_with_cookies() {
    let world = World::new().await;
    // First a script with its own headers, then the `fetch` of Node.
    for (name, other, value) in
        [("sec-fetch-site", "sec-fetch-mode", "cors"), ("sec-fetch-mode", "sec-fetch-site", "")]
    {
        let mut client = navigating(&world);
        client.headers.retain(|known, _| !known.starts_with("sec-fetch-"));
        client.headers.insert(name, "same-origin".to_owned());
        if !value.is_empty() {
            client.headers.insert(other, value.to_owned());
        }
        let answer = client.post("/api/sign-in", FORM).await;
        assert_eq!((answer.status, answer.location()), (303, "/"));
    }
}

#[tokio::test]
async fn a_link_that_leaves_nothing_says_so() {
    let world = World::new().await;
    world.browser().post("/api/request-password-reset", "email=user@test.com").await;
    let link = link_to(&world, "user@test.com").await;
    for (link, page) in [(link.as_str(), "/login"), ("/email-verification?token=x", "/email-verification")] {
        let mut browser = navigating(&world);
        let answer = browser.get(link).await;
        let to = answer.location().to_owned();
        assert!(to.starts_with(&format!("{page}?cookies=1")), "{to}");
        let mut keeping = browser.clone();
        let on = keeping.get(&to).await;
        assert_eq!((on.status, on.location()), (303, page));
        let shown = keeping.get(page).await.body;
        assert!(shown.contains("Continue as") || shown.contains("Verify your email"), "{shown}");
        browser.cookies.clear();
        let shown = browser.get(&to).await.body;
        assert!(shown.contains("Your browser keeps no cookies of this site"), "{shown}");
        // A person who receives this address later.
        world.advance(std::time::Duration::from_secs(31));
        for path in [to.as_str(), "/?cookies=tried", "/login?cookies=9999999999"] {
            let shown = navigating(&world).get(path).await.body;
            assert!(!shown.contains("Your browser keeps no cookies of this site"), "{path}: {shown}");
        }
    }
}

#[tokio::test]
async fn the_detour_for_a_cookie_loses_no_place() {
    let world = World::new().await;
    let mut browser = navigating(&world);
    browser.get("/login").await;
    let answer = browser.get("/login?cookies=1800000000&return_to=/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
}
