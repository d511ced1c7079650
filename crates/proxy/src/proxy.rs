use std::fmt;
use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use ironleaf_auth::{
    BreakerSettings, CircuitBreaker, Clock, HttpForwarder, HttpSettings, Random, TransportError,
};
use ironleaf_bff::{
    Attached, CallError, CoreApi, GuestFailure, MaybeUser, Problem, ProblemKind, PublicOrigin, SignInFailure,
    introduce, session_cannot_be_checked,
};
use tokio::time::{Instant, sleep_until};
use url::Url;

use crate::body::{Download, HELD_BYTES, Progress, Upload};
use crate::refusal::{self, is_navigation};
use crate::streams::{Open, Streams};
use crate::{Forwarded, Path, Route, Routes, headers, metrics};

/// How soon a stream ends after its session.
const ASKED_EVERY: Duration = Duration::from_secs(3);

/// Forwards requests of the browser to APIs, with the access token of its session.
pub struct Proxy {
    routes: Routes,
    /// One for each route, in the same order.
    breakers: Vec<CircuitBreaker<()>>,
    forwarder: HttpForwarder<Body>,
    origin: PublicOrigin,
    scheme: HeaderValue,
    host: HeaderValue,
    streams: Streams,
}

/// The answer of an API, or what to answer in its place.
type Answered = Result<http::Response<Body>, Response>;

/// A request on its way.
struct Asked<'a> {
    route: &'a Route,
    index: usize,
    target: Uri,
    parts: Parts,
    /// In whose name.
    person: Option<CoreApi>,
}

impl Proxy {
    /// A proxy for these routes. `http` says how their APIs are reached. Of its times, only those of connections count:
    /// each route has its own.
    ///
    /// # Errors
    ///
    /// As [`HttpForwarder::new`].
    pub fn new(
        routes: Routes,
        http: &HttpSettings,
        origin: PublicOrigin,
        clock: &Clock,
        random: &Random,
    ) -> Result<Self, TransportError> {
        let breaker = |_| {
            let settings = BreakerSettings { to: "proxy", ..BreakerSettings::default() };
            CircuitBreaker::new((), settings, Clock::clone(clock), Random::clone(random))
        };
        let breakers = routes.iter().map(breaker).collect();
        let scheme = HeaderValue::from_static(if origin.is_https() { "https" } else { "http" });
        let host = HeaderValue::from_str(origin.authority())
            .map_err(|_| TransportError::NotSent("the origin is not a host".to_owned()))?;
        let forwarder = HttpForwarder::new(http)?;
        Ok(Self { routes, breakers, forwarder, origin, scheme, host, streams: Streams::default() })
    }

    /// Forwards the request, if a route names its path, and returns the answer. Otherwise the request comes back. Call it
    /// inside the session layer and the cross-site check.
    ///
    /// # Errors
    ///
    /// The request, if it is not for any API.
    pub async fn answer(&self, request: Request) -> Result<Response, Request> {
        match self.routes.find(request.uri()) {
            Ok(Some((index, route, path))) => {
                let began = Instant::now();
                let response = self.forwarded(index, route, &path, request).await;
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

    async fn forwarded(&self, index: usize, route: &Route, path: &Path, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        if !route.methods.contains(&parts.method) {
            return refusal::method_not_allowed(route);
        }
        if is_foreign(route, &parts) {
            return refusal::of(ProblemKind::CrossSite);
        }
        let declared = content_length(&parts.headers);
        if declared.is_some_and(|bytes| bytes > route.max_body) {
            return refusal::of(ProblemKind::PayloadTooLarge);
        }
        let target = route.target(path, parts.uri.query()).and_then(|url| url.as_str().parse().ok());
        let Some(target) = target else { return refusal::of(ProblemKind::BadRequest) };
        let person = match self.person(route, &parts).await {
            Ok(person) => person,
            Err(response) => return response,
        };
        headers::clean_request(&mut parts.headers);
        let asked = Asked { route, index, target, parts, person };
        match self.exchange(&asked, body, declared).await {
            Ok(response) | Err(response) => response,
        }
    }

    /// In whose name the request is sent. `None`: in nobody's.
    async fn person(&self, route: &Route, parts: &Parts) -> Result<Option<CoreApi>, Response> {
        use crate::Who;
        let internal = |_| refusal::of(ProblemKind::Internal);
        if matches!(route.who, Who::SignedIn | Who::Role(_)) {
            if session_cannot_be_checked(parts) {
                return Err(refusal::unavailable());
            }
            let MaybeUser(user) = MaybeUser::from_parts(parts).map_err(internal)?;
            let user = user.ok_or_else(|| refusal::signed_out(parts, &self.origin))?;
            if let Who::Role(role) = &route.who
                && !user.has_role(role)
            {
                return Err(refusal::forbidden());
            }
        }
        if !route.token {
            return Ok(None);
        }
        if route.who == Who::Guest {
            return CoreApi::for_guest(parts)
                .await
                .map(Some)
                .map_err(|failure| self.no_guest(parts, &failure));
        }
        let person = CoreApi::from_parts(parts).map_err(internal)?;
        Ok(person.has_session().then_some(person))
    }

    fn no_guest(&self, parts: &Parts, failure: &GuestFailure) -> Response {
        match failure {
            GuestFailure::SignedOut(_) => refusal::signed_out(parts, &self.origin),
            GuestFailure::Begin(SignInFailure::TooManyRequests { retry_after }) => {
                use axum::response::IntoResponse as _;
                Problem { kind: ProblemKind::TooManyRequests, retry_after: *retry_after }.into_response()
            }
            GuestFailure::Begin(_) => refusal::unavailable(),
        }
    }

    /// Sends the request, and once more with a renewed token if the first one was refused and the body is still there.
    async fn exchange(
        &self,
        asked: &Asked<'_>,
        body: Body,
        declared: Option<u64>,
    ) -> Result<Response, Response> {
        let (upload, progress) = Upload::new(body, asked.route.max_body);
        // A small body is read before anything is sent, so that the request can be repeated whatever the API has read.
        let is_small = declared.is_some_and(|bytes| bytes <= HELD_BYTES as u64);
        let body = if is_small { self.read(asked, upload, &progress).await? } else { Body::new(upload) };
        let (answer, attached) = self.send(asked, body, &progress).await?;
        let Some(refused) = attached.as_ref().filter(|_| answer.status() == StatusCode::UNAUTHORIZED) else {
            return self.pass_on(asked, answer, attached).await;
        };
        if let Some(person) = &asked.person {
            person.replace_credentials(refused).await.map_err(|error| self.failed(asked, &error))?;
        }
        let Some(whole) = progress.whole() else {
            tracing::info!("a body was too large to be sent again with a renewed token");
            return Err(refusal::unavailable());
        };
        let (again, attached) = self.send(asked, Body::from(whole), &progress).await?;
        if again.status() == StatusCode::UNAUTHORIZED {
            // This is not the provider's verdict on the session: scripts must not take it for one.
            tracing::warn!(route = asked.route.prefix, "an access token just issued was refused");
            return Err(refusal::unavailable());
        }
        self.pass_on(asked, again, attached).await
    }

    async fn read(&self, asked: &Asked<'_>, upload: Upload, progress: &Progress) -> Result<Body, Response> {
        let read = axum::body::to_bytes(Body::new(upload), HELD_BYTES);
        match tokio::time::timeout(asked.route.timeout, read).await {
            Ok(Ok(bytes)) => Ok(Body::from(bytes)),
            Ok(Err(_)) if progress.is_too_large() => Err(refusal::of(ProblemKind::PayloadTooLarge)),
            Ok(Err(_)) => Err(refusal::of(ProblemKind::BadRequest)),
            Err(_) => Err(refusal::of(ProblemKind::RequestTimeout)),
        }
    }

    async fn send(
        &self,
        asked: &Asked<'_>,
        body: Body,
        progress: &Progress,
    ) -> Result<(http::Response<Body>, Option<Attached>), Response> {
        let mut request = http::Request::new(body);
        *request.method_mut() = asked.parts.method.clone();
        *request.uri_mut() = asked.target.clone();
        *request.headers_mut() = asked.parts.headers.clone();
        *request.version_mut() = Version::HTTP_11;
        let attached = match &asked.person {
            Some(person) => {
                Some(person.attach(&mut request).await.map_err(|error| self.failed(asked, &error))?)
            }
            None => {
                introduce(&asked.parts, &mut request);
                None
            }
        };
        headers::add_origin(request.headers_mut(), &self.scheme, &self.host);
        let answer = self.answered(asked, request, progress).await?;
        Ok((answer, attached))
    }

    async fn answered(
        &self,
        asked: &Asked<'_>,
        request: http::Request<Body>,
        progress: &Progress,
    ) -> Answered {
        let limit = asked.route.timeout;
        let sending = async {
            let sent = self.forwarder.send(request);
            tokio::pin!(sent);
            loop {
                let until = progress.moved_at().max(Instant::now() - limit) + limit;
                tokio::select! {
                    answer = &mut sent => return answer.map(|answer| answer.map(Body::new)),
                    () = sleep_until(until) => {
                        if progress.moved_at() + limit <= Instant::now() {
                            return Err(TransportError::Interrupted(format!("no answer within {limit:?}")));
                        }
                    }
                }
            }
        };
        let answered = match self.breakers.get(asked.index) {
            Some(breaker) => breaker.around(sending).await,
            None => sending.await,
        };
        answered.map_err(|error| {
            if progress.is_too_large() {
                return refusal::of(ProblemKind::PayloadTooLarge);
            }
            if progress.is_broken() {
                return refusal::of(ProblemKind::BadRequest);
            }
            tracing::warn!(route = asked.route.prefix, %error, "a forwarded request has no answer");
            refusal::unavailable()
        })
    }

    fn failed(&self, asked: &Asked<'_>, error: &CallError) -> Response {
        match error {
            CallError::SignedOut => refusal::signed_out(&asked.parts, &self.origin),
            CallError::Unavailable(detail) => {
                tracing::warn!(
                    route = asked.route.prefix,
                    detail,
                    "a request cannot be forwarded for its person"
                );
                refusal::unavailable()
            }
        }
    }

    async fn pass_on(
        &self,
        asked: &Asked<'_>,
        answer: http::Response<Body>,
        attached: Option<Attached>,
    ) -> Result<Response, Response> {
        let (mut head, body) = answer.into_parts();
        if let (Some(person), Some(attached)) = (&asked.person, &attached) {
            person.heard(attached, head.status, &head.headers).await;
        }
        let is_stream = is_event_stream(&head.headers);
        let idle = (!is_stream).then_some(asked.route.timeout);
        let end = match asked.person.clone().zip(attached).filter(|_| is_stream) {
            Some((person, attached)) => {
                let open = self.streams.open(attached.owner());
                let open = open.ok_or_else(|| refusal::of(ProblemKind::TooManyRequests))?;
                until_over(person, attached, open)
            }
            None => Box::pin(pending()),
        };
        head.version = Version::HTTP_11;
        headers::clean_answer(&mut head.headers);
        headers::map_location(&mut head.headers, |location| mapped(asked, location));
        if asked.person.is_some() && !head.headers.contains_key(CACHE_CONTROL) {
            head.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        head.extensions.clear();
        head.extensions.insert(Forwarded);
        Ok(Response::from_parts(head, Body::new(Download::new(body, idle, end))))
    }
}

/// Completes when the session is over.
fn until_over(person: CoreApi, attached: Attached, open: Open) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let _open = open;
        loop {
            sleep_until(Instant::now() + ASKED_EVERY).await;
            if person.has_ended(&attached).await {
                tracing::info!("a stream ends with its session");
                return;
            }
        }
    })
}

/// Whether another site asks, with the cookies of this one. Pages cannot read the answer, but they can measure it.
///
/// SECURITY: forms are checked for every request that changes something. A read is checked where the token goes along, or
/// somebody has to be signed in.
fn is_foreign(route: &Route, parts: &Parts) -> bool {
    let site = parts.headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let is_elsewhere = matches!(site, Some(b"cross-site" | b"same-site"));
    let is_public = !route.token && route.who == crate::Who::Anyone;
    is_elsewhere && !is_public && !(is_navigation(parts) && parts.method != Method::OPTIONS)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream")
}

/// Where a browser finds what the API's `Location` names.
fn mapped(asked: &Asked<'_>, location: &str) -> Option<String> {
    let base = Url::parse(&asked.target.to_string()).ok()?;
    let place = base.join(location).ok()?;
    if place.origin() == asked.route.upstream.origin() {
        return asked.route.path_of(&place);
    }
    Some(location.to_owned()).filter(|_| matches!(place.scheme(), "http" | "https"))
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("routes", &self.routes).finish_non_exhaustive()
    }
}
