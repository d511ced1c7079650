use std::sync::Arc;
use std::time::Duration;

use ironleaf_auth::{Clock, Lifecycle, Provider, Random, Transport};

use crate::PublicOrigin;
use crate::edge::ResponseHeaders;

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
    /// The session cookie's name with its prefix, as [`ironleaf_session`] writes it.
    pub session_cookie_name: String,
    /// How long a form may take to arrive; ten seconds where it is not set.
    pub form_timeout: Option<Duration>,
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

    /// Every origin under which this application answers.
    pub(crate) fn origins(&self) -> impl Iterator<Item = &PublicOrigin> {
        self.0.origins.iter()
    }

    pub(crate) fn response_headers(&self) -> &ResponseHeaders {
        &self.0.headers
    }

    pub(crate) fn session_cookie_name(&self) -> &str {
        &self.0.settings.session_cookie_name
    }

    pub(crate) fn form_timeout(&self) -> Option<Duration> {
        self.0.settings.form_timeout
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
