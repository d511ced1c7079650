use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::{AccountError, AuthorizedCalls, Grant};

/// The list of a person's sessions that a provider keeps by itself. It counts: a session that is not on it is over, and
/// one that ends there ends here.
#[async_trait]
pub trait OwnSessions: Send + Sync {
    /// What tells the session of this grant from others of the person: a hash, the same for every grant of the session.
    /// `None` if the grant does not say.
    fn mark(&self, grant: &Grant) -> Option<String>;

    /// The person's sessions at the provider, those of other applications among them. `current` is the grant that asks.
    ///
    /// # Errors
    ///
    /// [`AccountError::NotRecent`] if the provider wants a more recent sign-in for this; [`AccountError::SignedOut`],
    /// [`AccountError::TooManyRequests`], [`AccountError::Unavailable`].
    async fn list(
        &self,
        calls: &dyn AuthorizedCalls,
        current: &Grant,
    ) -> Result<Vec<OwnSession>, AccountError>;

    /// Ends the session with this mark. Returns `false` if the person has none.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    async fn end(
        &self,
        calls: &dyn AuthorizedCalls,
        current: &Grant,
        mark: &str,
    ) -> Result<bool, AccountError>;

    /// Ends all sessions of the person but the one that asks.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list), without [`AccountError::NotRecent`].
    async fn end_others(&self, calls: &dyn AuthorizedCalls) -> Result<(), AccountError>;
}

/// A session on the list of a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnSession {
    /// What tells it from others of the person, see [`OwnSessions::mark`]. It gives nobody access.
    pub mark: String,
    /// When it began, if the provider says so.
    pub created_at: Option<SystemTime>,
    /// When it was used last, if the provider says so.
    pub last_seen: Option<SystemTime>,
    /// The address that it was used at, in the words of the provider.
    pub address: Option<String>,
    /// The program that it was used with. For sessions of this application, that may be the application itself.
    pub user_agent: Option<String>,
}

/// Shows nothing of the person.
impl fmt::Debug for OwnSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnSession").field("mark", &self.mark).finish_non_exhaustive()
    }
}
