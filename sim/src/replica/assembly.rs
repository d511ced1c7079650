//! The application in the simulation: our layers around four routes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{RawQuery, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use ironleaf_auth::{EmailAddress, Random, TimeLimits};
use ironleaf_bff::{
    AccountError, Bff, BffSettings, CoreApi, MaybeUser, Problem, ProblemKind, RateLimits, SignedOutReason,
    refresh_before_rendering, sign_in_with_password, sign_out,
};
use ironleaf_session::{KeyRing, Sealer, SessionSettings};

use super::state::Replica;
use crate::core_api::shown_to;
use crate::dice::Dice;
use crate::network::Network;
use crate::process::Process;
use crate::store::FaultyStore;
use crate::world::{LIVES, World};

/// The header in which the sign-in page says why somebody came.
pub(crate) const REASON_HEADER: &str = "x-reason";

const PASSWORD: &str = "password1";

pub(crate) fn router(world: &Arc<World>, replica: &Replica, process: &Arc<Process>, keys: KeyRing) -> Router {
    let bff = bff(world, replica, process, keys);
    Router::new()
        .route("/page", get(page).layer(from_fn_with_state(bff.clone(), refreshed)))
        .route("/home", get(home))
        .route("/sign-in", post(sign_in))
        .route("/sign-out", post(leave))
        .layer(bff.session_layer())
        .layer(Extension(bff))
}

fn bff(world: &Arc<World>, replica: &Replica, process: &Arc<Process>, keys: KeyRing) -> Bff {
    let clock = world.timeline.clock(replica.skew_ms);
    let random = random(&world.noise);
    let network =
        Arc::new(Network { world: Arc::clone(world), replica: replica.index, process: Arc::clone(process) });
    let provider = crate::provider::of(world.setup.style, &network, &clock, &random);
    let (observed, index, spawning) = (Arc::clone(world), replica.index, Arc::clone(process));
    Bff::new(BffSettings {
        public_origin: "https://sim.test".parse().expect("it is an origin"),
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
        ends_per_owner: 512,
        recent_sign_in: Duration::from_mins(15),
        provider,
        transport: network,
        clock,
        random,
    })
}

fn random(noise: &Arc<Mutex<Dice>>) -> Random {
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
async fn page(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let core = match CoreApi::from_parts(&parts) {
        Ok(core) => core,
        Err(missing) => return missing.into_response(),
    };
    match core.current_user().await {
        Ok(user) => shown_to(&user.id, user.email.as_deref()).into_response(),
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
    match sign_in_with_password(&parts, &EmailAddress::of_record(&address.unwrap_or_default()), PASSWORD)
        .await
    {
        Ok(()) => (StatusCode::SEE_OTHER, [(LOCATION, "/page")]).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn leave(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    sign_out(&parts).await;
    (StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response()
}
