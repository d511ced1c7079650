//! Pages and server functions that need a role. The table of routes says which ones: a new one is here by itself.

use http::Method;
use http::header::ACCEPT;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::registry::{change, everybody, person, register, text};
use crate::world::World;

/// The addresses of the pages that need a role, with this identifier in the place of a parameter.
fn guarded_pages(id: &str) -> Vec<String> {
    let pages = app::pages().guards().filter(|(_, role)| role.is_some());
    let part = |part| if str::starts_with(part, '{') { id } else { part };
    let found: Vec<_> =
        pages.map(|(path, _)| path.split('/').map(part).collect::<Vec<_>>().join("/")).collect();
    assert!(!found.is_empty());
    found
}

fn guarded_fns() -> Vec<&'static str> {
    let found: Vec<_> =
        app::server_fn_routes().into_iter().filter(|path| app::role_of_server_fn(path).is_some()).collect();
    assert!(!found.is_empty());
    found
}

/// A form that would do something to the person, whichever function it is sent to.
fn form_for(person: &Value) -> String {
    let (id, version) = (text(person, "id"), text(person, "updatedAt"));
    format!("id={id}&version={version}&role=ADMIN&held=true&return_to=/admin/people")
}

async fn scripted(browser: &Browser, path: &str, form: &str) -> Answer {
    let mut script = browser.clone();
    script.headers.insert(ACCEPT.as_str(), "application/json".to_owned());
    script.post(path, form).await
}

#[tokio::test]
async fn a_person_without_the_role_gets_403_and_changes_nothing() {
    let world = World::new().await;
    let mut somebody = world.signed_in().await;
    let victim = person(&world, "admin@test.com").await;
    let before = everybody(&world).await;
    world.network.take_calls();
    for path in guarded_pages(&text(&victim, "id")) {
        for method in [Method::GET, Method::HEAD] {
            let answer = somebody.send(method, &path, axum::body::Body::empty()).await;
            assert_eq!((answer.status, answer.header("cache-control")), (403, "no-store"), "{path}");
            assert!(!answer.body.contains("admin@test.com"), "{path}: {}", answer.body);
        }
        let page = somebody.get(&path).await.body;
        assert!(page.contains("<h1") && page.contains("</header>"), "{path} is no page: {page}");
    }
    for path in guarded_fns() {
        let answer = somebody.post(path, &form_for(&victim)).await;
        assert_eq!((answer.status, answer.header("cache-control")), (403, "no-store"), "{path}");
        assert!(answer.body.contains("</html>"), "{path}: {}", answer.body);
        // Also one that lacks every field.
        assert_eq!(somebody.post(path, "").await.status, 403, "{path}");
        let answer = scripted(&somebody, path, &form_for(&victim)).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.body.starts_with(r#"{"code":"forbidden","#), "{path}: {}", answer.body);
    }
    assert_eq!(world.network.take_calls(), [""; 0], "nobody is asked, not even to read");
    assert_eq!(everybody(&world).await, before);
    assert_eq!(somebody.get("/account").await.status, 200, "they stay signed in");
}

#[tokio::test]
async fn a_stranger_has_to_log_in_and_changes_nothing() {
    let world = World::new().await;
    let victim = person(&world, "user@test.com").await;
    let before = everybody(&world).await;
    world.network.take_calls();
    for path in guarded_pages(&text(&victim, "id")) {
        let answer = world.browser().get(&format!("{path}?x=1")).await;
        assert_eq!((answer.status, answer.location()), (303, &*format!("/login?return_to={path}?x=1")));
    }
    for path in guarded_fns() {
        let answer = world.browser().post(path, &form_for(&victim)).await;
        assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/admin/people"), "{path}");
        let hostile = form_for(&victim).replace("return_to=/", "return_to=//evil.example/");
        assert_eq!(world.browser().post(path, &hostile).await.location(), "/login", "{path}");
        let answer = scripted(&world.browser(), path, &form_for(&victim)).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.body.starts_with(r#"{"code":"signed_out","#), "{path}: {}", answer.body);
    }
    assert_eq!(world.network.take_calls(), [""; 0]);
    assert_eq!(everybody(&world).await, before);
}

#[tokio::test]
async fn whoever_has_the_role_is_let_in() {
    let world = World::new().await;
    let mut administrator = world.administrator().await;
    let somebody = person(&world, "user@test.com").await;
    for path in guarded_pages(&text(&somebody, "id")) {
        assert_eq!(administrator.get(&path).await.status, 200, "{path}");
    }
    for path in guarded_fns() {
        // The function answers, and says what is missing.
        assert_eq!(administrator.post(path, "").await.status, 400, "{path}");
    }
}

/// The session has the role until it refreshes. The core API knows better.
#[tokio::test]
async fn whoever_has_lost_the_role_elsewhere_gets_403_and_changes_nothing() {
    let world = World::new().await;
    register(&world, "b@test.com").await;
    change(&world, "b@test.com", &json!({ "roles": ["ADMIN"] })).await;
    let mut other = world.browser();
    assert_eq!(other.sign_in("b@test.com", "password1").await.status, 303);
    assert_eq!(other.get("/admin/people").await.status, 200);
    change(&world, "b@test.com", &json!({ "roles": [] })).await;
    let victim = person(&world, "user@test.com").await;
    let before = everybody(&world).await;
    for path in guarded_pages(&text(&victim, "id")) {
        assert_eq!(other.get(&path).await.status, 403, "{path}");
    }
    for path in guarded_fns() {
        let answer = scripted(&other, path, &form_for(&victim)).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.body);
    }
    assert_eq!(everybody(&world).await, before);
    world.advance(std::time::Duration::from_mins(21));
    other.get("/account").await;
    assert!(!other.get("/account").await.body.contains("/admin/people"), "no menu leads there any more");
}

/// What is on a page behind a guard must not be sent to functions without one.
#[tokio::test]
async fn every_form_of_a_guarded_page_that_is_on_no_other_page_has_a_guard() {
    let world = World::new().await;
    let mut administrator = world.administrator().await;
    let b = register(&world, "b@test.com").await;
    let actions = |page: &str| -> Vec<String> {
        let forms = page.split(r#"action="/api/"#).skip(1);
        forms.map(|rest| format!("/api/{}", rest.split_once('"').unwrap().0)).collect()
    };
    let elsewhere = actions(&administrator.get("/").await.body);
    let mut found = Vec::new();
    for path in guarded_pages(&text(&b, "id")) {
        found.extend(actions(&administrator.get(&path).await.body));
    }
    found.retain(|action| !elsewhere.contains(action));
    found.sort_unstable();
    found.dedup();
    let mut guarded = guarded_fns();
    guarded.sort_unstable();
    assert_eq!(found, guarded);
}
