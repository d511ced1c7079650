use std::fmt::Debug;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::back_end::BackEnd;
use super::style::Style;
use crate::{
    Caller, Clock, Ensured, Grant, Heads, Lifecycle, LifecycleSettings, Provider, Random, RefreshOutcome,
    Rejection, Request, Response, SessionKey, SignedIn, Transport, TransportError, tokio_spawner,
};

/// A fault between provider and back end.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// No connection.
    Unreachable,
    /// Something else answers, and the back end never sees the request.
    Instead(Response),
    /// The back end processes the request, and its answer is lost.
    AnswerLost,
    /// The back end processes the request, and something else answers.
    AnswerReplaced(Response),
    /// The back end processes the request, and half of its answer arrives as if it were whole.
    AnswerCut,
}

/// One back end, the provider that uses it, and the connection between them.
pub(super) struct World {
    pub(super) back_end: Arc<dyn BackEnd>,
    pub(super) provider: Arc<dyn Provider>,
    pub(super) wire: Arc<Wire>,
    pub(super) lifecycle: Lifecycle,
    pub(super) style: Style,
    now: Arc<Mutex<SystemTime>>,
}

type Opened<'a> = Pin<Box<dyn Future<Output = World> + 'a>>;

impl World {
    /// Returns a fresh world each time.
    pub(super) fn factory<'a, F, Opening, H>(open: F, heads: H) -> impl Fn() -> Opened<'a>
    where
        F: Fn(Clock, Random) -> Opening + 'a,
        Opening: Future<Output = Arc<dyn BackEnd>> + 'a,
        H: Fn(Clock) -> Arc<dyn Heads> + 'a,
    {
        let parts = Arc::new((open, heads));
        move || {
            let parts = Arc::clone(&parts);
            Box::pin(async move { Self::open(&parts.0, &parts.1).await })
        }
    }

    async fn open<F, Opening>(open: &F, heads: &dyn Fn(Clock) -> Arc<dyn Heads>) -> Self
    where
        F: Fn(Clock, Random) -> Opening,
        Opening: Future<Output = Arc<dyn BackEnd>>,
    {
        // Between two milliseconds, as the time of a real clock is.
        let begun = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000) + Duration::from_nanos(123_456);
        let now = Arc::new(Mutex::new(begun));
        let clock: Clock = {
            let now = Arc::clone(&now);
            Arc::new(move || *lock(&now))
        };
        let back_end = open(Arc::clone(&clock), counting()).await;
        let wire = Arc::new(Wire {
            back_end: Arc::clone(&back_end),
            fault: Mutex::default(),
            seen: Mutex::default(),
        });
        let provider = back_end.provider(Arc::<Wire>::clone(&wire));
        let settings =
            LifecycleSettings::for_one_process(Arc::clone(&provider), Arc::clone(&clock), counting());
        Self {
            lifecycle: Lifecycle::new(LifecycleSettings {
                heads: heads(clock),
                spawner: tokio_spawner(),
                ..settings
            }),
            style: back_end.style(),
            back_end,
            provider,
            wire,
            now,
        }
    }

    pub(super) fn advance(&self, by: Duration) {
        *lock(&self.now) += by;
    }

    /// Lets every access token expire.
    pub(super) fn expire(&self) {
        self.advance(self.style.access_life + Duration::from_secs(1));
    }

    pub(super) fn now(&self) -> SystemTime {
        *lock(&self.now)
    }

    pub(super) async fn sign_in(&self) -> SignedIn {
        let attempt = self.back_end.right_credentials(&*self.provider).await;
        let signed_in = self.provider.sign_in(&caller(), attempt, None).await;
        self.no_secret_in(&signed_in);
        signed_in.unwrap_or_else(|error| panic!("{}: sign-in failed: {error}", self.style.name))
    }

    pub(super) async fn refresh(&self, grant: &Grant) -> RefreshOutcome {
        let outcome = self.provider.refresh(&caller(), grant).await;
        self.no_secret_in(&outcome);
        outcome
    }

    pub(super) async fn renewed(&self, grant: &Grant) -> Grant {
        match self.refresh(grant).await {
            RefreshOutcome::Rotated(grant) => grant,
            other => panic!("{}: not refreshed: {other:?}", self.style.name),
        }
    }

    pub(super) async fn rejected(&self, grant: &Grant) -> Rejection {
        match self.refresh(grant).await {
            RefreshOutcome::Rejected(rejection) => rejection,
            other => panic!("{}: not rejected: {other:?}", self.style.name),
        }
    }

    /// A request with a cookie of this grant, at rotation 0.
    pub(super) async fn request(&self, grant: &Grant) -> Ensured {
        let session = Self::session();
        let head = self.lifecycle.read_head(&session).await;
        let ensured = self.lifecycle.ensure_fresh(&caller(), &session, grant, head).await;
        self.no_secret_in(&ensured);
        ensured
    }

    /// Whether the back end accepts every kind of call with this grant. All kinds must agree.
    pub(super) async fn accepts(&self, grant: &Grant) -> bool {
        let mut accepted = Vec::new();
        for mut call in self.back_end.calls() {
            self.provider.authorize(&caller(), grant, &mut call);
            let response = self.back_end.answer(call).await;
            accepted.push(response.status().is_success());
        }
        let name = self.style.name;
        assert!(!accepted.is_empty(), "{name}: there is no call to make");
        assert!(
            accepted.iter().all(|one| *one == accepted[0]),
            "{name}: some kinds of calls are accepted and others not: {accepted:?}"
        );
        accepted[0]
    }

    /// Printing a value must not print a secret.
    pub(super) fn no_secret_in(&self, value: &(impl Debug + ?Sized)) {
        let text = format!("{value:?} {value:#?}");
        for secret in self.back_end.secrets() {
            assert!(!text.contains(&secret), "{}: a secret is printed: {text}", self.style.name);
        }
    }

    pub(super) fn session() -> SessionKey {
        SessionKey::new(b"the session's identifier", 0)
    }
}

pub(super) const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

pub(super) fn caller() -> Caller {
    Caller { client_ip: Some(CLIENT), ..Caller::default() }
}

/// The transport of the suite. It can fail, and it records requests.
pub(super) struct Wire {
    back_end: Arc<dyn BackEnd>,
    fault: Mutex<Option<Fault>>,
    seen: Mutex<Vec<Request>>,
}

impl Wire {
    pub(super) fn breaks(&self, fault: Fault) {
        *lock(&self.fault) = Some(fault);
    }

    pub(super) fn heals(&self) {
        *lock(&self.fault) = None;
    }

    /// What was sent since the last call of this function.
    pub(super) fn take_seen(&self) -> Vec<Request> {
        std::mem::take(&mut lock(&self.seen))
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        lock(&self.seen).push(request.clone());
        let fault = lock(&self.fault).clone();
        match fault {
            None => Ok(self.back_end.answer(request).await),
            Some(Fault::Unreachable) => Err(TransportError::NotSent("connection refused".to_owned())),
            Some(Fault::Instead(response)) => Ok(response),
            Some(Fault::AnswerLost) => {
                self.back_end.answer(request).await;
                Err(TransportError::Interrupted("connection reset".to_owned()))
            }
            Some(Fault::AnswerReplaced(response)) => {
                self.back_end.answer(request).await;
                Ok(response)
            }
            Some(Fault::AnswerCut) => {
                let whole = self.back_end.answer(request).await;
                Ok(whole.map(|body| body.slice(..body.len() / 2)))
            }
        }
    }
}

/// Bytes that never repeat in one run, and are the same in every run.
fn counting() -> Random {
    let count = AtomicU64::new(1);
    Arc::new(move |buffer| {
        for chunk in buffer.chunks_mut(8) {
            let next = count.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(&next.to_le_bytes()[..chunk.len()]);
        }
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
