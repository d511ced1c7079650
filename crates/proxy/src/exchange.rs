//! One request on its way to an API, and its answer on the way back.

use std::future::pending;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use http_body::Body as _;
use ironleaf_auth::{
    AnswerBody, BreakerSettings, BreakerState, CircuitBreaker, Clock, HttpForwarder, HttpSettings, Random,
    TransportError,
};
use ironleaf_bff::edge::AnswerOf;
use ironleaf_bff::{
    Attached, CallError, CoreApi, OwnCacheControl, ProblemKind, PublicOrigin, introduce, signed_in_person,
};
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::{Instrument as _, Span};

use crate::body::{Download, HELD_BYTES, Progress, Upload};
use crate::live::{LiveStreams, Upgrade};
use crate::metrics::Failure;
use crate::socket::Handshake;
use crate::streams::StreamLimits;
use crate::{Forwarded, Route, Routes, Who, caching, headers, location, metrics, refusal};

/// Asks nginx not to hold a stream of events back.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// The answer of an API, or what to answer in its place.
type Answered = Result<http::Response<Body>, Response>;

/// A request on its way.
pub(crate) struct Asked<'a> {
    pub(crate) route: &'a Route,
    pub(crate) index: usize,
    pub(crate) target: Uri,
    pub(crate) parts: Parts,
    /// Whose request it is.
    pub(crate) person: Option<CoreApi>,
    /// Set if it asks for a WebSocket.
    pub(crate) upgrade: Option<Upgrade>,
}

impl Asked<'_> {
    /// Whose token goes along.
    fn bearer(&self) -> Option<&CoreApi> {
        self.person.as_ref().filter(|_| self.route.token)
    }
}

/// Begins the span of a request to an API, and adds its trace context to the headers.
pub type Trace = Arc<dyn Fn(&Method, &mut HeaderMap) -> Span + Send + Sync>;

/// The APIs of all routes, as they are reached from here.
pub(crate) struct Upstreams {
    /// One for each route, in the same order.
    breakers: Vec<CircuitBreaker<()>>,
    forwarder: HttpForwarder<Body>,
    /// For the routes with `http2=yes`.
    http2: HttpForwarder<Body>,
    /// For requests whose connection becomes a WebSocket.
    upgrader: HttpForwarder<Body>,
    trace: Trace,
    origin: PublicOrigin,
    scheme: HeaderValue,
    host: HeaderValue,
    pub(crate) live: LiveStreams,
}

impl Upstreams {
    pub(crate) fn new(
        routes: &Routes,
        streams: StreamLimits,
        http: &HttpSettings,
        origin: PublicOrigin,
        clock: &Clock,
        random: &Random,
    ) -> Result<Self, TransportError> {
        let breaker = |route: &Route| {
            // Browsers give up whenever their people do, after a long wait as well: that says nothing about the API.
            let patience = Duration::MAX;
            let to = route.prefix.clone().into();
            let settings = BreakerSettings { to, patience, ..BreakerSettings::default() };
            CircuitBreaker::new((), settings, Clock::clone(clock), Random::clone(random))
        };
        let breakers = routes.iter().map(breaker).collect();
        let scheme = HeaderValue::from_static(if origin.is_https() { "https" } else { "http" });
        let host = HeaderValue::from_str(origin.authority())
            .map_err(|_| TransportError::NotSent("the origin is not a host".to_owned()))?;
        let (forwarder, http2) = (HttpForwarder::new(http)?, HttpForwarder::with_prior_knowledge(http)?);
        let trace: Trace = Arc::new(|_, _| Span::none());
        let upgrader = HttpForwarder::for_upgrades(http)?;
        let live = LiveStreams::new(streams, Random::clone(random));
        Ok(Self { breakers, forwarder, http2, upgrader, trace, origin, scheme, host, live })
    }

    pub(crate) fn with_trace(self, trace: Trace) -> Self {
        Self { trace, ..self }
    }

    /// The states of the circuit breakers, in the order of the routes.
    pub(crate) fn breakers(&self) -> impl Iterator<Item = BreakerState> {
        self.breakers.iter().map(CircuitBreaker::state)
    }

    /// Forwards a request that was let in.
    pub(crate) async fn answer(&self, asked: &Asked<'_>, body: Body, declared: Option<u64>) -> Response {
        match self.exchange(asked, body, declared).await {
            Ok(response) | Err(response) => response,
        }
    }

    /// Sends the request, and once more with a renewed token if the first one was refused and the body is still there.
    async fn exchange(
        &self,
        asked: &Asked<'_>,
        body: Body,
        declared: Option<u64>,
    ) -> Result<Response, Response> {
        let (outgoing, progress) = self.outgoing(asked, body, declared).await?;
        let (answer, attached) = self.send(asked, outgoing, &progress).await?;
        let Some(refused) = attached.as_ref().filter(|_| answer.status() == StatusCode::UNAUTHORIZED) else {
            return self.pass_on(asked, answer, attached).await;
        };
        // Its connection is free for the next request.
        drop(answer);
        if let Some(person) = &asked.person {
            match person.replace_credentials(refused).await {
                Ok(true) => {}
                Ok(false) => return Err(Self::refused(asked)),
                Err(error) if is_served_without(asked, &error) => {}
                Err(error) => return Err(self.failed(asked, &error)),
            }
        }
        // SECURITY: the renewal may have taken the role away.
        if lacks_role(asked) {
            return Err(refusal::forbidden());
        }
        let Some(whole) = progress.whole() else {
            tracing::info!("a body was too large to be sent again with a renewed token");
            metrics::note_failure(&asked.route.prefix, Failure::Refused);
            return Err(refusal::unavailable());
        };
        let (again, attached) = self.send(asked, Outgoing::Whole(whole), &progress).await?;
        if attached.is_some() && again.status() == StatusCode::UNAUTHORIZED {
            return Err(Self::refused(asked));
        }
        self.pass_on(asked, again, attached).await
    }

    /// This is not the provider's verdict on the session: scripts must not take it for one.
    fn refused(asked: &Asked<'_>) -> Response {
        tracing::warn!(route = asked.route.prefix, "an access token just issued was refused");
        metrics::note_failure(&asked.route.prefix, Failure::Refused);
        refusal::token_refused()
    }

    /// A small body is read before anything is sent, so that the request can be repeated whatever the API has read.
    async fn outgoing(
        &self,
        asked: &Asked<'_>,
        body: Body,
        declared: Option<u64>,
    ) -> Result<(Outgoing, Arc<Progress>), Response> {
        let is_empty = body.is_end_stream();
        let (upload, progress) = Upload::new(body, asked.route.max_body);
        let outgoing = match declared {
            _ if is_empty => Outgoing::Whole(Bytes::new()),
            Some(bytes) if bytes <= HELD_BYTES as u64 => {
                Outgoing::Whole(self.read(asked, upload, &progress).await?)
            }
            _ => Outgoing::Piecewise(Body::new(upload)),
        };
        Ok((outgoing, progress))
    }

    async fn read(&self, asked: &Asked<'_>, upload: Upload, progress: &Progress) -> Result<Bytes, Response> {
        let read = axum::body::to_bytes(Body::new(upload), HELD_BYTES);
        tokio::pin!(read);
        loop {
            let until = progress.moved_at() + asked.route.timeout;
            match timeout_at(until, &mut read).await {
                Ok(Ok(bytes)) => return Ok(bytes),
                Ok(Err(_)) => {
                    return Err(of_browser(asked, progress.fault().unwrap_or(ProblemKind::BadRequest)));
                }
                Err(_) if progress.moved_at() + asked.route.timeout > until => {}
                Err(_) => return Err(of_browser(asked, ProblemKind::RequestTimeout)),
            }
        }
    }

    async fn send(
        &self,
        asked: &Asked<'_>,
        body: Outgoing,
        progress: &Progress,
    ) -> Result<(http::Response<Body>, Option<Attached>), Response> {
        let mut request = http::Request::new(());
        *request.method_mut() = asked.parts.method.clone();
        *request.uri_mut() = asked.target.clone();
        *request.headers_mut() = asked.parts.headers.clone();
        *request.version_mut() = Version::HTTP_11;
        let mut attached = None;
        if let Some(person) = asked.bearer() {
            attached = match person.attach(&mut request).await {
                Ok(added) => Some(added),
                Err(error) if is_served_without(asked, &error) => None,
                Err(error) => return Err(self.failed(asked, &error)),
            };
        }
        if attached.is_none() {
            introduce(&asked.parts, &mut request);
        }
        headers::add_origin(request.headers_mut(), &self.scheme, &self.host);
        if asked.upgrade.is_some() {
            Handshake::ask(request.headers_mut());
        }
        let span = (self.trace)(&asked.parts.method, request.headers_mut());
        let answer = self.answered(asked, request, body, progress).instrument(span).await?;
        Ok((answer, attached))
    }

    async fn answered(
        &self,
        asked: &Asked<'_>,
        request: http::Request<()>,
        body: Outgoing,
        progress: &Progress,
    ) -> Answered {
        let limit = asked.route.timeout;
        // Before, the request has waited for other requests, for the browser or for a renewal, and never for the API.
        let sent_at = Instant::now();
        let moved_at = || progress.moved_at().max(sent_at);
        let mut timed_out = false;
        let answered = {
            let sending = pin!(async {
                let mut sent = pin!(self.sent(asked, request, body));
                loop {
                    tokio::select! {
                        answer = &mut sent => return match (answer, progress.fault()) {
                            (Err(_), Some(kind)) => Err(Excused::Browser(kind)),
                            // An API may break off what it does not want to read, and some do without an answer.
                            (Err(error @ TransportError::Interrupted(_)), None) if !progress.is_sent() => {
                                Err(Excused::Api(error))
                            }
                            (answer, _) => Ok(answer.map(|answer| answer.map(Body::new))),
                        },
                        () = sleep_until(moved_at() + limit) => {
                            if moved_at() + limit > Instant::now() {
                                continue;
                            }
                            if progress.is_awaited() {
                                return Err(Excused::Browser(ProblemKind::RequestTimeout));
                            }
                            timed_out = true;
                            return Ok(Err(TransportError::Interrupted(format!("no answer within {limit:?}"))));
                        }
                    }
                }
            });
            // SECURITY: a browser that sends a bad body must not close the API to everybody else.
            match self.breakers.get(asked.index) {
                Some(breaker) => breaker.around(sending).await,
                None => sending.await,
            }
        };
        let error = match answered {
            // Nobody has asked for another protocol.
            Ok(Ok(answer))
                if answer.status() != StatusCode::SWITCHING_PROTOCOLS || asked.upgrade.is_some() =>
            {
                return Ok(answer);
            }
            Ok(Ok(_)) => TransportError::Interrupted("the API changes the protocol unasked".to_owned()),
            Ok(Err(error)) | Err(Excused::Api(error)) => error,
            Err(Excused::Browser(kind)) => return Err(of_browser(asked, kind)),
        };
        let reason = match error {
            TransportError::NotSent(_) => Failure::NotSent,
            TransportError::Interrupted(_) if timed_out => Failure::TimedOut,
            TransportError::Interrupted(_) => Failure::Interrupted,
        };
        metrics::note_failure(&asked.route.prefix, reason);
        tracing::warn!(route = asked.route.prefix, %error, "a forwarded request has no answer");
        Err(refusal::unavailable())
    }

    async fn sent(
        &self,
        asked: &Asked<'_>,
        request: http::Request<()>,
        body: Outgoing,
    ) -> Result<http::Response<AnswerBody>, TransportError> {
        let forwarder = match asked {
            Asked { upgrade: Some(_), .. } => &self.upgrader,
            Asked { route: Route { http2: true, .. }, .. } => &self.http2,
            _ => &self.forwarder,
        };
        match body {
            // The connection has to be one that can be handed over.
            Outgoing::Whole(bytes) if asked.upgrade.is_some() => {
                forwarder.send(request.map(|()| Body::from(bytes))).await
            }
            Outgoing::Whole(bytes) => forwarder.send_whole(request.map(|()| bytes)).await,
            Outgoing::Piecewise(body) => forwarder.send(request.map(|()| body)).await,
        }
    }

    fn failed(&self, asked: &Asked<'_>, error: &CallError) -> Response {
        self.not_for(asked.route, &asked.parts, error)
    }

    /// The answer to a request that cannot be forwarded for its person.
    pub(crate) fn not_for(&self, route: &Route, parts: &Parts, error: &CallError) -> Response {
        match error {
            CallError::SignedOut => refusal::signed_out(parts, &self.origin),
            CallError::Unavailable(detail) => {
                tracing::warn!(route = route.prefix, detail, "a request cannot be forwarded for its person");
                metrics::note_failure(&route.prefix, Failure::Renewal);
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
        // A session that has turned out to be over neither limits nor ends what was answered to nobody.
        let person = asked.person.as_ref().filter(|_| attached.is_some() || !asked.route.token);
        if let Some(upgrade) =
            asked.upgrade.as_ref().filter(|_| head.status == StatusCode::SWITCHING_PROTOCOLS)
        {
            return self.live.switched(upgrade, asked.route, &asked.parts, person, head);
        }
        let is_stream = is_event_stream(&head.headers);
        let idle = if is_stream { self.live.idle() } else { asked.route.timeout };
        let end: Pin<Box<dyn Future<Output = ()> + Send>> =
            if is_stream { Box::pin(self.live.events(&asked.parts, person)?) } else { Box::pin(pending()) };
        head.version = Version::HTTP_11;
        headers::clean_answer(&mut head.headers);
        headers::map_location(&mut head.headers, |place| location::mapped(asked.route, &asked.target, place));
        let is_restricted = asked.route.who != Who::Anyone;
        let (takes_tokens, is_somebodys) = (asked.route.token, asked.person.is_some());
        caching::restrict(&mut head.headers, takes_tokens || is_restricted, is_somebodys || is_restricted);
        if is_stream {
            head.headers.extend([UNBUFFERED]);
        }
        head.extensions.clear();
        head.extensions.insert(Forwarded);
        head.extensions.insert(OwnCacheControl);
        head.extensions.insert(if asked.route.pages { AnswerOf::FrontEnd } else { AnswerOf::Api });
        Ok(Response::from_parts(head, Body::new(Download::new(body, Some(idle), end))))
    }
}

/// The body of a request on its way.
enum Outgoing {
    Whole(Bytes),
    Piecewise(Body),
}

/// Why a request without an answer does not count against its API.
enum Excused {
    /// The browser is to blame.
    Browser(ProblemKind),
    /// The API has broken off a body that was still on its way: perhaps it does not take such bodies.
    Api(TransportError),
}

/// Whether everybody may call, so that the end of a session is no reason to refuse. The next page tells it.
fn is_served_without(asked: &Asked<'_>, error: &CallError) -> bool {
    asked.route.who == Who::Anyone && matches!(error, CallError::SignedOut)
}

/// The answer to a browser whose request has no answer of the API because of its body.
fn of_browser(asked: &Asked<'_>, kind: ProblemKind) -> Response {
    metrics::note_failure(&asked.route.prefix, Failure::OfBrowser);
    refusal::of(kind)
}

fn lacks_role(asked: &Asked<'_>) -> bool {
    let Who::Role(role) = &asked.route.who else { return false };
    !matches!(signed_in_person(&asked.parts), Ok(Some(user)) if user.has_role(role))
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream")
}

#[cfg(test)]
mod tests;
