//! What a change of e-mail address or password, or the end of the account, does to this session and to others.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use futures_util::poll;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use ironleaf_auth::{Caller, CoreApiProvider, CoreApiSettings, Patience, Transport};
use ironleaf_bff::{AccountFailure, Bff, BffSettings, delete_account, update_account};
use ironleaf_session::{KeyRing, Sealer, SessionSettings};

use crate::browser::{Answer, Browser, SESSION};
use crate::network::{Network, Outcome};
use crate::world::World;

const ACCESS_TOKEN_LIFE: Duration = Duration::from_mins(20);

/// The use cases behind routes of their own, at a replica of `world`.
fn account_routes(world: &World) -> Router {
    let (clock, random) = (world.clock(), ironleaf_auth::system_random());
    let transport = Arc::<Network>::clone(&world.network) as Arc<dyn Transport>;
    let provider = CoreApiProvider::new(
        "http://core-api.test/v1".parse().unwrap(),
        Arc::clone(&transport),
        Arc::clone(&clock),
        Arc::clone(&random),
        CoreApiSettings::default(),
    );
    let keys = KeyRing::parse(world.secrets().trim()).unwrap();
    let bff = Bff::new(BffSettings {
        public_origin: "http://127.0.0.1:3000".parse().unwrap(),
        accept_localhost: false,
        reload_origin: None,
        session: SessionSettings { secure: false, ..SessionSettings::default() },
        form_timeout: Duration::from_secs(10),
        sign_in_timeout: Duration::from_secs(10),
        sign_out_timeout: Duration::from_secs(2),
        sealer: Sealer::new(keys, Arc::clone(&random)),
        store: world.store(),
        patience: Patience::default(),
        spawner: ironleaf_auth::tokio_spawner(),
        observer: ironleaf_auth::nobody(),
        provider: Arc::new(provider),
        transport,
        clock,
        random,
    });
    Router::new()
        .route("/update", post(update))
        .route("/delete", post(delete))
        .layer(bff.session_layer())
        .layer(from_fn_with_state(bff, provide))
}

async fn provide(State(bff): State<Bff>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Caller::default());
    request.extensions_mut().insert(bff);
    next.run(request).await
}

async fn update(Query(query): Query<Vec<(String, String)>>, request: Request) -> (StatusCode, String) {
    let field = |name| query.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    let (parts, _) = request.into_parts();
    match update_account(&parts, field("email"), field("password")).await {
        Ok(user) => (StatusCode::OK, format!("{} {:?}", user.email, user.unverified_email)),
        Err(error) => refused(&error),
    }
}

async fn delete(request: Request) -> (StatusCode, String) {
    let (parts, _) = request.into_parts();
    match delete_account(&parts).await {
        Ok(()) => (StatusCode::OK, String::new()),
        Err(error) => refused(&error),
    }
}

fn refused(error: &AccountFailure) -> (StatusCode, String) {
    (StatusCode::CONFLICT, format!("{error:?}"))
}

/// A change, a second later, by the route that stands in for its form.
async fn change(world: &World, browser: &mut Browser, path: &str) -> Answer {
    world.advance(Duration::from_secs(1));
    browser.turn_to(account_routes(world));
    let answer = browser.post(path, "").await;
    browser.turn_to(world.router.clone());
    answer
}

async fn assert_signed_in(browser: &mut Browser, email: &str) {
    let page = browser.get("/account").await;
    assert!(
        page.status == 200 && page.body.contains(email),
        "{} {}: {}",
        page.status,
        page.location(),
        page.body
    );
}

async fn assert_signed_out(browser: &mut Browser, code: &str) {
    let page = browser.get("/account").await;
    assert_eq!((page.status, page.location()), (303, "/login?return_to=/account"));
    let form = browser.get("/login").await.body;
    assert!(form.contains("Your session has expired, please log in again."), "{form}");
    assert!(form.contains(&format!(r#"data-support-code="{code}""#)), "{code}: {form}");
}

/// Opens the newest verification link, as in another browser.
async fn verify(world: &World, email: &str) {
    world.core_api.settled().await;
    let mails = world.core_api.outbox().await.unwrap();
    let mail = mails.into_iter().map(|stored| stored.message).find(|mail| mail.to == email).unwrap();
    let (_, token) = mail.link.split_once("token=").unwrap();
    let body = serde_json::json!({ "token": token });
    ask(world, http::Request::post("http://core-api.test/v1/auth/action-requests"), &body).await;
    world.core_api.settled().await;
}

/// The identifier of `user@test.com` and an access token that this application knows nothing of.
async fn sign_in_past_us(world: &World) -> (String, String) {
    let body = serde_json::json!({ "email": "user@test.com", "password": "password1" });
    let signed_in = ask(world, http::Request::post("http://core-api.test/v1/auth/tokens"), &body).await;
    let access_token = signed_in["accessToken"].as_str().unwrap().to_owned();
    let current = http::Request::get("http://core-api.test/v1/user/users/current")
        .header(AUTHORIZATION, format!("Bearer {access_token}"));
    let user = ask(world, current, &serde_json::Value::Null).await;
    (user["id"].as_str().unwrap().to_owned(), access_token)
}

/// The `item` of the core API's answer.
async fn ask(world: &World, request: http::request::Builder, body: &serde_json::Value) -> serde_json::Value {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = request.header(CONTENT_TYPE, "application/json").body(body.into()).unwrap();
    let answer = world.network.send(request).await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
    serde_json::from_slice::<serde_json::Value>(answer.body()).unwrap()["item"].take()
}

#[tokio::test]
async fn after_a_new_address_the_session_is_refreshed_before_and_after_it_is_verified() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let answer = change(&world, &mut browser, "/update?email=New@test.com").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"user@test.com Some("new@test.com")"#));

    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut browser, "user@test.com").await;
    verify(&world, "new@test.com").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut browser, "new@test.com").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut browser, "new@test.com").await;
    assert_eq!((world.stats().refreshes_accepted, world.stats().families_revoked), (3, 0));
    assert_eq!(world.stats().refreshes_refused, 1, "the old address, once");
}

#[tokio::test]
async fn a_tab_with_the_cookie_from_before_the_new_address_refreshes_after_it_is_verified() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    let oldest = browser.clone();
    assert_signed_in(&mut browser, "user@test.com").await;
    let before = browser.clone();
    assert_eq!(change(&world, &mut browser, "/update?email=new@test.com").await.status, 200);
    verify(&world, "new@test.com").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    for mut late in [before, oldest, browser] {
        assert_signed_in(&mut late, "new@test.com").await;
    }
    assert_eq!((world.stats().refreshes_accepted, world.stats().families_revoked), (2, 0));
}

#[tokio::test]
async fn an_address_changed_in_another_browser_is_learned_for_every_tab_of_this_one() {
    let world = World::new().await;
    let (mut browser, mut elsewhere) = (world.signed_in().await, world.signed_in().await);
    let mut late = browser.clone();
    assert_eq!(change(&world, &mut elsewhere, "/update?email=new@test.com").await.status, 200);
    assert_signed_in(&mut browser, "user@test.com").await;
    verify(&world, "new@test.com").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut late, "new@test.com").await;
    assert_signed_in(&mut browser, "new@test.com").await;
    assert_eq!(world.stats().families_revoked, 0);
}

#[tokio::test]
async fn an_address_that_is_taken_or_none_changes_nothing() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let before = browser.session().cloned();
    let long = format!("/update?email={}@test.com", "a".repeat(300));
    for (path, expected) in [
        ("/update?email=admin@test.com", "EmailTaken"),
        ("/update?email=nonsense", "Invalid email address"),
        (&long, "Invalid email address"),
        ("/update?password=short", "Password must be at least 8 characters"),
    ] {
        let answer = change(&world, &mut browser, path).await;
        assert!(answer.status == 409 && answer.body.contains(expected), "{path}: {}", answer.body);
    }
    assert_eq!(browser.session(), before.as_ref());
    assert_signed_in(&mut browser, "user@test.com").await;
}

#[tokio::test]
async fn the_address_that_the_person_has_already_is_not_verified_anew() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let answer = change(&world, &mut browser, "/update?email=User@test.com").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "user@test.com None"));
    let answer = change(&world, &mut browser, "/update?email=user@test.com&password=password2").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "user@test.com None"));
    world.core_api.settled().await;
    assert!(world.core_api.outbox().await.unwrap().is_empty());
}

#[tokio::test]
async fn whether_an_address_is_new_is_for_the_core_api_to_say() {
    let world = World::new().await;
    let (mut browser, mut elsewhere) = (world.signed_in().await, world.signed_in().await);
    assert_eq!(change(&world, &mut elsewhere, "/update?email=new@test.com").await.status, 200);
    verify(&world, "new@test.com").await;
    let answer = change(&world, &mut browser, "/update?email=user@test.com").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"new@test.com Some("user@test.com")"#));
}

#[tokio::test]
async fn a_new_password_keeps_this_session_and_ends_every_other_one() {
    let world = World::new().await;
    let (mut browser, mut phone) = (world.signed_in().await, world.signed_in().await);
    let mut admin = world.browser();
    admin.sign_in("admin@test.com", "password1").await;
    let mut copy = browser.clone();

    let answer = change(&world, &mut browser, "/update?password=password2").await;
    assert_eq!((answer.status, answer.set_cookies(SESSION).len()), (200, 1));
    assert_eq!(world.stats().families_revoked, 2, "the phone's, and what this session had before");
    assert_signed_out(&mut phone, "S9").await;
    assert_signed_out(&mut copy, "S9").await;
    assert_signed_in(&mut admin, "admin@test.com").await;

    // At another replica, and long after.
    browser.turn_to(world.replica(&[]));
    for _ in 0..3 {
        assert_signed_in(&mut browser, "user@test.com").await;
        world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    }
    assert_eq!(phone.sign_in("user@test.com", "password1").await.location(), "/login");
    assert_eq!(phone.sign_in("user@test.com", "password2").await.location(), "/");
    assert_signed_in(&mut phone, "user@test.com").await;
    assert_signed_in(&mut browser, "user@test.com").await;
    assert_eq!(world.stats().families_revoked, 2);
}

#[tokio::test]
async fn address_and_password_change_together() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let answer = change(&world, &mut browser, "/update?email=new@test.com&password=password2").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"user@test.com Some("new@test.com")"#));
    verify(&world, "new@test.com").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut browser, "new@test.com").await;
}

#[tokio::test]
async fn a_new_password_without_a_new_sign_in_leaves_this_session_as_it_was() {
    let world = World::new().await;
    let (mut browser, mut phone) = (world.signed_in().await, world.signed_in().await);
    let before = browser.session().cloned();
    world.network.fail("/auth/tokens", Outcome::Reset);
    let answer = change(&world, &mut browser, "/update?password=password2").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    world.network.heal();
    assert_eq!(browser.session(), before.as_ref());
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    assert_signed_in(&mut browser, "user@test.com").await;
    assert_signed_out(&mut phone, "S3").await;
}

#[tokio::test]
async fn a_new_password_ends_the_others_although_the_connection_was_closed() {
    let world = World::new().await;
    let (mut browser, mut phone) = (world.signed_in().await, world.signed_in().await);
    world.advance(Duration::from_secs(1));
    browser.turn_to(account_routes(&world));
    {
        let mut request = Box::pin(browser.post("/update?password=password2", ""));
        for _ in 0..5 {
            assert!(poll!(request.as_mut()).is_pending());
        }
    }
    // The old family goes last.
    while world.stats().families_revoked < 2 {
        tokio::task::yield_now().await;
    }
    assert_signed_out(&mut phone, "S9").await;
    assert_eq!(world.browser().sign_in("user@test.com", "password2").await.location(), "/");
}

#[tokio::test]
async fn a_change_asks_for_a_refresh_first_where_one_is_due() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    let answer = change(&world, &mut browser, "/update?password=password2").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_signed_in(&mut browser, "user@test.com").await;

    world.revoke_every_token("user@test.com", "password2").await;
    world.advance(ACCESS_TOKEN_LIFE + Duration::from_secs(1));
    let answer = change(&world, &mut browser, "/update?password=password3").await;
    assert_eq!((answer.status, answer.body.as_str()), (409, "SignedOut"));
}

#[tokio::test]
async fn a_deleted_account_ends_this_session_and_every_other_one() {
    let world = World::new().await;
    let (mut browser, mut phone) = (world.signed_in().await, world.signed_in().await);
    let mut admin = world.browser();
    admin.sign_in("admin@test.com", "password1").await;
    let mut copy = browser.clone();

    let answer = change(&world, &mut browser, "/delete").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let removal = answer.set_cookies(SESSION);
    assert!(removal.len() == 1 && removal[0].contains("Max-Age=0"), "{removal:?}");
    assert!(browser.get("/").await.body.contains(r#"href="/login""#));
    phone.turn_to(world.replica(&[]));
    assert_signed_out(&mut phone, "S6").await;
    assert_signed_out(&mut copy, "S6").await;
    assert_signed_in(&mut admin, "admin@test.com").await;
    assert_eq!(world.browser().sign_in("user@test.com", "password1").await.location(), "/login");
}

#[tokio::test]
async fn an_account_that_somebody_else_deleted_ends_its_sessions_with_the_next_request() {
    let world = World::new().await;
    let mut browser = world.signed_in().await;
    let (id, access_token) = sign_in_past_us(&world).await;
    let request = http::Request::delete(format!("http://core-api.test/v1/user/users/{id}"))
        .header(AUTHORIZATION, format!("Bearer {access_token}"))
        .body(Bytes::new())
        .unwrap();
    assert_eq!(world.network.send(request).await.unwrap().status(), 204);
    assert_signed_out(&mut browser, "S3").await;
}

#[tokio::test]
async fn nobody_changes_an_account_without_a_session() {
    let world = World::new().await;
    for path in ["/update?password=password2", "/delete"] {
        let answer = change(&world, &mut world.browser(), path).await;
        assert_eq!((answer.status, answer.body.as_str()), (409, "SignedOut"), "{path}");
    }
}
