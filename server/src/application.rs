//! Builds the application from its configuration. Time, randomness and the connection to the core API differ between a
//! running process and a test, so they are arguments.

use std::sync::Arc;
use std::time::Duration;

use app::Site;
use axum::Router;
use ironleaf_auth::{
    BreakerSettings, CircuitBreaker, Clock, HttpTransport, Provider, Random, Spawner, TimeLimits, Transport,
    TransportError,
};
use ironleaf_bff::{Bff, BffSettings};
use ironleaf_proxy::Proxy;
use ironleaf_session::{Sealer, system_clock, system_random};
use ironleaf_store::Store;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::assembly_error::AssemblyError;
use crate::assets::BuiltSite;
use crate::config::{Config, Environment};
use crate::health::Health;
use crate::metrics::{Live, MeasuredTransport};
use crate::providers::Surroundings;
use crate::router::router;
use crate::telemetry::traces;
use crate::ways::ways;
use crate::{metrics, secrets, store};

/// A form is small. A client that needs longer than this only holds a connection.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a person waits for a sign-in. After that they try again anyway.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a sign-out waits for the provider before it continues without an answer.
const SIGN_OUT_TIMEOUT: Duration = Duration::from_secs(2);

/// How many ended sessions of one person are remembered one by one. They take at most about fifty kilobytes of the
/// store.
const ENDS_PER_OWNER: u32 = 256;

/// What the application needs from its environment.
#[derive(Clone)]
pub struct Ambient {
    /// The clock.
    pub clock: Clock,
    /// The random source.
    pub random: Random,
    /// The connection to the core API.
    pub transport: Arc<dyn Transport>,
    /// The connection to the provider that signs people in. It is the same one if that is the core API.
    pub provider_transport: Arc<dyn Transport>,
    /// The store for the data of sessions that is not in their cookies.
    pub store: Arc<dyn Store>,
    /// Runs refreshes and sign-outs.
    pub spawner: Spawner,
}

impl Ambient {
    /// The clock and the randomness of this machine, the core API over HTTP behind a circuit breaker, and the store
    /// that the configuration names. Background work is in `tasks`.
    ///
    /// # Errors
    ///
    /// [`AssemblyError::Transport`] if no HTTP client can be made, [`AssemblyError::Store`].
    pub async fn of_the_machine(config: &Config, tasks: &TaskTracker) -> Result<Self, AssemblyError> {
        let (clock, random) = (system_clock(), system_random());
        let http = MeasuredTransport(HttpTransport::new(&config.core_api_client.settings())?);
        let transport: Arc<dyn Transport> = Arc::new(guarded("core_api", http, &clock, &random));
        let provider_transport = match config.provider.settings.way() {
            None => Arc::clone(&transport),
            Some(way) => Arc::new(guarded("provider", HttpTransport::new(&way.transport)?, &clock, &random)),
        };
        let store = store::open(config, &clock).await?;
        let tasks = tasks.clone();
        let spawner: Spawner = Arc::new(move |task| {
            tasks.spawn(task);
        });
        Ok(Self { clock, random, transport, provider_transport, store, spawner })
    }
}

/// `to` is what the transport leads to, for the log.
fn guarded<T: Transport>(
    to: &'static str,
    transport: T,
    clock: &Clock,
    random: &Random,
) -> CircuitBreaker<T> {
    let settings = BreakerSettings { to: to.into(), ..BreakerSettings::default() };
    CircuitBreaker::new(transport, settings, Arc::clone(clock), Arc::clone(random))
}

/// The parts that the server needs.
pub struct Application {
    /// Every route.
    pub router: Router,
    /// The values that its metrics read.
    pub(crate) live: Live,
    /// Needs to know when the process is about to end.
    pub(crate) bff: Bff,
}

/// Builds the application, ready to be served. Call this inside a runtime: from here on, changes of a secrets file are
/// followed.
///
/// # Errors
///
/// [`AssemblyError`] for problems that the configuration could not detect.
pub async fn application(
    config: &Config,
    core_api_url: Option<Url>,
    built: &BuiltSite,
    ambient: Ambient,
) -> Result<Application, AssemblyError> {
    let surroundings = Surroundings {
        public_origin: config.public_origin.clone(),
        core_api_url,
        embeds_core_api: config.embeds_core_api(),
        leeway: config.refresh_leeway,
        refresh_token_max_age: config.refresh_token_max_age,
        transport: Arc::clone(&ambient.provider_transport),
        clock: Arc::clone(&ambient.clock),
        random: Arc::clone(&ambient.random),
    };
    let provider = config.provider.settings.build(surroundings)?;
    application_with(config, provider, built, ambient).await
}

/// The same with a provider that the configuration does not name.
///
/// # Errors
///
/// As [`application`].
pub async fn application_with(
    config: &Config,
    provider: Arc<dyn Provider>,
    built: &BuiltSite,
    ambient: Ambient,
) -> Result<Application, AssemblyError> {
    let Ambient { clock, random, transport, provider_transport, store, spawner } = ambient;
    let (secrets, file) = if let Some(secrets) = &config.session_secrets {
        (secrets.clone(), config.session_secrets_file.clone())
    } else {
        let made = secrets::kept_or_made(&config.data_dir, &random).map_err(AssemblyError::DataDir)?;
        (made, Some(secrets::kept_in(&config.data_dir)))
    };
    let keys = secrets::ring(&secrets, file.as_deref(), &store, &clock).await?;
    if let Some(file) = &config.session_secrets_file {
        let (store, clock) = (Arc::clone(&store), Arc::clone(&clock));
        tokio::spawn(secrets::follow(file.clone(), keys.clone(), store, clock));
    }
    let health = Health::new(Arc::clone(&store), Arc::clone(&transport));
    let is_apart = !Arc::ptr_eq(&transport, &provider_transport);
    let health = if is_apart {
        health.with_provider(Arc::clone(&provider), Arc::clone(&provider_transport))
    } else {
        health
    };
    let proxy = Arc::new(proxy(config, &clock, &random)?);
    let live = Live::new(
        Arc::clone(&transport),
        is_apart.then(|| Arc::clone(&provider_transport)),
        Arc::clone(&proxy),
        Arc::clone(&store),
        keys.clone(),
        config.session_idle_timeout,
        Arc::clone(&clock),
    );
    let bff = Bff::new(BffSettings {
        public_origin: config.public_origin.clone(),
        hsts_include_subdomains: config.hsts_include_subdomains,
        accept_localhost: config.environment == Environment::Development,
        reload_origin: config.reload_addr.map(|address| format!("ws://{address}")),
        session: config.session_settings(),
        form_timeout: FORM_TIMEOUT,
        sign_in_timeout: SIGN_IN_TIMEOUT,
        sign_out_timeout: SIGN_OUT_TIMEOUT,
        sign_in_roles: config.sign_in_roles.clone(),
        password_policy: config.password_policy.clone(),
        rate_limits: config.rate_limits,
        ends_per_owner: ENDS_PER_OWNER,
        recent_sign_in: config.sign_in_freshness,
        sealer: Sealer::new(keys, Arc::clone(&random)),
        store,
        // A head is remembered for as long as a cookie could arrive.
        time_limits: TimeLimits {
            successor: config.successor_retention,
            mark: config.session_absolute_timeout,
            ..TimeLimits::default()
        },
        spawner,
        observer: metrics::token_events(),
        transport: ways(&*provider, provider_transport, transport),
        provider,
        clock,
        random,
    });
    let session = bff.session_layer().with_flashes(&app::FLASHES);
    let site = Arc::new(Site {
        app_name: config.app_name.clone(),
        get_started_url: config.get_started_url.clone(),
        source_url: config.source_url.clone(),
        assets: built.assets.clone(),
        is_https: config.public_origin.is_https(),
        auto_redirect: config.provider.settings.auto_redirect(),
        reload_addr: config.reload_addr,
        pages: app::pages().table(),
    });
    let router = router(&bff, site, config.client_ip(), session, built, health, proxy);
    Ok(Application { router, live, bff })
}

/// The APIs of `PROXY_ROUTES` are reached in the same way as the core API, and their requests are part of the same
/// traces.
fn proxy(config: &Config, clock: &Clock, random: &Random) -> Result<Proxy, TransportError> {
    let (routes, http) = (config.proxy_routes.clone(), config.core_api_client.settings());
    let proxy = Proxy::new(routes, config.proxy_streams, &http, config.public_origin.clone(), clock, random)?;
    Ok(proxy.with_trace(Arc::new(traces::call)))
}
