//! The use cases of `ironleaf-bff` behind routes of their own, without forms. A browser gets the use case's result in
//! `Debug` format.

#[path = "use_cases/confirmation.rs"]
mod confirmation;
#[path = "use_cases/emailed_links.rs"]
mod emailed_links;
#[path = "use_cases/refusals.rs"]
mod refusals;
#[path = "use_cases/registration.rs"]
mod registration;
#[path = "use_cases/resending.rs"]
mod resending;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, RawQuery, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use ironleaf_auth::{Caller, EmailAddress, TimeLimits, Transport};
use ironleaf_bff::{
    Bff, BffSettings, Flash, MaybeUser, PasswordPolicy, RateLimits, Remember, SIGN_IN_LINK, SignInLink,
    VERIFICATION_LINK, VerificationLink, confirm_password, delete_account, register, request_password_reset,
    resend_verification, sign_in_with_link, signed_in_recently, update_account, verify_email,
};
use ironleaf_providers::{CoreApiProvider, CoreApiSettings};
use ironleaf_session::{KeyRing, Sealer, SessionSettings};
use ironleaf_store::Store;

use crate::browser::{Answer, Browser};
use crate::network::Network;
use crate::world::World;

pub(crate) const ACCESS_TOKEN_LIFE: Duration = Duration::from_mins(20);

/// Longer than the lifetime of an access token, so that a change can be requested with an expired one.
pub(crate) const RECENT: Duration = Duration::from_mins(45);

type Fields = Query<Vec<(String, String)>>;

/// The routes at a replica of `world`.
pub(crate) fn routes(world: &World) -> Router {
    routes_with(world, world.store())
}

/// The routes at a replica with another store.
fn routes_with(world: &World, store: Arc<dyn Store>) -> Router {
    let (clock, random) = (world.clock(), ironleaf_auth::system_random());
    let transport = Arc::<Network>::clone(&world.network) as Arc<dyn Transport>;
    let provider = CoreApiProvider::new(
        CoreApiSettings {
            // As the application itself, whose core API is the embedded one.
            marks_grants: false,
            ..CoreApiSettings::at("http://core-api.test/v1".parse().unwrap())
        },
        Arc::clone(&transport),
        Arc::clone(&clock),
        Arc::clone(&random),
    );
    let keys = KeyRing::parse(world.secrets().trim()).unwrap();
    let bff = Bff::new(BffSettings {
        public_origin: "http://127.0.0.1:3000".parse().unwrap(),
        hsts_include_subdomains: false,
        accept_localhost: false,
        reload_origin: None,
        session: SessionSettings { secure: false, ..SessionSettings::default() },
        form_timeout: Duration::from_secs(10),
        sign_in_timeout: Duration::from_secs(10),
        sign_out_timeout: Duration::from_secs(2),
        rate_limits: RateLimits::default(),
        recent_sign_in: RECENT,
        sign_in_roles: Vec::new(),
        password_policy: PasswordPolicy::default(),
        ends_per_owner: 512,
        sealer: Sealer::new(keys, Arc::clone(&random)),
        store,
        time_limits: TimeLimits::default(),
        spawner: world.spawner(),
        observer: ironleaf_auth::nobody(),
        provider: Arc::new(provider),
        transport,
        clock,
        random,
    });
    Router::new()
        .route("/who", get(who))
        .route("/register", post(register_route))
        .route("/sign-in-link", get(keep_sign_in_link).post(use_sign_in_link))
        .route("/verification-link", get(keep_verification_link).post(use_verification_link))
        .route("/reset", post(reset))
        .route("/resend", post(resend))
        .route("/confirm", post(confirm))
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

type Said = (StatusCode, String);

fn said<E: Debug>(result: Result<String, E>) -> Said {
    match result {
        Ok(text) => (StatusCode::OK, text),
        Err(failure) => (StatusCode::CONFLICT, format!("{failure:?}")),
    }
}

fn parts(request: Request) -> Parts {
    request.into_parts().0
}

fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

async fn who(MaybeUser(user): MaybeUser, request: Request) -> String {
    let recently = signed_in_recently(&parts(request));
    match user {
        Some(user) => format!("{} {:?} {recently}", user.display_name(), user.unverified_email),
        None => format!("nobody {recently}"),
    }
}

async fn register_route(fields: Fields, request: Request) -> Said {
    let [email, password] = ["email", "password"].map(|name| field(&fields, name).unwrap_or_default());
    said(
        register(&parts(request), &EmailAddress::of_record(email), password)
            .await
            .map(|registered| format!("{registered:?}")),
    )
}

async fn keep_sign_in_link(RawQuery(query): RawQuery, flash: Flash) -> String {
    let link = SignInLink::from_query(&query.unwrap_or_default()).unwrap();
    assert!(flash.set(&SIGN_IN_LINK, &link));
    format!("{} {}", link.email().as_str(), link.sets_password())
}

/// The link stays, as with a form that is sent twice.
async fn use_sign_in_link(flash: Flash, request: Request) -> Said {
    let link = flash.peek(&SIGN_IN_LINK).unwrap();
    said(sign_in_with_link(&parts(request), &link, Remember::Yes).await.map(|()| "signed in".to_owned()))
}

async fn keep_verification_link(RawQuery(query): RawQuery, flash: Flash) {
    let link = VerificationLink::from_query(&query.unwrap_or_default()).unwrap();
    assert!(flash.set(&VERIFICATION_LINK, &link));
}

async fn use_verification_link(flash: Flash, request: Request) -> Said {
    let link = flash.peek(&VERIFICATION_LINK).unwrap();
    said(verify_email(&parts(request), &link).await.map(|()| "verified".to_owned()))
}

async fn reset(fields: Fields, request: Request) -> Said {
    let email = field(&fields, "email").unwrap_or_default();
    said(
        request_password_reset(&parts(request), &EmailAddress::of_record(email))
            .await
            .map(|()| "asked".to_owned()),
    )
}

async fn resend(request: Request) -> Said {
    said(resend_verification(&parts(request)).await.map(|address| format!("{address:?}")))
}

async fn confirm(fields: Fields, request: Request) -> Said {
    let password = field(&fields, "password").unwrap_or_default();
    said(confirm_password(&parts(request), password).await.map(|()| "confirmed".to_owned()))
}

async fn update(fields: Fields, request: Request) -> Said {
    let email = field(&fields, "email").map(EmailAddress::of_record);
    let updated = update_account(&parts(request), email.as_ref(), field(&fields, "password")).await;
    said(updated.map(|user| format!("{} {:?}", user.display_name(), user.unverified_email)))
}

async fn delete(request: Request) -> Said {
    said(delete_account(&parts(request)).await.map(|()| String::new()))
}

/// Requests a change one second later, at the route that replaces its form.
pub(crate) async fn change(world: &World, browser: &mut Browser, path: &str) -> Answer {
    world.advance(Duration::from_secs(1));
    send(world, browser, path).await
}

/// Requests a change immediately.
async fn send(world: &World, browser: &mut Browser, path: &str) -> Answer {
    browser.turn_to(routes(world));
    let answer = browser.post(path, "").await;
    browser.turn_to(world.router.clone());
    answer
}

/// Checks who is signed in according to the session, and whether the sign-in is recent.
async fn assert_is(world: &World, browser: &mut Browser, expected: &str) {
    browser.turn_to(routes(world));
    let answer = browser.get("/who").await;
    browser.turn_to(world.router.clone());
    assert_eq!(answer.body, expected);
}

fn assert_said(answer: &Answer, expected: &str) {
    let status = if answer.status == 200 { 200 } else { 409 };
    assert_eq!((answer.status, answer.body.as_str()), (status, expected));
}

pub(crate) async fn assert_signed_in(browser: &mut Browser, email: &str) {
    let page = browser.get("/account").await;
    assert!(
        page.status == 200 && page.body.contains(email),
        "{} {}: {}",
        page.status,
        page.location(),
        page.body
    );
}

pub(crate) async fn assert_signed_out(browser: &mut Browser, code: &str) {
    let page = browser.get("/account").await;
    assert_eq!((page.status, page.location()), (303, "/login?return_to=/account"));
    let form = browser.get("/login").await.body;
    assert!(form.contains("Your session has expired, please log in again."), "{form}");
    assert!(form.contains(&format!(r#"data-support-code="{code}""#)), "{code}: {form}");
}

/// The queries of the links sent to this address, newest first.
async fn links_to(world: &World, email: &str) -> Vec<String> {
    world.core_api.settled().await;
    let mails = world.core_api.outbox().await.unwrap().into_iter().map(|stored| stored.message);
    let query = |link: String| link.split_once('?').unwrap().1.to_owned();
    let links = mails.filter(|mail| mail.to == email).map(|mail| mail.link);
    // What tells about a sign-in or a change has a link to a page, or leads back from a change.
    let is_for_a_step = |link: &String| link.contains("token=") && !link.contains("/restore-address");
    links.filter(is_for_a_step).map(query).collect()
}

/// Opens the newest verification link, as another browser would.
pub(crate) async fn verify(world: &World, email: &str) {
    let links = links_to(world, email).await;
    let (_, token) = links[0].split_once("token=").unwrap();
    let body = serde_json::json!({ "token": token });
    ask(world, http::Request::post("http://core-api.test/v1/auth/action-requests"), &body).await;
    world.core_api.settled().await;
}

/// The identifier of `user@test.com`, and an access token that the application does not know of.
pub(crate) async fn sign_in_past_us(world: &World) -> (String, String) {
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
