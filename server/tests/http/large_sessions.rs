//! Sessions of many kilobytes. They are real ones, because the core API's tokens are that large.

use std::collections::BTreeSet;
use std::time::Duration;

use ironleaf_core_api::{Config, CoreApi, PasswordCost};

use crate::browser::{Answer, Browser, SESSION};
use crate::world::{TOKEN_MARK, World};

const ACCESS_TOKEN_LIFE: Duration = Duration::from_mins(20);
const HEADING: &str = "Your session is too large";

/// A world whose mark makes a session at least 12 KB large, and whose budget has space for it.
async fn spacious_world() -> World {
    let mark = format!("{TOKEN_MARK}{}", "x".repeat(5_000));
    World::with(&[("CORE_API_TOKEN_MARK", &mark), ("SESSION_HEADER_BUDGET", "16384")]).await
}

/// The bytes of the session in the `Cookie` header. Also checks that its cookies are the parts of one value.
fn consistent_bytes(browser: &Browser) -> usize {
    let cookies = browser.session_cookies();
    let mut ids = BTreeSet::new();
    for (index, (name, value)) in cookies.iter().enumerate() {
        assert_eq!(name, &format!("{SESSION}.{index}"));
        let [id, position, count, _] = value.splitn(4, '.').collect::<Vec<_>>()[..] else {
            panic!("{value} is no chunk");
        };
        ids.insert(id);
        assert_eq!((position, count), (&*index.to_string(), &*cookies.len().to_string()));
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
    cookies.iter().map(|(name, value)| name.len() + "=; ".len() + value.len()).sum()
}

#[tokio::test]
async fn a_session_of_12_kb_is_read_renewed_and_removed_in_one_piece() {
    let world = spacious_world().await;
    let mut browser = world.signed_in().await;
    let signed_in = browser.session_cookies();
    assert!(consistent_bytes(&browser) >= 12 * 1024, "{} bytes", consistent_bytes(&browser));
    for _ in 0..3 {
        assert!(browser.get("/account").await.body.contains("user@test.com"));
    }
    assert_eq!(browser.session_cookies(), signed_in, "nothing changed, so nothing is written");

    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert!(browser.get("/account").await.body.contains("user@test.com"));
    assert!(consistent_bytes(&browser) >= 12 * 1024, "{} bytes", consistent_bytes(&browser));
    assert!(browser.session_cookies().values().all(|chunk| !signed_in.values().any(|old| old == chunk)));
    assert_eq!(world.stats().refreshes_accepted, 1);

    browser.post("/api/sign-out", "").await;
    assert!(browser.session_cookies().is_empty(), "{:?}", browser.cookies.keys());
}

fn assert_says_so(page: &Answer) {
    assert_eq!((page.status, page.header("cache-control")), (500, "no-store"));
    for part in [HEADING, "You are still signed in.", "SESSION_HEADER_BUDGET", "Account menu"] {
        assert!(page.body.contains(part), "{part} is missing in {}", page.body);
    }
    assert_eq!(page.body.matches("</html>").count(), 1);
}

#[tokio::test]
async fn tokens_that_outgrew_the_budget_are_said_so_and_nobody_is_signed_out() {
    let world = spacious_world().await;
    let folder = tempfile::tempdir().unwrap();
    let core_api = async |mark_bytes| {
        let config = Config {
            token_mark: Some("x".repeat(mark_bytes)),
            password_cost: PasswordCost::FOR_TESTS,
            clock: world.core_api_clock(),
            ..Config::development(folder.path())
        };
        CoreApi::open(config).await.unwrap().router()
    };
    world.network.lead_to(core_api(5_000).await);
    let mut browser = world.signed_in().await;
    let before = browser.session_cookies();

    world.network.lead_to(core_api(7_000).await);
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    let page = browser.get("/account").await;
    assert_says_so(&page);
    assert!(!page.body.contains("Account Settings"));
    assert_eq!(browser.session_cookies(), before);

    browser.turn_to(world.replica(&[("SESSION_HEADER_BUDGET", "32768")]).await);
    assert!(browser.get("/account").await.body.contains("user@test.com"));
    assert_ne!(browser.session_cookies(), before);
}

#[tokio::test]
async fn a_session_over_a_lowered_budget_spends_no_token_and_nobody_is_signed_out() {
    let world = spacious_world().await;
    let mut browser = world.signed_in().await;
    let before = browser.session_cookies();
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));

    browser.turn_to(world.replica(&[]).await);
    for _ in 0..3 {
        assert_says_so(&browser.get("/account").await);
        // Longer than the core API would repeat the answer to a refresh.
        world.advance(Duration::from_mins(11));
    }
    assert_eq!(world.stats().refreshes_accepted, 0);
    assert_eq!(browser.session_cookies(), before);
    let home = browser.get("/").await;
    assert!(home.status == 200 && home.body.contains("Account menu"), "{}", home.body);

    browser.turn_to(world.router.clone());
    assert!(browser.get("/account").await.body.contains("user@test.com"));
    assert_ne!(browser.session_cookies(), before);
    assert_eq!(world.stats().refreshes_accepted, 1);
}

#[tokio::test]
async fn a_script_is_told_of_a_session_over_the_budget() {
    let world = spacious_world().await;
    let mut browser = world.signed_in().await;
    browser.turn_to(world.replica(&[]).await);
    browser.headers.insert("accept", "application/json".to_owned());
    // Old enough to be sealed again.
    world.advance(Duration::from_hours(2 * 24));
    for path in ["/account", "/"] {
        let answer = browser.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (500, "application/json"), "{path}");
        assert!(answer.body.starts_with(r#"{"code":"session_too_large","#), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_session_over_a_lowered_budget_can_be_signed_out_of() {
    let world = spacious_world().await;
    let mut browser = world.signed_in().await;
    let before = browser.session_cookies();
    browser.turn_to(world.replica(&[]).await);
    assert_eq!(browser.get("/").await.status, 200, "what is not written needs no room");

    // Old enough to be sealed again.
    world.advance(Duration::from_hours(2 * 24));
    assert_says_so(&browser.get("/").await);
    assert_eq!(browser.session_cookies(), before);

    let out = browser.post("/api/sign-out", "").await;
    assert_eq!((out.status, out.location()), (303, "/"));
    assert!(browser.session_cookies().is_empty());
    assert_eq!(browser.get("/").await.status, 200);
}

#[tokio::test]
async fn a_sign_in_over_the_budget_leaves_whoever_was_signed_in() {
    let world = spacious_world().await;
    let mut browser = world.signed_in().await;
    let before = browser.session_cookies();
    browser.turn_to(world.replica(&[]).await);

    let refused = browser.sign_in("admin@test.com", "password1").await;
    assert_eq!((refused.status, refused.location()), (303, "/login"));
    browser.headers.insert("accept", "application/json".to_owned());
    let refused = browser.sign_in("admin@test.com", "password1").await;
    assert!(refused.status == 500 && refused.body.contains("You cannot be logged in"), "{}", refused.body);

    assert_eq!(browser.session_cookies(), before);
    world.settled().await;
    assert_eq!(world.stats().families_revoked, 2, "nobody holds the grants that were not kept");
    browser.headers.insert("accept", "text/html".to_owned());
    browser.turn_to(world.router.clone());
    assert!(browser.get("/account").await.body.contains("user@test.com"));
}
