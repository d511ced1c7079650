//! A transport for the unit tests of providers: it gives scripted answers, records the requests, and has the clock.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderValue;
use ironleaf_auth::{Clock, Request, Response, Transport, TransportError};
use serde_json::Value;

pub(crate) type Answer = Result<Response, TransportError>;

pub(crate) struct Script {
    answers: Mutex<Answers>,
    asked: Mutex<Vec<Request>>,
    now: Mutex<SystemTime>,
    /// How long a call takes by the clock.
    call_takes: Duration,
}

enum Answers {
    /// Each once, whatever is asked.
    InOrder(VecDeque<Answer>),
    /// Those of each path in order, the last of them again and again.
    ByPath(HashMap<String, VecDeque<Answer>>),
}

impl Script {
    /// Gives each answer once. A call more than that is a failed test.
    pub(crate) fn in_order(
        start: SystemTime,
        call_takes: Duration,
        answers: impl IntoIterator<Item = Answer>,
    ) -> Arc<Self> {
        Self::with(start, call_takes, Answers::InOrder(answers.into_iter().collect()))
    }

    /// Answers by the path, see [`at`](Self::at). A call takes no time.
    pub(crate) fn by_path(start: SystemTime) -> Arc<Self> {
        Self::with(start, Duration::ZERO, Answers::ByPath(HashMap::new()))
    }

    fn with(start: SystemTime, call_takes: Duration, answers: Answers) -> Arc<Self> {
        let (answers, now) = (Mutex::new(answers), Mutex::new(start));
        Arc::new(Self { answers, asked: Mutex::default(), now, call_takes })
    }

    /// What is answered at this path from now on: each in order, and the last of them again and again.
    pub(crate) fn at(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        match &mut *self.answers.lock().unwrap() {
            Answers::ByPath(known) => drop(known.insert(path.to_owned(), answers.into_iter().collect())),
            Answers::InOrder(_) => panic!("this script answers in order"),
        }
    }

    /// The clock of the script.
    pub(crate) fn clock(self: &Arc<Self>) -> Clock {
        let script = Arc::clone(self);
        Arc::new(move || script.now())
    }

    pub(crate) fn now(&self) -> SystemTime {
        *self.now.lock().unwrap()
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.now.lock().unwrap() += by;
    }

    pub(crate) fn set_back(&self, by: Duration) {
        *self.now.lock().unwrap() -= by;
    }

    /// Every request so far in order.
    pub(crate) fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.asked.lock().unwrap()
    }

    /// Something of every request so far in order.
    pub(crate) fn each<T>(&self, describe: impl Fn(&Request) -> T) -> Vec<T> {
        self.requests().iter().map(describe).collect()
    }

    /// Every request since the last time in order.
    pub(crate) fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.requests())
    }

    pub(crate) fn header(&self, index: usize, name: &str) -> Option<String> {
        header(&self.requests()[index], name)
    }

    /// The body as JSON, or null.
    pub(crate) fn body(&self, index: usize) -> Value {
        json_body(&self.requests()[index])
    }

    fn next(&self, path: &str) -> Answer {
        match &mut *self.answers.lock().unwrap() {
            Answers::InOrder(left) => left.pop_front().expect("one call more than expected"),
            Answers::ByPath(known) => {
                let Some(left) = known.get_mut(path) else { panic!("nobody answers at {path}") };
                let next = left.front().expect("one answer stays").clone();
                if left.len() > 1 {
                    left.pop_front();
                }
                next
            }
        }
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Answer {
        // Others may go on in the meantime, as with a real connection.
        tokio::task::yield_now().await;
        let path = request.uri().path().to_owned();
        self.requests().push(request);
        self.advance(self.call_takes);
        self.next(&path)
    }
}

/// Method and path, without the query.
pub(crate) fn line(request: &Request) -> String {
    format!("{} {}", request.method(), request.uri().path())
}

pub(crate) fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

pub(crate) fn json_body(request: &Request) -> Value {
    serde_json::from_slice(request.body()).unwrap_or_default()
}

#[expect(clippy::unnecessary_wraps, reason = "a script is a list of answers and failures")]
pub(crate) fn text(status: u16, body: impl Into<Bytes>) -> Answer {
    Ok(http::Response::builder().status(status).body(body.into()).unwrap())
}

/// An answer in JSON that does not say so.
pub(crate) fn answer(status: u16, body: &Value) -> Answer {
    text(status, body.to_string())
}

/// With one header more.
pub(crate) fn with_header(answer: Answer, name: &'static str, value: &str) -> Answer {
    let mut response = answer?;
    response.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    Ok(response)
}

/// The connection broke after the request was sent.
pub(crate) fn lost() -> Answer {
    Err(TransportError::Interrupted("reset".to_owned()))
}

pub(crate) fn unreachable() -> Answer {
    Err(TransportError::NotSent("connection refused".to_owned()))
}
