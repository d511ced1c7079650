//! Opening a core API, and taking up what the last stop left undone.

use std::{io, path::Path, sync::Arc, time::Duration};

use sqlx::migrate::MigrateError;

use crate::{
    activity,
    background::Background,
    config::Config,
    core_api::{CoreApi, Parts},
    database::{self, Database},
    error::InternalError,
    families,
    health::Health,
    keys::{Keys, Secret, SigningError, ensure_private},
    mail::{Outbox, create_private_folder},
    passkeys::{RelyingParty, RelyingPartyError},
    password::{HashingError, Passwords},
    restoration,
    stats::Counters,
    verification,
    verified_tokens::VerifiedTokens,
};

/// How long an action request can be asked for.
const ACTION_REQUEST_LIFE: Duration = Duration::from_hours(30 * 24);

/// Why a core API cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The configuration contradicts itself.
    #[error("the core API's configuration is wrong: {0}")]
    Config(&'static str),
    /// The settings of passkeys contradict the origin of the application.
    #[error("the core API cannot offer passkeys: {0}")]
    Passkeys(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The data folder or something in it cannot be used.
    #[error("the core API's data folder cannot be used: {0}")]
    DataDir(#[from] io::Error),
    /// The database cannot be opened or brought up to date.
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

impl From<RelyingPartyError> for OpenError {
    fn from(error: RelyingPartyError) -> Self {
        Self::Passkeys(error.into())
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

impl CoreApi {
    /// Opens the data folder, creates what is missing, migrates the database, seeds it in development and takes up
    /// what the last stop left undone.
    ///
    /// # Errors
    ///
    /// Says which part of the configuration or the data folder cannot be used.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        if let Some(problem) = config.problem() {
            return Err(OpenError::Config(problem));
        }
        let relying_party = RelyingParty::of(&config)?;
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
            // It holds password hashes. SQLite gives its log the mode of the file.
            ensure_private(&data_dir.join(database::FILE_NAME))?;
            (Database::open(data_dir, config.readers).await?, secret, outbox)
        };
        let api = Self::of(Parts {
            database,
            keys: Keys::derive_from(&secret)?,
            relying_party,
            verified_tokens: VerifiedTokens::default(),
            passwords: Passwords::new(config.password_cost, config.concurrent_hashes, random)?,
            mailer: config.mailer.clone().unwrap_or_else(|| Arc::new(outbox.clone())),
            outbox,
            counters: Counters::default(),
            background: Background::new(),
            health: Health::default(),
            config,
        });
        api.start().await?;
        Ok(api)
    }

    async fn start(&self) -> Result<(), OpenError> {
        let now = self.now();
        let mut transaction = self.database().write().await?;
        families::forget_all_dead(&mut transaction, now).await?;
        activity::forget_old(&mut transaction, now).await?;
        restoration::forget_old(&mut transaction, now).await?;
        verification::forget_before(&mut transaction, now.minus(ACTION_REQUEST_LIFE)).await?;
        transaction.commit().await?;
        if self.config().development {
            self.seed().await?;
        }
        self.send_unsent().await?;
        self.process_unprocessed().await?;
        Ok(())
    }
}
