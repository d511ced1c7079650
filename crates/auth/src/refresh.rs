//! What a provider says about refreshes: when they are due, how one ended, and what presenting the same token again would do.

use std::time::Duration;

use crate::{CLOCK_SKEW, Grant, TransportError};

/// When to renew the access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshTiming {
    /// Before its expiry, by min(this leeway, a quarter of the token's lifetime).
    Before(Duration),
    /// Only after its expiry: the provider treats an earlier refresh as theft.
    AfterExpiry,
    /// Only when a call was answered with 401.
    On401,
}

/// What presenting a refresh token again does, if nobody knows whether it was spent the first time.
///
/// This is one answer and not two, because what is harmless and what a mistake costs belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetition {
    /// Nothing: any token that the session ever received can be presented at any time. If an answer replaces the token
    /// and the old one only stays valid for a while, use [`AskAgain`](Self::AskAgain) without a rest instead.
    Free,
    /// For a time after the first presentation, the provider recognises the repetition and gives the same answer.
    Recognised {
        /// How long, counted from the first presentation.
        within: Duration,
        /// What a repetition after that time costs: at most this session.
        then: Rest,
    },
    /// It ends at most this session, which is already lost if the token was spent. The refresh is repeated after a rest.
    AskAgain(Rest),
    /// It ends more than this session, such as every session of the person. A token that may be spent is never presented again.
    Never,
}

/// How long a token that may be spent rests before it is presented again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// The rest if no answer came: until nothing of the first presentation can still be in progress. Clock skew is added to it.
    pub unanswered: Duration,
    /// The rest if a whole answer came that says nothing about the token (a 500, a proxy's page): nothing is in progress any more.
    pub answered: Duration,
}

impl Rest {
    /// For a provider that revokes at most this session: 30 seconds if no answer came, a second after an answer.
    pub const SHORT: Self = Self { unanswered: Duration::from_secs(30), answered: Duration::from_secs(1) };

    /// For a provider that treats a refresh within this time after the last one as theft. If no answer came, the last
    /// one may have arrived as late as [`SHORT`](Self::SHORT) allows. If an answer came, the next process may have
    /// another clock than the process that wrote the time down.
    pub const fn of(time: Duration) -> Self {
        let Self { unanswered, .. } = Self::SHORT;
        Self { unanswered: time.saturating_add(unanswered), answered: time.saturating_add(CLOCK_SKEW) }
    }
}

/// How a refresh ended. There are exactly five ends. Each reports everything that the provider knows: a fact that is
/// left out can later cost a session.
#[derive(Debug)]
pub enum RefreshOutcome {
    /// A new access token. The grant holds everything to keep from now on. A renewal may bring a new identity, new
    /// roles or a new session identifier of the provider: they are in the grant.
    Rotated(Grant),
    /// The provider says that the grant has ended. The session ends.
    Rejected(Rejection),
    /// No byte was sent. It is safe to repeat, and the session stays.
    NotSent(String),
    /// The provider answered, and the refresh token is certainly not spent (throttled, or refused without consuming
    /// it). The session stays, and the token is not presented before the wait is over.
    Unspent {
        /// How long the provider asks to wait, if it says so.
        retry_after: Option<Duration>,
        /// For the log.
        detail: String,
    },
    /// The request was sent and its effect is unknown: the refresh token may be spent. The session stays.
    InDoubt {
        /// Whether a whole answer came (5xx, a malformed answer). If so, nothing is in progress any more. `false` after
        /// a reset or a timeout.
        answered: bool,
        /// For the log.
        detail: String,
    },
}

/// The ends that the transport alone determines.
impl From<TransportError> for RefreshOutcome {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::NotSent(detail) => Self::NotSent(detail),
            TransportError::Interrupted(detail) => Self::InDoubt { answered: false, detail },
        }
    }
}

/// How a provider said that a grant has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// The refresh token is spent, revoked, expired or unknown. Most providers do not say which.
    InvalidGrant,
    /// The token was used twice, and the provider says so.
    Reused,
    /// The account is gone or closed.
    AccountGone,
}

/// Why a grant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// The person signed out.
    SignedOut,
    /// The person signed in again over this session.
    Replaced,
    /// The provider refused the refresh.
    Rejected(Rejection),
    /// The account was deleted.
    AccountDeleted,
    /// The grant's token was spent, and the grant that followed is forgotten.
    Superseded,
    /// The refresh token may be spent, and asking the provider would cost more than this session.
    Unresolved,
    /// No request came for the idle timeout, or the absolute timeout has passed.
    TimedOut,
    /// The person changed their password in another session.
    PasswordChanged,
    /// The person ended all of their sessions.
    EndedByPerson,
    /// The provider ended it (OpenID Connect Back-Channel Logout).
    EndedByProvider,
    /// A renewal brought roles with which the person may not be signed in here.
    NotAllowed,
    /// An administrator has taken a role from the person, which the session still has.
    RoleTaken,
}

impl EndReason {
    /// Whether the reason concerns one refresh token only, and says nothing about a later one.
    pub const fn is_of_one_rotation(self) -> bool {
        matches!(self, Self::Rejected(_) | Self::Superseded | Self::Unresolved)
    }
}
