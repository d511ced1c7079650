//! One opened core API.

use std::{future, io, path::Path, sync::Arc, time::Duration};

use axum::{Router, serve::ListenerExt};
use http::Method;
use sqlx::migrate::MigrateError;
use tokio::{net::TcpListener, sync::oneshot, time};
use uuid::Uuid;

use crate::{
    background::Background,
    config::Config,
    database::{self, Database},
    error::InternalError,
    families,
    health::{Health, Unwritable},
    keys::{Keys, Secret, SigningError, ensure_private},
    mail::{Mailer, Outbox, StoredMessage, create_private_folder},
    password::{HashingError, Passwords},
    routes,
    stats::{Counters, Stats},
    timestamp::Timestamp,
    verification,
    verified_tokens::{Bearer, VerifiedTokens},
};

/// How long a stop waits for requests in flight. A client that sends half a request must not delay it further.
const GRACE: Duration = Duration::from_secs(10);

/// How long a stop waits for e-mails that are being sent. The next start sends the others.
const SETTLING_TIME: Duration = Duration::from_secs(5);

/// How long the result of an action request can be read.
const ACTION_REQUEST_LIFE: Duration = Duration::from_hours(30 * 24);

/// Why a core API cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The configuration is contradictory.
    #[error("the core API's configuration is wrong: {0}")]
    Config(&'static str),
    /// The data folder, or something in it, cannot be used.
    #[error("the core API's data folder cannot be used: {0}")]
    DataDir(#[from] io::Error),
    /// The database cannot be opened or migrated.
    #[error("the core API's database cannot be opened: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The keys or the password hashing cannot be set up.
    #[error("the core API's cryptography cannot be set up: {0}")]
    Cryptography(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<MigrateError> for OpenError {
    fn from(error: MigrateError) -> Self {
        Self::Database(error.into())
    }
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<SigningError> for OpenError {
    fn from(error: SigningError) -> Self {
        Self::Cryptography(error.into())
    }
}

impl From<HashingError> for OpenError {
    fn from(error: HashingError) -> Self {
        Self::Cryptography(error.into())
    }
}

impl From<InternalError> for OpenError {
    fn from(error: InternalError) -> Self {
        Self::Database(error.into())
    }
}

/// The opened reference core API. Clones share everything.
#[derive(Clone)]
pub struct CoreApi(Arc<Inner>);

struct Inner {
    config: Config,
    database: Database,
    keys: Keys,
    verified_tokens: VerifiedTokens,
    passwords: Passwords,
    /// Where e-mails go if the configuration has no mailer.
    outbox: Outbox,
    mailer: Arc<dyn Mailer>,
    counters: Counters,
    background: Background,
    health: Health,
}

impl CoreApi {
    /// Opens the data folder, creates what is missing, migrates the database, seeds it in development, and resumes work
    /// that the last stop left undone.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says which part of the configuration or the data folder cannot be used.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        if let Some(problem) = config.problem() {
            return Err(OpenError::Config(problem));
        }
        let (clock, random) = (config.clock.clone(), config.random.clone());
        let (database, secret, outbox) = if config.in_memory {
            (
                Database::in_memory().await?,
                Secret::generate(&random),
                Outbox::in_memory(clock, random.clone()),
            )
        } else {
            let data_dir: &Path = &config.data_dir;
            create_private_folder(data_dir)?;
            let secret = Secret::load_or_generate(data_dir, &random)?;
            let outbox = Outbox::in_folder(data_dir.join("outbox"), clock, random.clone())?;
            // The database contains password hashes. SQLite gives its log the mode of the file.
            ensure_private(&data_dir.join(database::FILE_NAME))?;
            (Database::open(data_dir, config.readers).await?, secret, outbox)
        };
        let api = Self(Arc::new(Inner {
            database,
            keys: Keys::derive_from(&secret)?,
            verified_tokens: VerifiedTokens::default(),
            passwords: Passwords::new(config.password_cost, config.concurrent_hashes, random)?,
            mailer: config.mailer.clone().unwrap_or_else(|| Arc::new(outbox.clone())),
            outbox,
            counters: Counters::default(),
            background: Background::new(),
            health: Health::default(),
            config,
        }));
        api.start().await?;
        Ok(api)
    }

    async fn start(&self) -> Result<(), OpenError> {
        let now = self.now();
        let mut transaction = self.database().write().await?;
        families::forget_all_dead(&mut transaction, now).await?;
        verification::forget_before(&mut transaction, now.minus(ACTION_REQUEST_LIFE)).await?;
        transaction.commit().await?;
        if self.config().development {
            self.seed().await?;
        }
        self.send_unsent().await?;
        self.process_unprocessed().await?;
        Ok(())
    }

    /// The whole API as a router, for in-process tests.
    pub fn router(&self) -> Router {
        routes::router(self)
    }

    /// Every method and path of the router, in OpenAPI notation.
    pub fn operations(&self) -> Vec<(Method, &'static str)> {
        routes::operations(self.config())
    }

    /// Serves until `shutdown`, then answers requests in flight, finishes recorded work and closes the database.
    ///
    /// # Errors
    ///
    /// If the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "answers may wait for their acknowledgement");
            }
        });
        let (signal, signalled) = oneshot::channel::<()>();
        let server = axum::serve(listener, self.router()).with_graceful_shutdown(async {
            shutdown.await;
            drop(signal);
        });
        let overdue = async {
            // Dropping the sender is the signal.
            let _ = signalled.await;
            let _ = time::timeout(GRACE, future::pending::<()>()).await;
        };
        tokio::select! {
            result = server => result?,
            () = overdue => tracing::warn!("a client did not finish its request; its connection is dropped"),
        }
        self.background().stop();
        if time::timeout(SETTLING_TIME, self.settled()).await.is_err() {
            tracing::warn!("e-mails are still on their way; the next start sends them");
        }
        self.0.database.close().await;
        Ok(())
    }

    /// Counters since the start.
    pub fn stats(&self) -> Stats {
        self.0.counters.snapshot()
    }

    /// Resolves when no background work is running: every recorded e-mail is sent or waits to be tried again, and every
    /// action request is done.
    pub async fn settled(&self) {
        self.0.background.settled().await;
    }

    /// The newest e-mails in the outbox, newest first. Call [`settled`](Self::settled) first to see all.
    ///
    /// # Errors
    ///
    /// If the outbox folder cannot be read.
    pub async fn outbox(&self) -> io::Result<Vec<StoredMessage>> {
        self.0.outbox.messages().await
    }

    /// Whether the API can write, from at most a second ago.
    pub(crate) async fn check_health(&self) -> Result<(), Unwritable> {
        self.0.health.check(self.database(), self.now()).await
    }

    /// One of the newest e-mails in the outbox.
    pub(crate) async fn outbox_message(&self, name: &str) -> io::Result<Option<StoredMessage>> {
        self.0.outbox.message(name).await
    }

    /// Calls `begin` after a delay, unless this core API is stopped or gone before.
    pub(crate) fn later(&self, delay: Duration, begin: impl FnOnce(Self) + Send + 'static) {
        let inner = Arc::downgrade(&self.0);
        self.background().begin_later(delay, move || {
            if let Some(inner) = inner.upgrade() {
                begin(Self(inner));
            }
        });
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    /// The bearer of this access token, if it has our signature.
    pub(crate) fn bearer(&self, token: &str) -> Option<Bearer> {
        self.0.verified_tokens.bearer(token, &self.0.keys)
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn mailer(&self) -> &dyn Mailer {
        &*self.0.mailer
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    pub(crate) fn background(&self) -> &Background {
        &self.0.background
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0.config.clock)().into()
    }

    pub(crate) fn random_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        (self.0.config.random)(&mut bytes);
        bytes
    }

    pub(crate) fn new_id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random_bytes()).into_uuid()
    }
}
