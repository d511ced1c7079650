//! The application in the simulation: our layers around a few routes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{RawQuery, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use ironleaf_auth::{AccountAbility, EmailAddress, Random, TimeLimits};
use ironleaf_bff::{
    AccountError, ApiRequest, ApiResponse, Bff, BffSettings, CallError, CoreApi, LogoutFailure, MaybeUser,
    PasswordPolicy, Problem, ProblemKind, RateLimits, RedirectFailure, RedirectQuery, Remember, ReturnTo,
    SignInFailure, SignedOutReason, edge, finish_redirect, refresh_before_rendering, sign_in_with_password,
    sign_out, start_reauthentication, start_redirect,
};
use ironleaf_session::{KeyRing, Sealer, SessionSettings};

use super::state::Replica;
use crate::core_api::{person_in, shown_to};
use crate::dice::Dice;
use crate::network::Network;
use crate::process::Process;
use crate::store::FaultyStore;
use crate::style::Style;
use crate::world::{LIVES, World};

/// The query of a page that does something beside showing the person: it lists their sign-ins, or sends a form.
pub(crate) const BESIDE: &str = "beside";
/// The header in which the sign-in page says why somebody came.
pub(crate) const REASON_HEADER: &str = "x-reason";

pub(super) const ORIGIN: &str = "https://sim.test";
pub(super) const PASSWORD: &str = "password1";

pub(crate) fn router(world: &Arc<World>, replica: &Replica, process: &Arc<Process>, keys: KeyRing) -> Router {
    let bff = bff(world, replica, process, keys);
    Router::new()
        .route("/page", get(page).layer(from_fn_with_state(bff.clone(), refreshed)))
        .route("/home", get(home))
        .route("/sign-in", post(sign_in))
        .route("/guest", post(begin_guest))
        .route("/start", post(start))
        .route("/confirm", post(confirm))
        .route("/finish", get(finish))
        .route("/back-channel-logout", post(back_channel_logout))
        .route("/sign-out", post(leave))
        .layer(from_fn(|request: Request, next: Next| {
            edge::forget_told_session(request, |request| next.run(request))
        }))
        .layer(bff.session_layer())
        .layer(Extension(bff))
        .layer(Extension(world.setup.style))
}

fn bff(world: &Arc<World>, replica: &Replica, process: &Arc<Process>, keys: KeyRing) -> Bff {
    let clock = world.timeline.clock(replica.skew_ms);
    let random = random(&world.noise);
    let network =
        Arc::new(Network { world: Arc::clone(world), replica: replica.index, process: Arc::clone(process) });
    let provider = crate::provider::of(world.setup.style, &network, &clock, &random);
    let (observed, index, spawning) = (Arc::clone(world), replica.index, Arc::clone(process));
    Bff::new(BffSettings {
        public_origin: ORIGIN.parse().expect("it is an origin"),
        hsts_include_subdomains: false,
        accept_localhost: false,
        reload_origin: None,
        session: SessionSettings {
            idle_timeout: LIVES.idle,
            absolute_timeout: LIVES.absolute,
            ..SessionSettings::default()
        },
        sealer: Sealer::new(keys, Arc::clone(&random)),
        store: Arc::new(FaultyStore { world: Arc::clone(world), replica: replica.index }),
        spawner: Arc::new(move |task| {
            tokio::spawn(spawning.run(task));
        }),
        observer: Arc::new(move |event| observed.observe(index, &event)),
        time_limits: TimeLimits::default(),
        form_timeout: Duration::from_secs(10),
        sign_in_timeout: Duration::from_secs(10),
        sign_out_timeout: Duration::from_secs(2),
        rate_limits: RateLimits::default(),
        sign_in_roles: Vec::new(),
        password_policy: PasswordPolicy::default(),
        ends_per_owner: 512,
        recent_sign_in: Duration::from_mins(15),
        provider,
        transport: network,
        clock,
        random,
    })
}

pub(super) fn random(noise: &Arc<Mutex<Dice>>) -> Random {
    let noise = Arc::clone(noise);
    Arc::new(move |buffer| noise.lock().unwrap_or_else(PoisonError::into_inner).fill(buffer))
}

async fn refreshed(State(bff): State<Bff>, mut request: Request, next: Next) -> Response {
    match refresh_before_rendering(&bff, request.extensions_mut()).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// A page that calls the core API.
async fn page(Extension(style): Extension<Style>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let core = match CoreApi::from_parts(&parts) {
        Ok(core) => core,
        Err(missing) => return missing.into_response(),
    };
    if parts.uri.query() == Some(BESIDE) {
        // Whatever comes of it, the page is shown.
        let _ = if style.lists_sessions() {
            core.call_api("auth", asking("GET", "/list-sessions")).await
        } else {
            core.call(asking("POST", "/notes")).await
        };
    }
    match who(style, &parts, &core).await {
        Ok(shown) => shown.into_response(),
        Err(AccountError::SignedOut) => {
            let reason = SignedOutReason::from_parts(&parts);
            let reason = reason.map_or_else(|| "no reason".to_owned(), |reason| format!("{reason:?}"));
            let mut response = (StatusCode::SEE_OTHER, [(LOCATION, "/login")]).into_response();
            if let Ok(reason) = HeaderValue::from_str(&reason) {
                response.headers_mut().insert(REASON_HEADER, reason);
            }
            response
        }
        Err(AccountError::Unavailable(_)) => Problem::unavailable().into_response(),
        Err(_) => Problem::new(ProblemKind::Internal).into_response(),
    }
}

/// Who the API says that the person is, or the guest. A provider without account pages has no call of its own for that.
async fn who(style: Style, parts: &Parts, core: &CoreApi) -> Result<String, AccountError> {
    if parts.extensions.get().is_some_and(|bff: &Bff| bff.offers(AccountAbility::Change)) {
        return core.current_user().await.map(|user| shown_to(&user.id, user.email.as_deref()));
    }
    let mut answer = core.call(asking("GET", style.me_path())).await;
    let is_nobody = |answer: &Result<ApiResponse, CallError>| {
        answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::NOT_FOUND)
    };
    if style.has_guests() && is_nobody(&answer) {
        answer = core.call(asking("GET", "/me/active-cart")).await;
        if is_nobody(&answer) {
            answer = core.call(asking("POST", "/me/carts")).await;
        }
    }
    match answer {
        Ok(response) => person_in(&response)
            .map(|shown| shown_to(&shown.id, shown.email.as_deref()))
            .ok_or_else(|| AccountError::Unavailable(format!("answered {}", response.status()))),
        Err(CallError::SignedOut) => Err(AccountError::SignedOut),
        Err(CallError::Unavailable(detail)) => Err(AccountError::Unavailable(detail)),
    }
}

fn asking(method: &str, path: &str) -> ApiRequest {
    let request = http::Request::builder().method(method).uri(path);
    request.body(Bytes::new()).expect("the request is well-formed")
}

/// A page that shows who is signed in and makes no calls.
async fn home(MaybeUser(user): MaybeUser) -> Response {
    user.map_or_else(
        || StatusCode::NO_CONTENT.into_response(),
        |user| shown_to(&user.id, user.email.as_deref()).into_response(),
    )
}

/// The address is the whole query.
async fn sign_in(RawQuery(address): RawQuery, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let address = EmailAddress::of_record(&address.unwrap_or_default());
    match sign_in_with_password(&parts, &address, PASSWORD, Remember::Yes).await {
        Ok(()) => (StatusCode::SEE_OTHER, [(LOCATION, "/page")]).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// A guest puts something into a cart.
async fn begin_guest(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match CoreApi::for_guest(&parts).await {
        Ok(core) => {
            // Without an answer, the next page puts it there.
            let _ = core.call(asking("POST", "/me/carts")).await;
            (StatusCode::SEE_OTHER, [(LOCATION, "/page")]).into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Begins a sign-in by redirect.
async fn start(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let place = ReturnTo::parse("/page");
    led(start_redirect(&parts, &format!("{ORIGIN}/finish"), place.as_ref(), Remember::Yes).await)
}

/// Begins a re-authentication.
async fn confirm(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let place = ReturnTo::parse("/page");
    led(start_reauthentication(&parts, &format!("{ORIGIN}/finish"), place.as_ref()).await)
}

fn led(begun: Result<String, SignInFailure>) -> Response {
    match begun {
        Ok(address) => (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// The provider's answer to a sign-in by redirect.
async fn finish(RawQuery(query): RawQuery, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let query = RedirectQuery::parse(&query.unwrap_or_default());
    match finish_redirect(&parts, query.answer()).await.outcome {
        Ok(()) => (StatusCode::SEE_OTHER, [(LOCATION, "/page")]).into_response(),
        Err(RedirectFailure::UnknownAttempt) => StatusCode::CONFLICT.into_response(),
        Err(RedirectFailure::NotRecent | RedirectFailure::OtherPerson) => {
            StatusCode::FORBIDDEN.into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// The provider tells that a sign-in is over.
async fn back_channel_logout(Extension(bff): Extension<Bff>, token: Bytes) -> StatusCode {
    match bff.back_channel_logout(&token).await {
        Ok(()) => StatusCode::OK,
        Err(LogoutFailure::Invalid) => StatusCode::BAD_REQUEST,
        Err(LogoutFailure::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn leave(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let there = sign_out(&parts, &format!("{ORIGIN}/")).await;
    (StatusCode::SEE_OTHER, [(LOCATION, there.unwrap_or_else(|| "/".to_owned()))]).into_response()
}
