//! One opened core API: what all of its parts share.

use std::{io, sync::Arc, time::Duration};

use uuid::Uuid;

use crate::{
    background::Background,
    config::Config,
    database::Database,
    health::{Health, Unwritable},
    keys::Keys,
    mail::{Mailer, Outbox, StoredMessage},
    passkeys::RelyingParty,
    password::Passwords,
    stats::{Counters, Stats},
    timestamp::Timestamp,
    verified_tokens::{Bearer, VerifiedTokens},
};

/// The reference core API, opened. Clones share everything.
#[derive(Clone)]
pub struct CoreApi(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) database: Database,
    pub(crate) keys: Keys,
    pub(crate) verified_tokens: VerifiedTokens,
    pub(crate) passwords: Passwords,
    /// `None` if the application has no domain, and so no passkeys.
    pub(crate) relying_party: Option<RelyingParty>,
    /// Where e-mails go unless the configuration has a mailer.
    pub(crate) outbox: Outbox,
    pub(crate) mailer: Arc<dyn Mailer>,
    pub(crate) counters: Counters,
    pub(crate) background: Background,
    pub(crate) health: Health,
}

impl CoreApi {
    pub(crate) fn of(parts: Parts) -> Self {
        Self(Arc::new(parts))
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

    pub(crate) fn relying_party(&self) -> Option<&RelyingParty> {
        self.0.relying_party.as_ref()
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
