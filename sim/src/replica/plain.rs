//! What the table compares ours with: a client as most applications have it. It keeps the tokens in a cookie. If a call
//! is answered with 401, it refreshes, once more at once if no tokens come, and repeats the call.
//!
//! It means well: only a refusal of the refresh token signs anybody out. It lacks what is rarely thought of: one
//! refresh for many requests, a place where the newest tokens are found, and the question what a repetition costs.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use ironleaf_auth::{
    AuthorizationRequest, Caller, EmailAddress, Grant, Provider, Random, RefreshOutcome, SecretText, SignIn,
    SignInError, SignedIn, Transport as _,
};

use super::assembly::{ORIGIN, PASSWORD, random};
use super::state::Replica;
use crate::core_api::{person_in, shown_to};
use crate::network::Network;
use crate::process::Process;
use crate::script::Script;
use crate::world::World;

const COOKIE_NAME: &str = "plain";

#[derive(Clone)]
struct Plain {
    world: Arc<World>,
    network: Arc<Network>,
    provider: Arc<dyn Provider>,
    random: Random,
}

/// The answer to a call with the access token.
enum Called {
    Shown(String),
    Refused,
    Failed,
}

pub(super) fn router(world: &Arc<World>, replica: &Replica, process: &Arc<Process>) -> Router {
    let clock = world.timeline.clock(replica.skew_ms);
    let random = random(&world.noise);
    let network =
        Arc::new(Network { world: Arc::clone(world), replica: replica.index, process: Arc::clone(process) });
    let provider = crate::provider::of(world.setup.style, &network, &clock, &random);
    let plain = Plain { world: Arc::clone(world), network, provider, random };
    Router::new()
        .route("/page", get(page))
        .route("/sign-in", post(sign_in))
        .route("/start", post(start))
        .route("/finish", get(finish))
        .with_state(plain)
}

async fn page(State(plain): State<Plain>, headers: HeaderMap) -> Response {
    let Some(grant) = plain.grant_in(&headers) else { return to("/login") };
    match plain.call(&grant).await {
        Called::Shown(text) => return text.into_response(),
        Called::Failed => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Called::Refused => {}
    }
    let renewed = match plain.refresh(&grant).await {
        RefreshOutcome::Rotated(renewed) => renewed,
        RefreshOutcome::Rejected(_) => return removing(to("/login")),
        _ => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    match plain.call(&renewed).await {
        Called::Shown(text) => plain.holding(text.into_response(), renewed),
        Called::Failed => plain.holding(StatusCode::SERVICE_UNAVAILABLE.into_response(), renewed),
        Called::Refused => removing(to("/login")),
    }
}

async fn sign_in(State(plain): State<Plain>, RawQuery(address): RawQuery) -> Response {
    let email = EmailAddress::of_record(&address.unwrap_or_default());
    plain.enter(SignIn::Password { email, password: SecretText::from(PASSWORD) }).await
}

async fn start(State(plain): State<Plain>) -> Response {
    let request = AuthorizationRequest {
        redirect_uri: format!("{ORIGIN}/finish"),
        state: plain.random_text(),
        nonce: plain.random_text(),
        code_verifier: plain.random_text(),
        reauthenticate: false,
    };
    let Ok(address) = plain.provider.authorization_url(&Caller::default(), &request, None).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    if let Some(script) = plain.world.script() {
        script.begin_attempt(request);
    }
    to(&address)
}

async fn finish(State(plain): State<Plain>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let fields: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let attempt = plain.world.script().and_then(Script::attempt);
    let Some((attempt, code)) = attempt.zip(fields.get("code")) else {
        return StatusCode::CONFLICT.into_response();
    };
    let answer = SignIn::AuthorizationCode {
        code: SecretText::from(code.as_ref()),
        code_verifier: attempt.code_verifier,
        redirect_uri: attempt.redirect_uri,
        nonce: Some(attempt.nonce),
        issuer: fields.get("iss").map(|issuer| issuer.clone().into_owned()),
    };
    plain.enter(answer).await
}

impl Plain {
    async fn enter(&self, attempt: SignIn) -> Response {
        let entered: Result<SignedIn, SignInError> =
            self.provider.sign_in(&Caller::default(), attempt, None).await;
        match entered {
            Ok(SignedIn { grant, .. }) => self.holding(to("/page"), grant),
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }

    /// Where the API says who asks.
    fn who(&self) -> http::Uri {
        let base = self.provider.base_urls().first().map(|base| base.url.as_str()).unwrap_or_default();
        let address = format!("{}{}", base.trim_end_matches('/'), self.world.setup.style.me_path());
        address.parse().expect("it is an address")
    }

    async fn call(&self, grant: &Grant) -> Called {
        let mut request = http::Request::new(Bytes::new());
        *request.uri_mut() = self.who();
        self.provider.authorize(&Caller::default(), grant, &mut request);
        match self.network.send(request).await {
            Ok(response) if response.status() == StatusCode::UNAUTHORIZED => Called::Refused,
            Ok(response) => person_in(&response)
                .map_or(Called::Failed, |user| Called::Shown(shown_to(&user.id, user.email.as_deref()))),
            Err(_) => Called::Failed,
        }
    }

    async fn refresh(&self, grant: &Grant) -> RefreshOutcome {
        let first = self.provider.refresh(&Caller::default(), grant).await;
        if matches!(first, RefreshOutcome::Rotated(_) | RefreshOutcome::Rejected(_)) {
            return first;
        }
        self.provider.refresh(&Caller::default(), grant).await
    }

    fn grant_in(&self, headers: &HeaderMap) -> Option<Grant> {
        let cookies = headers.get(COOKIE)?.to_str().ok()?.split("; ");
        let value = cookies.filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == COOKIE_NAME)?.1;
        self.world.script()?.kept(value.parse().ok()?)
    }

    fn holding(&self, mut response: Response, grant: Grant) -> Response {
        let value = self.world.script().map(|script| script.keep(grant)).unwrap_or_default();
        set_cookie(&mut response, &format!("{COOKIE_NAME}={value}; Path=/; HttpOnly"));
        response
    }

    fn random_text(&self) -> SecretText {
        let mut bytes = [0; 32];
        (self.random)(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes).into()
    }
}

fn to(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, address.to_owned())]).into_response()
}

fn removing(mut response: Response) -> Response {
    set_cookie(&mut response, &format!("{COOKIE_NAME}=; Path=/; Max-Age=0"));
    response
}

fn set_cookie(response: &mut Response, line: &str) {
    if let Ok(line) = HeaderValue::from_str(line) {
        response.headers_mut().append(SET_COOKIE, line);
    }
}
