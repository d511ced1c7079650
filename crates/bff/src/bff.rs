use std::sync::Arc;
use std::time::Duration;

use ironleaf_auth::{Clock, Lifecycle, Provider, Random, Transport};
use ironleaf_session::{Sealer, SessionLayer, SessionSettings};

use crate::PublicOrigin;
use crate::edge::ResponseHeaders;
use crate::principal::Principal;

/// What the layers, extractors and use cases of this crate share. Cheap to clone.
#[derive(Clone)]
pub struct Bff(Arc<Shared>);

struct Shared {
    settings: BffSettings,
    origins: Vec<PublicOrigin>,
    headers: ResponseHeaders,
    lifecycle: Lifecycle,
}

/// How the application is served, and what it stands in front of.
#[derive(Clone)]
pub struct BffSettings {
    /// The origin that browsers use.
    pub public_origin: PublicOrigin,
    /// Whether `localhost` is accepted for a loopback origin as well.
    pub accept_localhost: bool,
    /// Where a development build listens for changes, such as `ws://127.0.0.1:3002`.
    pub reload_origin: Option<String>,
    /// The session and its cookie.
    pub session: SessionSettings,
    /// How long a form may take to arrive.
    pub form_timeout: Duration,
    /// How long a sign-in may take, all calls to the provider together.
    pub sign_in_timeout: Duration,
    /// How long a sign-out may wait for the provider before it goes on without.
    pub sign_out_timeout: Duration,
    /// Who signs people in.
    pub provider: Arc<dyn Provider>,
    /// How requests reach the core API.
    pub transport: Arc<dyn Transport>,
    /// The clock.
    pub clock: Clock,
    /// The random source.
    pub random: Random,
}

impl Bff {
    /// Puts the pieces together.
    pub fn new(settings: BffSettings) -> Self {
        let localhost = settings.public_origin.as_localhost().filter(|_| settings.accept_localhost);
        let origins = std::iter::once(settings.public_origin.clone()).chain(localhost).collect();
        let headers = ResponseHeaders::new(&settings.public_origin, settings.reload_origin.as_deref());
        let lifecycle = Lifecycle::new(Arc::clone(&settings.provider), Arc::clone(&settings.clock));
        Self(Arc::new(Shared { settings, origins, headers, lifecycle }))
    }

    /// The layer that reads and writes the session of this application.
    ///
    /// # Panics
    ///
    /// On settings that [`SessionSettings::validate`] refuses.
    pub fn session_layer(&self, sealer: Sealer) -> SessionLayer<Principal> {
        let BffSettings { session, clock, random, .. } = &self.0.settings;
        SessionLayer::new(sealer, session.clone(), Arc::clone(clock), Arc::clone(random))
    }

    /// Every origin under which this application answers.
    pub(crate) fn origins(&self) -> impl Iterator<Item = &PublicOrigin> {
        self.0.origins.iter()
    }

    pub(crate) fn response_headers(&self) -> &ResponseHeaders {
        &self.0.headers
    }

    pub(crate) fn session_settings(&self) -> &SessionSettings {
        &self.0.settings.session
    }

    pub(crate) fn form_timeout(&self) -> Duration {
        self.0.settings.form_timeout
    }

    pub(crate) fn sign_in_timeout(&self) -> Duration {
        self.0.settings.sign_in_timeout
    }

    pub(crate) fn sign_out_timeout(&self) -> Duration {
        self.0.settings.sign_out_timeout
    }

    pub(crate) fn provider(&self) -> &dyn Provider {
        &*self.0.settings.provider
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.0.settings.transport
    }

    pub(crate) fn lifecycle(&self) -> &Lifecycle {
        &self.0.lifecycle
    }

    pub(crate) fn fill_random(&self, buffer: &mut [u8]) {
        (self.0.settings.random)(buffer);
    }
}
