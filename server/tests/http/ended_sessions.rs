//! Sessions that have ended: no copy of their cookie works, and the person learns the reason.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{join, join_all};
use ironleaf_auth::Transport as _;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};

use crate::browser::{Browser, SESSION};
use crate::log;
use crate::world::World;

const ACCESS_TOKEN_LIFE: Duration = Duration::from_mins(20);

/// Tries every cookie that the session ever had, at every replica.
async fn assert_dead_everywhere(world: &World, copies: &[Browser]) {
    for replica in [world.router.clone(), world.replica(&[]).await] {
        for copy in copies {
            let mut copy = copy.clone();
            copy.turn_to(replica.clone());
            let page = copy.get("/account").await;
            assert_eq!((page.status, page.location()), (303, "/login?return_to=/account"));
        }
    }
}

/// Checks that the core API refuses the token. This also revokes the rest of its family, if there is any.
async fn assert_refused(world: &World, refresh_token: &str) {
    let body = serde_json::json!({ "email": "user@test.com", "refreshToken": refresh_token });
    let request = http::Request::post("http://core-api.test/v1/auth/tokens")
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(body.to_string().into())
        .unwrap();
    assert_eq!(world.network.send(request).await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_copied_cookie_is_dead_after_sign_out_on_either_replica() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let first = browser.clone();
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_eq!(browser.get("/account").await.status, 200);
    let copies = [first, browser.clone()];
    browser.post("/api/sign-out", "").await;
    assert_dead_everywhere(&world, &copies).await;
    assert_eq!(world.stats().families_revoked, 1);
    for token in world.network.issued_refresh_tokens().iter().rev() {
        assert_refused(&world, token).await;
    }
    world.advance(Duration::from_hours(6 * 24));
    assert_dead_everywhere(&world, &copies).await;
}

#[tokio::test]
async fn a_sign_out_wins_over_fifty_requests_in_flight() {
    let world = World::new().await;
    let replicas = [world.router.clone(), world.replica(&[]).await];
    tokio::time::pause();
    for (round, head_start) in [0, 1, 3, 10, 30, 100, 300].into_iter().enumerate() {
        let browser = world.signed_in().await;
        world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
        let tabs = (0..50).map(|number| {
            let mut tab = browser.clone();
            tab.turn_to(replicas[number % 2].clone());
            async move {
                tab.get("/account").await;
                tab
            }
        });
        let mut leaving = browser.clone();
        let sign_out = async {
            for _ in 0..head_start {
                tokio::task::yield_now().await;
            }
            leaving.post("/api/sign-out", "").await
        };
        let (mut copies, out) = join(join_all(tabs), sign_out).await;
        assert_eq!((out.status, out.location()), (303, "/"));
        copies.retain(|tab| tab.session().is_some());
        copies.push(browser);
        assert_dead_everywhere(&world, &copies).await;
        assert_eq!(world.stats().families_revoked, round as u64 + 1, "head start {head_start}");
        let newest = world.network.issued_refresh_tokens().pop().unwrap();
        assert_refused(&world, &newest).await;
    }
}

#[tokio::test]
async fn a_revoked_grant_leads_to_the_form_with_the_reason_and_back_to_where_the_person_was() {
    let told = Told::default();
    let _told = told.listen();
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.revoke_every_token("user@test.com", "password1").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    let answer = browser.get("/account?tab=mail").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account?tab=mail"));

    let form = browser.get("/login?return_to=/account?tab=mail").await.body;
    assert!(form.contains("Your session has expired, please log in again."), "{form}");
    assert!(
        form.contains(r#"data-support-code="S3""#) && form.contains(r#"title="Support code S3""#),
        "{form}"
    );
    assert!(form.contains(r#"name="return_to" value="/account?tab=mail""#), "{form}");
    assert_eq!(told.count("refresh_token_rejected"), 1);
    assert!(
        log::of_this_test()
            .contains(r#"a session is over reason="refresh_token_rejected" support_code="S3""#)
    );

    let form = "email=user@test.com&password=password1&return_to=/account?tab=mail";
    let back = browser.post("/api/sign-in", form).await;
    assert_eq!(back.location(), "/account?tab=mail");
    assert!(browser.get(back.location()).await.body.contains("user@test.com"));
}

/// A browser whose tokens are revoked, with an access token that has expired.
async fn revoked(world: &World) -> Browser {
    let browser = world.signed_in().await;
    world.revoke_every_token("user@test.com", "password1").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    browser
}

fn as_script(browser: &Browser) -> Browser {
    let mut script = browser.clone();
    script.headers.insert("accept", "application/json".to_owned());
    script
}

const REMOVAL: &str = "ironleaf-session=; ";

#[tokio::test]
async fn after_a_refused_refresh_a_script_gets_401_and_the_cookie_is_removed() {
    let world = World::new().await;
    let mut script = as_script(&revoked(&world).await);
    let refused = script.post("/api/update-account", "email=new@test.com&password=&confirm_password=").await;
    let body: serde_json::Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!((refused.status, body["code"].as_str()), (401, Some("signed_out")), "{body}");
    let removal = refused.set_cookies(SESSION);
    assert!(removal.len() == 1 && removal[0].starts_with(REMOVAL), "{removal:?}");
    assert!(removal[0].contains("Max-Age=0") && removal[0].contains("HttpOnly"), "{removal:?}");
    let again = script.post("/api/update-account", "email=new@test.com&password=&confirm_password=").await;
    assert_eq!((again.status, again.set_cookies(SESSION).len()), (401, 0));
}

#[tokio::test]
async fn after_a_refused_refresh_a_page_leads_to_the_form_that_says_why_once() {
    let world = World::new().await;
    let mut browser = revoked(&world).await;
    let answer = browser.get("/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
    assert!(answer.set_cookies(SESSION)[0].starts_with(REMOVAL));
    assert!(browser.session().is_none());
    let reason = "Your session has expired, please log in again.";
    assert!(browser.get("/login?return_to=/account").await.body.contains(reason));
    for page in ["/login", "/", "/account"] {
        assert!(!browser.get(page).await.body.contains(reason), "{page}");
    }
    assert!(!browser.get("/login").await.body.contains(reason));
}

/// Both tabs have the cookie of the session that is over. The answer to the first is slow.
#[tokio::test]
async fn no_answer_removes_the_cookie_of_a_sign_in_in_another_tab() {
    let world = World::new().await;
    let tab = revoked(&world).await;
    let replica = world.replica(&[]).await;
    for mut slow in [tab.clone(), as_script(&tab)] {
        let mut other = tab.clone();
        assert_eq!(other.sign_in("user@test.com", "password1").await.status, 303);
        slow.turn_to(replica.clone());
        let page = slow.get("/account").await;
        let form = slow.post("/api/update-account", "email=new@test.com&password=&confirm_password=").await;
        let removed: Vec<_> = [&page, &form].iter().flat_map(|answer| answer.set_cookies(SESSION)).collect();
        assert!(removed.is_empty(), "{removed:?}");
        assert_eq!(other.get("/account").await.status, 200);
    }
}

#[tokio::test]
async fn each_end_has_a_support_code_of_its_own() {
    let told = Told::default();
    let _told = told.listen();
    let world = World::with(&[("SUCCESSOR_RETENTION", "1d")]).await;

    let mut copy = world.signed_in().await;
    copy.clone().post("/api/sign-out", "").await;
    assert_code(&mut copy, "S2").await;

    let mut idle = world.signed_in().await;
    world.advance(Duration::from_hours(7 * 24 + 1));
    assert_code(&mut idle, "S1").await;

    let mut browser = world.signed_in().await;
    let mut spent = browser.clone();
    for _ in 0..2 {
        world.advance(Duration::from_hours(1));
        assert_eq!(browser.get("/account").await.status, 200);
    }
    world.advance(Duration::from_hours(25));
    assert_code(&mut spent, "S7").await;

    // The sign-out itself, and the copy used after it.
    let counts = ["signed_out", "timed_out", "superseded"].map(|reason| told.count(reason));
    assert_eq!(counts, [2, 1, 1]);
}

async fn assert_code(browser: &mut Browser, code: &str) {
    let answer = browser.get("/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/login?return_to=/account"));
    let form = browser.get("/login").await.body;
    assert!(form.contains(&format!(r#"data-support-code="{code}""#)), "{code}: {form}");
}

/// Counts the metrics of this thread, and keeps its log.
#[derive(Default)]
struct Told {
    counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
}

impl Told {
    fn listen(&self) -> metrics::LocalRecorderGuard<'_> {
        log::keep();
        metrics::set_default_local_recorder(self)
    }

    /// How many sessions ended for this reason.
    fn count(&self, reason: &str) -> u64 {
        let counters = self.counters.lock().unwrap();
        let name = format!("ironleaf_signed_out_total reason={reason}");
        counters.get(&name).map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

impl metrics::Recorder for Told {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels = key.labels().map(|label| format!(" {}={}", label.key(), label.value()));
        let name = labels.fold(key.name().to_owned(), |name, label| name + &label);
        let mut counters = self.counters.lock().unwrap();
        Counter::from_arc(Arc::clone(counters.entry(name).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
