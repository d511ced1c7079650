//! Answers without an end: event streams and WebSockets. They are counted, and end with their session or the process.
#![expect(clippy::result_large_err, reason = "an answer in place of the API's is passed on once")]

use std::future::pending;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{Version, response};
use hyper::upgrade::OnUpgrade;
use ironleaf_auth::Random;
use ironleaf_bff::{Bff, CoreApi, ProblemKind};

use crate::cause::Cause;
use crate::ends::Ends;
use crate::socket::{self, Handshake, Unfit};
use crate::stopping::stopped;
use crate::streams::{Kind, Open, StreamLimits, Streams, Whose};
use crate::{Forwarded, Route, cors, headers, metrics, refusal};

/// The streams of a proxy.
pub(crate) struct LiveStreams {
    streams: Streams,
    ends: Ends,
    random: Random,
}

/// What becomes a WebSocket, if the API agrees.
pub(crate) struct Upgrade {
    handshake: Handshake,
    browser: OnUpgrade,
    open: Open,
}

/// What the request asks for, if that is a WebSocket.
///
/// # Errors
///
/// The answer to it, if nobody may ask for that, or not in this way.
pub(crate) fn handshake(route: &Route, parts: &Parts) -> Result<Option<Handshake>, Response> {
    if !socket::is_handshake(&parts.headers) {
        return Ok(None);
    }
    if !route.websocket {
        tracing::info!(route = route.prefix, "a WebSocket is refused: `upgrade=websocket` would allow it");
        return Err(refusal::forbidden());
    }
    let bff: Option<&Bff> = parts.extensions.get();
    let is_own = |origin: &str| bff.is_some_and(|bff| bff.origins().any(|own| own.as_str() == origin));
    if socket::is_foreign(parts, is_own, cors::listed(route, &parts.headers).is_some()) {
        tracing::warn!(route = route.prefix, "a WebSocket of another site is refused");
        return Err(refusal::of(ProblemKind::CrossSite));
    }
    Handshake::of(parts).map(Some).map_err(|unfit| match unfit {
        Unfit::Malformed => refusal::of(ProblemKind::BadRequest),
        Unfit::Version => refusal::other_websocket_version(),
    })
}

impl LiveStreams {
    pub(crate) fn new(limits: StreamLimits, random: Random) -> Self {
        Self { streams: Streams::new(limits), ends: Ends::default(), random }
    }

    /// After how long a stream ends on which nothing moves.
    pub(crate) fn idle(&self) -> Duration {
        self.streams.idle()
    }

    /// A place for a WebSocket, before its API is asked.
    ///
    /// # Errors
    ///
    /// The answer, if there is none.
    pub(crate) fn upgrade(
        &self,
        handshake: Handshake,
        parts: &Parts,
        person: Option<&CoreApi>,
    ) -> Result<Upgrade, Response> {
        // A connection that is about to end cannot be upgraded.
        let browser = parts.extensions.get::<OnUpgrade>().cloned().ok_or_else(refusal::unavailable)?;
        let open = self.open(Kind::Socket, parts, person)?;
        Ok(Upgrade { handshake, browser, open })
    }

    /// A place for an event stream, which completes once that has to end. A request that may have changed something
    /// always gets one: the API has acted by now, and nobody may be told otherwise.
    ///
    /// # Errors
    ///
    /// The answer, if there is none.
    pub(crate) fn events(
        &self,
        parts: &Parts,
        person: Option<&CoreApi>,
    ) -> Result<impl Future<Output = ()> + Send + use<>, Response> {
        let open = if parts.method.is_safe() {
            self.open(Kind::Events, parts, person)?
        } else {
            self.streams.open_always(whose(parts, person), Kind::Events)
        };
        let over = self.over(parts, person);
        Ok(async move {
            let cause = over.await;
            tracing::debug!(cause = cause.word(), "a stream of events ends");
            drop(open);
        })
    }

    /// The answer to the browser, once the API has answered with 101.
    ///
    /// # Errors
    ///
    /// The answer, if the API has switched to something else.
    pub(crate) fn switched(
        &self,
        upgrade: &Upgrade,
        route: &Route,
        parts: &Parts,
        person: Option<&CoreApi>,
        mut head: response::Parts,
    ) -> Result<Response, Response> {
        let api = head.extensions.remove::<OnUpgrade>();
        let Some(api) = api.filter(|_| upgrade.handshake.is_accepted_by(&head.headers)) else {
            tracing::warn!(route = route.prefix, "an API switches to something else than was asked for");
            return Err(refusal::unavailable());
        };
        let mut mask = [0; 4];
        (self.random)(&mut mask);
        let over = self.over(parts, person);
        let carried = socket::carry(upgrade.browser.clone(), api, over, self.idle(), mask);
        let open = upgrade.open.clone();
        tokio::spawn(async move {
            metrics::socket_ended(carried.await);
            drop(open);
        });
        headers::clean_answer(&mut head.headers);
        Handshake::ask(&mut head.headers);
        head.extensions.clear();
        head.extensions.insert(Forwarded);
        head.version = Version::HTTP_11;
        Ok(Response::from_parts(head, Body::empty()))
    }

    fn open(&self, kind: Kind, parts: &Parts, person: Option<&CoreApi>) -> Result<Open, Response> {
        self.streams.open(whose(parts, person), kind).ok_or_else(refusal::too_many_streams)
    }

    /// Completes when a stream has to end: with its session, or with the process.
    fn over(&self, parts: &Parts, person: Option<&CoreApi>) -> impl Future<Output = Cause> + Send + use<> {
        let stopped = stopped(parts);
        let end = person.map(|person| {
            // Without one, it has ended since the request left.
            person.stream_session().map(|session| self.ends.end_of(person, session))
        });
        async move {
            let ended = async {
                match end {
                    None => pending().await,
                    Some(Some(end)) => end.await,
                    Some(None) => {}
                }
            };
            tokio::select! {
                () = ended => Cause::Session,
                () = stopped => Cause::Stopping,
            }
        }
    }
}

/// For whom a stream counts.
fn whose(parts: &Parts, person: Option<&CoreApi>) -> Whose {
    Whose::of(person.and_then(CoreApi::stream_session).as_ref(), parts)
}
