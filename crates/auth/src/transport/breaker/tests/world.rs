//! A breaker whose API answers when the test says so, and a record of its log lines.

use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use tokio::sync::oneshot;
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata, span};

use super::super::{BreakerSettings, BreakerState, CircuitBreaker};
use crate::{Clock, Random, Request, Response, Transport, TransportError};

pub(super) type Answer = Result<Response, TransportError>;

/// An API that answers a call when the test says so.
#[derive(Default)]
struct Held(Arc<Mutex<Vec<Option<oneshot::Sender<Answer>>>>>);

#[async_trait]
impl Transport for Held {
    async fn send(&self, _: Request) -> Answer {
        let (sender, receiver) = oneshot::channel();
        self.0.lock().unwrap().push(Some(sender));
        receiver.await.unwrap()
    }
}

pub(super) struct World {
    breaker: Arc<CircuitBreaker<Held>>,
    calls: Arc<Mutex<Vec<Option<oneshot::Sender<Answer>>>>>,
    pub(super) millis: Arc<AtomicU64>,
}

/// A call that has been polled once: refused, or in progress.
pub(super) struct Flight {
    future: Pin<Box<dyn Future<Output = Answer> + Send>>,
    pub(super) refused: Option<TransportError>,
    answer: Option<oneshot::Sender<Answer>>,
}

impl World {
    /// Every wait is as long as its step: nothing is subtracted by chance.
    pub(super) fn new() -> Self {
        Self::with(0xff)
    }

    pub(super) fn with(chance: u8) -> Self {
        let millis = Arc::new(AtomicU64::new(1_800_000_000_000));
        let api = Held::default();
        let calls = Arc::clone(&api.0);
        let reading = Arc::clone(&millis);
        let clock: Clock =
            Arc::new(move || SystemTime::UNIX_EPOCH + Duration::from_millis(reading.load(Ordering::SeqCst)));
        let random: Random = Arc::new(move |bytes| bytes.fill(chance));
        let breaker = Arc::new(CircuitBreaker::new(api, BreakerSettings::default(), clock, random));
        Self { breaker, calls, millis }
    }

    pub(super) fn start(&self) -> Flight {
        let breaker = Arc::clone(&self.breaker);
        let before = self.calls.lock().unwrap().len();
        let mut future: Pin<Box<dyn Future<Output = Answer> + Send>> =
            Box::pin(async move { breaker.send(Request::new(Bytes::new())).await });
        let refused = match poll(&mut future) {
            Poll::Ready(answer) => Some(answer.unwrap_err()),
            Poll::Pending => None,
        };
        let mut calls = self.calls.lock().unwrap();
        assert_eq!(calls.len() - before, usize::from(refused.is_none()), "refused calls do not arrive");
        let answer = calls.get_mut(before).and_then(Option::take);
        Flight { future, refused, answer }
    }

    pub(super) fn calls_are_answered(&self, times: usize, code: u16) {
        for _ in 0..times {
            self.start().answered(code);
        }
    }

    pub(super) fn calls_fail(&self, times: usize, error: &TransportError) {
        for _ in 0..times {
            self.start().fails(error.clone());
        }
    }

    /// A breaker that has just opened for half a second, without a probe so far.
    pub(super) fn opened() -> Self {
        let world = Self::new();
        world.calls_fail(5, &reset());
        assert_eq!(world.state(), BreakerState::Open);
        world
    }

    pub(super) fn state(&self) -> BreakerState {
        self.breaker.state()
    }

    pub(super) fn advance(&self, millis: u64) {
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Flight {
    pub(super) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    pub(super) fn answered(mut self, code: u16) {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::from_u16(code).unwrap();
        self.answer.take().unwrap().send(Ok(response)).unwrap();
        assert_eq!(poll(&mut self.future).map(|got| got.unwrap().status().as_u16()), Poll::Ready(code));
    }

    pub(super) fn fails(mut self, error: TransportError) {
        self.answer.take().unwrap().send(Err(error.clone())).unwrap();
        assert_eq!(poll(&mut self.future).map(Result::unwrap_err), Poll::Ready(error));
    }
}

fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

pub(super) fn reset() -> TransportError {
    TransportError::Interrupted("connection reset".to_owned())
}

pub(super) fn unreachable_api() -> TransportError {
    TransportError::NotSent("connection refused".to_owned())
}

/// Keeps the level and the message of every line.
#[derive(Clone, Default)]
pub(super) struct Log(pub(super) Arc<Mutex<Vec<(Level, String)>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push((*event.metadata().level(), line.0));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{field}={value:?};").unwrap();
    }
}
