//! The network between the application and its core API, with the faults that it can have.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak, mpsc};
use std::time::Duration;

use axum::Router;
use http::{HeaderMap, HeaderName};
use http_body_util::BodyExt;
use ironleaf_auth::{Request, Response, Transport, TransportError};
use tower::ServiceExt;

/// The timeout of the HTTP transport in a running process.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Passes requests to the core API in process.
pub(crate) struct Network {
    core_api: Mutex<Router>,
    down: AtomicBool,
    fault: Mutex<Option<Fault>>,
    /// Whether the core API keeps to the recorded contract only: it has no idempotent refresh and declares nothing.
    recorded_contract: AtomicBool,
    issued: Mutex<Vec<String>>,
    last_headers: Mutex<HeaderMap>,
    calls: Mutex<Vec<String>>,
    devices: Mutex<Vec<String>>,
    working: Mutex<Weak<Working>>,
}

/// The fault of all requests for one path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    path: &'static str,
    moment: Moment,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The core API never sees the request.
    Before,
    /// The core API carries out the request, and its answer is lost.
    After,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Panic,
    Answer(u16, &'static str),
    /// The same for so many requests only.
    Times(u32, u16, &'static str),
    /// The core API's real answer in another form. `access` and `next` stand for its tokens.
    Rewritten(&'static str),
    /// No answer, without any timeout.
    Hang,
    /// No answer until the transport's timeout.
    Stall,
    /// The connection is reset.
    Reset,
    /// The real answer after a delay.
    Slow(Duration),
}

impl Network {
    pub(crate) fn new(core_api: Router) -> Self {
        Self {
            core_api: Mutex::new(core_api),
            down: AtomicBool::new(false),
            fault: Mutex::default(),
            recorded_contract: AtomicBool::new(false),
            issued: Mutex::default(),
            last_headers: Mutex::default(),
            calls: Mutex::default(),
            devices: Mutex::default(),
            working: Mutex::default(),
        }
    }

    /// Passes the next requests to another core API.
    pub(crate) fn lead_to(&self, core_api: Router) {
        *self.core_api.lock().unwrap() = core_api;
    }

    pub(crate) fn cut(&self) {
        self.down.store(true, Ordering::SeqCst);
    }

    pub(crate) fn heal(&self) {
        self.down.store(false, Ordering::SeqCst);
        *self.fault.lock().unwrap() = None;
    }

    pub(crate) fn fail(&self, path: &'static str, outcome: Outcome) {
        self.fail_at(Moment::Before, path, outcome);
    }

    pub(crate) fn fail_at(&self, moment: Moment, path: &'static str, outcome: Outcome) {
        *self.fault.lock().unwrap() = Some(Fault { path, moment, outcome });
    }

    pub(crate) fn keep_to_the_recorded_contract(&self) {
        self.recorded_contract.store(true, Ordering::SeqCst);
    }

    /// All refresh tokens that the core API has issued, in order.
    pub(crate) fn issued_refresh_tokens(&self) -> Vec<String> {
        self.issued.lock().unwrap().clone()
    }

    /// The headers of the last request to the core API.
    pub(crate) fn last_headers(&self) -> HeaderMap {
        self.last_headers.lock().unwrap().clone()
    }

    /// Method and path of each request to the core API since the last call.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    /// The pseudonym of the browser in each sign-in since the last call.
    pub(crate) fn take_devices(&self) -> Vec<String> {
        std::mem::take(&mut *self.devices.lock().unwrap())
    }

    async fn carry(&self, mut request: Request) -> Result<Response, TransportError> {
        let recorded = self.recorded_contract.load(Ordering::SeqCst);
        if recorded {
            request.headers_mut().remove(HeaderName::from_static("idempotency-key"));
        }
        self.last_headers.lock().unwrap().clone_from(request.headers());
        self.calls.lock().unwrap().push(format!("{} {}", request.method(), request.uri().path()));
        let device = request.headers().get("x-device-id");
        self.devices.lock().unwrap().extend(device.map(|device| device.to_str().unwrap().to_owned()));
        let issues_tokens = request.uri().path().ends_with("/auth/tokens");
        let core_api = self.core_api.lock().unwrap().clone();
        let working = self.working();
        let Ok(response) = core_api.oneshot(request.map(axum::body::Body::from)).await;
        let (mut head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| TransportError::Interrupted(error.to_string()))?;
        drop(working);
        if recorded {
            head.headers.remove(HeaderName::from_static("idempotent-refresh"));
            head.headers.remove(HeaderName::from_static("password-change-ends-families"));
            head.headers.remove(HeaderName::from_static("account-activity"));
            head.headers.remove(HeaderName::from_static("second-factor"));
        }
        let body = body.to_bytes();
        if issues_tokens {
            let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            self.issued.lock().unwrap().extend(answer["item"]["refreshToken"].as_str().map(str::to_owned));
        }
        Ok(Response::from_parts(head, body))
    }

    fn working(&self) -> Arc<Working> {
        let mut working = self.working.lock().unwrap();
        working.upgrade().unwrap_or_else(|| {
            let begun = Arc::new(Working::begin());
            *working = Arc::downgrade(&begun);
            begun
        })
    }
}

/// Keeps a blocking task running while the core API works. The core API works on other threads, which takes real time.
/// If a test has paused the clock of the runtime, the clock would jump in the meantime and pass every deadline. It does
/// not jump while a blocking task runs.
struct Working(#[expect(dead_code, reason = "its drop ends the task")] mpsc::Sender<()>);

impl Working {
    fn begin() -> Self {
        let (done, end) = mpsc::channel();
        tokio::task::spawn_blocking(move || end.recv());
        Self(done)
    }
}

#[async_trait::async_trait]
impl Transport for Network {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(TransportError::NotSent("connection refused".to_owned()));
        }
        let fault = *self.fault.lock().unwrap();
        let Some(fault) = fault.filter(|fault| request.uri().path().ends_with(fault.path)) else {
            return self.carry(request).await;
        };
        if fault.moment == Moment::After {
            self.carry(request.clone()).await?;
        }
        match fault.outcome {
            Outcome::Panic => panic!("a defect of ours"),
            Outcome::Answer(status, body) => Ok(json(status, body)),
            Outcome::Times(times, status, body) => {
                let left = (times > 1).then_some(Outcome::Times(times - 1, status, body));
                *self.fault.lock().unwrap() = left.map(|outcome| Fault { outcome, ..fault });
                Ok(json(status, body))
            }
            Outcome::Rewritten(form) => {
                let truth = self.carry(request).await?;
                let answer: serde_json::Value = serde_json::from_slice(truth.body()).unwrap();
                let token = |name: &str| format!("\"{}\"", answer["item"][name].as_str().unwrap_or_default());
                let body = form.replace("\"access\"", &token("accessToken"));
                let body = body.replace("\"next\"", &token("refreshToken"));
                Ok(truth.map(|_| body.into()))
            }
            Outcome::Hang => std::future::pending().await,
            Outcome::Stall => {
                pause(CALL_TIMEOUT).await;
                Err(TransportError::Interrupted("it took too long".to_owned()))
            }
            Outcome::Reset => Err(TransportError::Interrupted("connection reset".to_owned())),
            Outcome::Slow(time) => {
                pause(time).await;
                self.carry(request).await
            }
        }
    }
}

fn json(status: u16, body: &'static str) -> Response {
    let answer = http::Response::builder().status(status).header("content-type", "application/json");
    answer.body(body.into()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a slow network, in the paused time of a test")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
