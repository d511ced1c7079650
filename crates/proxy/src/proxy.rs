use std::fmt;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_LENGTH, ORIGIN, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use http_body::Body as _;
use ironleaf_auth::{BreakerState, Clock, HttpSettings, Random, TransportError};
use ironleaf_bff::{
    CoreApi, GuestFailure, MissingLayer, Problem, ProblemKind, PublicOrigin, SignInFailure,
    session_cannot_be_checked, signed_in_person,
};
use tokio::time::Instant;

use crate::cors::{self, Site};
use crate::exchange::{Asked, Trace, Upstreams};
use crate::live::handshake;
use crate::refusal::{self, is_navigation};
use crate::streams::StreamLimits;
use crate::{Path, Route, Routes, Who, headers, metrics};

/// Forwards requests of the browser to APIs, with the access token of its session.
pub struct Proxy {
    routes: Routes,
    origin: PublicOrigin,
    upstreams: Upstreams,
}

impl Proxy {
    /// A proxy for these routes. `http` says how their APIs are reached. Of its times, only those of connections count:
    /// each route has its own.
    ///
    /// # Errors
    ///
    /// As [`ironleaf_auth::HttpForwarder::new`].
    pub fn new(
        routes: Routes,
        streams: StreamLimits,
        http: &HttpSettings,
        origin: PublicOrigin,
        clock: &Clock,
        random: &Random,
    ) -> Result<Self, TransportError> {
        let upstreams = Upstreams::new(&routes, streams, http, origin.clone(), clock, random)?;
        Ok(Self { routes, origin, upstreams })
    }

    /// The same proxy, whose requests are part of traces.
    #[must_use]
    pub fn with_trace(self, trace: Trace) -> Self {
        Self { upstreams: self.upstreams.with_trace(trace), ..self }
    }

    /// The prefix of each route, and the state of its circuit breaker.
    pub fn breakers(&self) -> impl Iterator<Item = (&str, BreakerState)> {
        self.routes.iter().map(|route| route.prefix.as_str()).zip(self.upstreams.breakers())
    }

    /// Whether a page of another origin sends the request, and its route lets that page in. Such a request is exempt
    /// from the cross-site check, if no form of this application is at its path.
    pub fn lets_in(&self, request: &Request) -> bool {
        request.headers().contains_key(ORIGIN)
            && matches!(self.routes.find(request.uri()), Ok(Some((_, route, _)))
                if cors::listed(route, request.headers()).is_some())
    }

    /// Forwards the request, if a route names its path, and returns the answer. Otherwise the request comes back. Call
    /// it inside the session layer and the cross-site check.
    ///
    /// # Errors
    ///
    /// The request, if it is not for any API.
    pub async fn answer(&self, request: Request) -> Result<Response, Request> {
        match self.routes.find(request.uri()) {
            Ok(Some((index, route, path))) => {
                let began = Instant::now();
                let (parts, body) = request.into_parts();
                let site = Site::of(route, &parts);
                let mut response = self.forwarded(index, route, &path, &site, (parts, body)).await;
                cors::let_read(&site, response.headers_mut());
                cors::vary(route, response.headers_mut());
                metrics::note(&route.prefix, response.status(), began.elapsed());
                Ok(response)
            }
            Ok(None) => Err(request),
            Err(error) => {
                tracing::info!(%error, "a path is not forwarded");
                Ok(refusal::of(ProblemKind::BadRequest))
            }
        }
    }

    async fn forwarded(
        &self,
        index: usize,
        route: &Route,
        path: &Path,
        site: &Site,
        (mut parts, body): (Parts, Body),
    ) -> Response {
        if cors::is_preflight(&parts) {
            return permission(route, site, &parts);
        }
        if !route.methods.contains(&parts.method) {
            return refusal::method_not_allowed(route);
        }
        let handshake = match handshake(route, &parts) {
            Ok(handshake) => handshake,
            Err(response) => return response,
        };
        if handshake.is_none() && *site == Site::Elsewhere && is_kept_from_others(route, &parts) {
            return refusal::of(ProblemKind::CrossSite);
        }
        let declared = match settle_length(&mut parts, &body) {
            Ok(declared) => declared,
            Err(kind) => return refusal::of(kind),
        };
        if declared.is_some_and(|bytes| bytes > route.max_body) {
            return refusal::of(ProblemKind::PayloadTooLarge);
        }
        let Some(target) = route.target(path, parts.uri.query()) else {
            return refusal::of(ProblemKind::BadRequest);
        };
        let person = match self.person(route, &parts).await {
            Ok(person) => person,
            Err(response) => return response,
        };
        let upgrade = match handshake {
            Some(handshake) => match self.upstreams.live.upgrade(handshake, &parts, person.as_ref()) {
                Ok(upgrade) => Some(upgrade),
                Err(response) => return response,
            },
            None => None,
        };
        let length = parts.headers.remove(CONTENT_LENGTH);
        headers::clean_request(&mut parts.headers);
        // It was settled here, whatever the browser has said to be of its connection.
        parts.headers.extend(length.map(|length| (CONTENT_LENGTH, length)));
        let asked = Asked { route, index, target, parts, person, upgrade };
        self.upstreams.answer(&asked, body, declared).await
    }

    /// Whose request it is. `None`: nobody's. Whether their token goes along, the route says.
    async fn person(&self, route: &Route, parts: &Parts) -> Result<Option<CoreApi>, Response> {
        match &route.who {
            Who::SignedIn => self.signed_in(route, parts, None).await.map(Some),
            Who::Role(role) => self.signed_in(route, parts, Some(role)).await.map(Some),
            // Such an answer is the same for everybody.
            Who::Guest | Who::Anyone if !route.token => Ok(None),
            Who::Guest => {
                CoreApi::for_guest(parts).await.map(Some).map_err(|failure| self.no_guest(parts, &failure))
            }
            Who::Anyone => {
                let person = CoreApi::from_parts(parts).map_err(internal)?;
                Ok(person.has_session().then_some(person))
            }
        }
    }

    /// The person who is signed in, and has the role if there is one.
    async fn signed_in(&self, route: &Route, parts: &Parts, role: Option<&str>) -> Result<CoreApi, Response> {
        if session_cannot_be_checked(parts) {
            return Err(refusal::unavailable());
        }
        self.is_signed_in(parts, None)?;
        let person = CoreApi::from_parts(parts).map_err(internal)?;
        let fresh = person.ensure_fresh().await;
        fresh.map_err(|error| self.upstreams.not_for(route, parts, &error))?;
        // SECURITY: only a renewal brings other roles, and says that the provider has ended the session. A route without
        // a token needs both as well.
        self.is_signed_in(parts, role)?;
        Ok(person)
    }

    #[expect(clippy::result_large_err, reason = "an answer in place of the API's is passed on once")]
    fn is_signed_in(&self, parts: &Parts, role: Option<&str>) -> Result<(), Response> {
        let user = signed_in_person(parts)
            .map_err(internal)?
            .ok_or_else(|| refusal::signed_out(parts, &self.origin))?;
        let may = role.is_none_or(|role| user.has_role(role));
        if may { Ok(()) } else { Err(refusal::forbidden()) }
    }

    fn no_guest(&self, parts: &Parts, failure: &GuestFailure) -> Response {
        match failure {
            GuestFailure::SignedOut(_) => refusal::signed_out(parts, &self.origin),
            GuestFailure::Begin(SignInFailure::TooManyRequests { retry_after }) => {
                Problem { kind: ProblemKind::TooManyRequests, retry_after: *retry_after }.into_response()
            }
            GuestFailure::Begin(_) => refusal::unavailable(),
        }
    }
}

fn internal(_: MissingLayer) -> Response {
    refusal::of(ProblemKind::Internal)
}

/// The answer to a browser that asks whether a page of another origin may call. The API is never asked.
fn permission(route: &Route, site: &Site, parts: &Parts) -> Response {
    match site {
        Site::Listed(_) | Site::Any if cors::asks_for_a_method_of(route, parts) => {
            (StatusCode::NO_CONTENT, cors::permission(route, parts)).into_response()
        }
        Site::Listed(_) | Site::Any => refusal::method_not_allowed(route),
        Site::Here | Site::Elsewhere => refusal::of(ProblemKind::CrossSite),
    }
}

/// Whether a page of another site may not even ask. It cannot read the answer, but it could measure it.
///
/// SECURITY: forms are checked for every request that changes something. A read is checked where the token goes along,
/// or somebody has to be signed in. A link of another site may lead here; a frame of it may not.
fn is_kept_from_others(route: &Route, parts: &Parts) -> bool {
    let is_public = !route.token && route.who == Who::Anyone;
    let is_document = parts.headers.get("sec-fetch-dest").is_some_and(|place| place == "document");
    let is_opened = is_navigation(parts) && is_document && parts.method != Method::OPTIONS;
    !is_public && !is_opened
}

/// How long the body is, if that is known. The request then says so, whatever it has said before.
///
/// SECURITY: an API that counts the body in another way would take a part of it for another request.
fn settle_length(parts: &mut Parts, body: &Body) -> Result<Option<u64>, ProblemKind> {
    let said = parts.headers.remove(CONTENT_LENGTH);
    let codings: Vec<_> = parts.headers.get_all(TRANSFER_ENCODING).iter().collect();
    let is_fit = match codings[..] {
        [] => true,
        // Nobody needs chunks in a request that reads, and few APIs expect them.
        [coding] if said.is_none() && !matches!(parts.method, Method::GET | Method::HEAD) => {
            coding.as_bytes().eq_ignore_ascii_case(b"chunked")
        }
        _ => false,
    };
    if !is_fit {
        return Err(ProblemKind::BadRequest);
    }
    let counted = body.size_hint().exact();
    if let Some(bytes) = counted.filter(|bytes| *bytes > 0 || said.is_some()) {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
    }
    Ok(counted)
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("routes", &self.routes).finish_non_exhaustive()
    }
}
