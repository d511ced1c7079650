//! Starts what the configuration asks for, and stops it.

mod connections;
mod head_timer;
mod room;
mod socket;
mod stop;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use ironleaf_core_api::{CoreApi, Mailer, SmtpMailer, SmtpSetupError};
use ironleaf_session::system_clock;
use metrics_exporter_prometheus::BuildError;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::application::{Ambient, Application, application};
use crate::assembly_error::AssemblyError;
use crate::assets::{BuiltSite, SiteError};
use crate::config::{Config, CoreApiConfig, Environment, Smtp};
use crate::metrics;

pub use self::connections::answer;
use self::stop::{GRACE, stop_signal, stopped};

/// More than a collector needs.
const METRICS_CONNECTIONS: usize = 16;

/// Why the application did not start, or why it stopped.
#[derive(Debug, Error)]
pub enum StartError {
    /// Another process listens on this address.
    #[error(
        "{variable}: {address} is in use by another program. Stop it, or set {variable} to a free address"
    )]
    PortTaken {
        /// The variable to change the address.
        variable: &'static str,
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be used for another reason.
    #[error("{variable}: cannot listen on {address}: {source}")]
    Listen {
        /// The variable to change the address.
        variable: &'static str,
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The built site is missing.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The embedded core API does not open.
    #[error("the embedded core API does not start: {0}")]
    CoreApi(#[from] ironleaf_core_api::OpenError),
    /// E-mails cannot be sent from this machine.
    #[error("SMTP_URL cannot be used: {0}")]
    Smtp(#[from] SmtpSetupError),
    /// The application could not be built.
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
    /// The metrics cannot be recorded.
    #[error("the metrics cannot be recorded: {0}")]
    Metrics(#[from] BuildError),
    /// A server stopped by itself.
    #[error("a server stopped: {0}")]
    Stopped(std::io::Error),
}

/// Serves the web application, and the reference core API if no other is configured, until the process is told to stop.
///
/// # Errors
///
/// [`StartError`], as one sentence that says what to do.
pub async fn serve(config: Config) -> Result<(), StartError> {
    let built = BuiltSite::open(config.site_root.clone().unwrap_or_else(BuiltSite::default_root))?;
    let listener = listen("LISTEN_ADDR", config.listen_addr).await?;
    let metrics = match config.metrics_listen_addr {
        Some(address) => {
            Some((listen("METRICS_LISTEN_ADDR", address).await?, metrics::start(system_clock()())?))
        }
        None => None,
    };
    let stop = stop_signal();
    // Requests in flight need the embedded core API, so it stops after them.
    let (web_is_done, core_api_stop) = watch::channel(false);
    let (core_api_url, mut core_api) = match &config.core_api_url {
        None if config.embeds_core_api() => {
            let (url, core_api) = embed_core_api(&config.core_api, core_api_stop).await?;
            (Some(url), core_api)
        }
        url => (url.clone(), elsewhere(core_api_stop)),
    };
    let tasks = TaskTracker::new();
    let ambient = Ambient::of_the_machine(&config, &tasks).await?;
    let Application { router, live, bff } =
        application(&config, core_api_url.clone(), &built, ambient).await?;
    if let Some((listener, exposition)) = metrics {
        // Runs until the end, so that the shutdown can be observed too.
        let routes = metrics::routes(exposition, live);
        tokio::spawn(answer(listener, routes, METRICS_CONNECTIONS, std::future::pending()));
    }
    announce(&config, core_api_url.as_ref());
    tokio::select! {
        () = answer(listener, router, config.max_connections, stopped(stop)) => {}
        embedded = &mut core_api => return embedded.map_err(StartError::Stopped),
    }
    bff.close();
    finished(&tasks).await;
    web_is_done.send_replace(true);
    core_api.await.map_err(StartError::Stopped)
}

/// A core API that runs until it is told to stop.
type RunningCoreApi = Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>>;

/// A core API that runs elsewhere.
fn elsewhere(stop: watch::Receiver<bool>) -> RunningCoreApi {
    Box::pin(async move {
        stopped(stop).await;
        Ok(())
    })
}

/// Waits for the refreshes and sign-outs under way. An interrupted refresh leaves its session in doubt.
async fn finished(tasks: &TaskTracker) {
    tasks.close();
    if tokio::time::timeout(GRACE, tasks.wait()).await.is_err() {
        tracing::warn!(tasks = tasks.len(), "refreshes or sign-outs that took too long were interrupted");
    }
}

/// Serves the reference core API alone.
///
/// # Errors
///
/// As [`serve`].
pub async fn serve_core_api(config: CoreApiConfig) -> Result<(), StartError> {
    let (url, server) = embed_core_api(&config, stop_signal()).await?;
    if config.environment == Environment::Production && config.smtp.is_none() {
        tracing::warn!("no e-mail leaves this machine: SMTP_URL is not set");
    }
    tracing::info!(%url, "the core API is up");
    server.await.map_err(StartError::Stopped)
}

async fn embed_core_api(
    config: &CoreApiConfig,
    stop: watch::Receiver<bool>,
) -> Result<(Url, RunningCoreApi), StartError> {
    let listener = listen("CORE_API_LISTEN_ADDR", config.listen_addr).await?;
    let address = listener.local_addr().map_err(StartError::Stopped)?;
    let core_api = CoreApi::open(ironleaf_core_api::Config {
        public_origin: config.public_origin.to_string(),
        passkey_domain: config.passkey_domain.clone(),
        app_name: config.app_name.clone(),
        access_token_ttl: config.access_token_ttl,
        refresh_token_ttl: config.refresh_token_ttl,
        cors_origins: config.cors_origins.clone(),
        development: config.environment == Environment::Development,
        token_mark: config.token_mark.clone(),
        mailer: mailer(config)?,
        ..ironleaf_core_api::Config::development(config.data_dir.clone())
    })
    .await?;
    let url = Url::parse(&format!("http://{address}/v1")).map_err(AssemblyError::from)?;
    Ok((url, Box::pin(core_api.serve(listener, stopped(stop)))))
}

/// The sender of e-mails, if a mail server is configured.
fn mailer(config: &CoreApiConfig) -> Result<Option<Arc<dyn Mailer>>, SmtpSetupError> {
    let Some(Smtp { server, from }) = &config.smtp else { return Ok(None) };
    let (clock, random) = (ironleaf_core_api::system_clock(), ironleaf_core_api::system_random());
    let mailer = SmtpMailer::new(server, from, &config.app_name, clock, random)?;
    tracing::info!("e-mails go to the mail server {}, port {}", server.host(), server.port());
    Ok(Some(Arc::new(mailer)))
}

async fn listen(variable: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortTaken { variable, address },
        _ => StartError::Listen { variable, address, source },
    })
}

/// Logs the addresses, and in development the test users.
fn announce(config: &Config, core_api_url: Option<&Url>) {
    let embedded = config.embeds_core_api();
    let core_api = if embedded { "embedded core API" } else { "core API" };
    tracing::info!("{} is on {}", config.app_name, config.public_origin);
    if let Some(url) = core_api_url {
        tracing::info!("the {core_api} is on {url}");
    }
    for sentence in config.provider.settings.introduction(&config.public_origin) {
        tracing::info!("{sentence}");
    }
    if embedded && config.environment == Environment::Development {
        tracing::info!("sign in as user@test.com or admin@test.com, password password1");
    }
}
