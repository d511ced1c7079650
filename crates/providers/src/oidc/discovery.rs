//! The provider's metadata, kept and renewed.
//!
//! Requests wait for it only if it was never there, or if its life is over and nobody else is asking. What was fetched
//! once serves for as long as the provider is down.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use http::Method;
use http::header::ACCEPT;
use ironleaf_auth::{Clock, Transport};
use ironleaf_jwks::FetchedKeys;
use tokio::sync::Mutex;

use super::metadata::Metadata;
use super::{DiscoveryError, Issuer, wire};

/// How long metadata is kept if the provider does not say.
const DEFAULT_LIFE: Duration = Duration::from_hours(1);
/// The shortest life, for a provider that says `no-cache`.
const MIN_LIFE: Duration = Duration::from_mins(5);
/// The longest life, so that a moved endpoint is found within a day.
const MAX_LIFE: Duration = Duration::from_hours(24);
/// The pause after a fetch that failed. Requests within it are answered with its error.
const COOL_DOWN: Duration = Duration::from_secs(5);

pub(super) struct Discovery {
    issuer: Issuer,
    transport: Arc<dyn Transport>,
    clock: Clock,
    state: RwLock<State>,
    /// Held by the one who fetches.
    flight: Mutex<()>,
}

#[derive(Default)]
struct State {
    known: Option<Known>,
    failure: Option<(SystemTime, DiscoveryError)>,
}

struct Known {
    metadata: Arc<Metadata>,
    fetched_at: SystemTime,
    life: Duration,
}

impl Discovery {
    pub(super) fn new(issuer: Issuer, transport: Arc<dyn Transport>, clock: Clock) -> Self {
        Self { issuer, transport, clock, state: RwLock::default(), flight: Mutex::default() }
    }

    /// What was fetched last, however old it is.
    pub(super) fn known(&self) -> Option<Arc<Metadata>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.known.as_ref().map(|known| Arc::clone(&known.metadata))
    }

    /// What was fetched last, or else what is fetched now. It is never renewed here, for calls that must not wait.
    pub(super) async fn any(&self) -> Result<Arc<Metadata>, DiscoveryError> {
        match self.known() {
            Some(metadata) => Ok(metadata),
            None => self.current().await,
        }
    }

    /// The metadata, renewed if its life is over. Stale metadata serves where the provider does not answer, and while
    /// somebody else asks.
    pub(super) async fn current(&self) -> Result<Arc<Metadata>, DiscoveryError> {
        if self.due_in().is_some_and(|left| !left.is_zero()) {
            return self.any_known();
        }
        let seat = match (self.flight.try_lock(), self.known()) {
            (Ok(seat), _) => seat,
            (Err(_), Some(stale)) => return Ok(stale),
            (Err(_), None) => self.flight.lock().await,
        };
        // Whoever had the seat before may have fetched it.
        let is_due = self.due_in().is_none_or(|left| left.is_zero());
        if is_due && !self.is_cooling_down() {
            self.fetch().await;
        }
        drop(seat);
        self.any_known()
    }

    /// How long the metadata is still good. `None` if there is none, or if the clock was set back.
    pub(super) fn due_in(&self) -> Option<Duration> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let known = state.known.as_ref()?;
        let age = (self.clock)().duration_since(known.fetched_at).ok()?;
        Some(known.life.saturating_sub(age))
    }

    fn any_known(&self) -> Result<Arc<Metadata>, DiscoveryError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        match (&state.known, &state.failure) {
            (Some(known), _) => Ok(Arc::clone(&known.metadata)),
            (None, Some((_, error))) => Err(error.clone()),
            (None, None) => Err(DiscoveryError::NotMetadata),
        }
    }

    fn is_cooling_down(&self) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let passed = state.failure.as_ref().map(|(at, _)| (self.clock)().duration_since(*at));
        passed.is_some_and(|passed| passed.is_ok_and(|passed| passed < COOL_DOWN))
    }

    async fn fetch(&self) {
        let began = (self.clock)();
        let fetched = self.ask().await;
        let now = (self.clock)();
        let issuer = self.issuer.as_str();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok((metadata, life)) => {
                let millis = now.duration_since(began).unwrap_or_default().as_millis();
                if state.known.is_none() || state.failure.is_some() {
                    tracing::info!(issuer, %millis, "the provider was found");
                } else {
                    tracing::debug!(issuer, %millis, "the metadata of the provider was renewed");
                }
                state.known = Some(Known { metadata: Arc::new(metadata), fetched_at: now, life });
                state.failure = None;
            }
            Err(error) => {
                let url = self.issuer.configuration_url();
                if state.known.is_some() {
                    tracing::warn!(
                        %error,
                        url,
                        "the metadata of the provider could not be renewed; the old stays in use, and is asked for again"
                    );
                } else {
                    tracing::warn!(
                        %error,
                        url,
                        "the provider was not found, so nobody can sign in; it is asked again within half a minute"
                    );
                }
                state.failure = Some((now, error));
            }
        }
    }

    async fn ask(&self) -> Result<(Metadata, Duration), DiscoveryError> {
        let mut request = wire::request(Method::GET, &self.issuer.configuration_url())?;
        request.headers_mut().insert(ACCEPT, wire::JSON);
        let response = self.transport.send(request).await?;
        if response.status() != http::StatusCode::OK {
            return Err(DiscoveryError::Status(response.status().as_u16()));
        }
        let metadata = Metadata::read(response.body(), &self.issuer)?;
        let (parts, body) = response.into_parts();
        let stated = FetchedKeys::from_response(&parts.headers, body).max_age;
        Ok((metadata, stated.unwrap_or(DEFAULT_LIFE).clamp(MIN_LIFE, MAX_LIFE)))
    }
}
