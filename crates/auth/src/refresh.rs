//! What a provider says of refreshes: when, how one ended, and what another presentation of the same token would do.

use std::time::Duration;

use crate::{CLOCK_SKEW, Grant, TransportError};

/// When the access token is to be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshTiming {
    /// Ahead of its end, by min(this leeway, a quarter of the token's life).
    Before(Duration),
    /// Only after its end: the provider takes an earlier refresh for a theft.
    AfterExpiry,
    /// Only when a call was answered with 401.
    On401,
}

/// What presenting a refresh token again does, when nobody knows whether it was spent the first time.
///
/// It is one answer and not two, because what is harmless and what a mistake costs belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetition {
    /// Nothing: whatever token the session was ever given can be presented at any time. Where an answer replaces it, although the
    /// former one stays good for a while, it is not that free: say [`AskAgain`](Self::AskAgain) without a rest.
    Free,
    /// For a time after the first presentation the provider recognises the repetition and gives the same answer.
    Recognised {
        /// How long, counted from the first presentation.
        within: Duration,
        /// What it costs after that: at most this session.
        then: Rest,
    },
    /// At most this session, which is lost already if the token was spent. It is asked again after a rest.
    AskAgain(Rest),
    /// More than this session (every session of the person, say): a token that may be spent is never presented again.
    Never,
}

/// How long a token that may be spent rests before it is presented again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Where no answer came: until nothing of the first presentation can still be under way. Skew comes on top.
    pub unanswered: Duration,
    /// Where a whole answer came that says nothing of the token (a 500, a page of a proxy): nothing is under way any more.
    pub answered: Duration,
}

impl Rest {
    /// For a provider that revokes at most this session: half a minute where no answer came, a second after one.
    pub const SHORT: Self = Self { unanswered: Duration::from_secs(30), answered: Duration::from_secs(1) };

    /// For a provider that takes a refresh for a theft within that time after the last. Where no answer came, that one may have
    /// arrived as late as [`SHORT`](Self::SHORT) allows for. Where one came, who asks next may have another clock than who wrote
    /// down when.
    pub const fn of(time: Duration) -> Self {
        let Self { unanswered, .. } = Self::SHORT;
        Self { unanswered: time.saturating_add(unanswered), answered: time.saturating_add(CLOCK_SKEW) }
    }
}

/// How a refresh ended. There are five ends and no other. Each says all that the provider knows: what is known and not said
/// here is a session lost later.
#[derive(Debug)]
pub enum RefreshOutcome {
    /// A new access token; the grant holds whatever there is to hold from now on. A renewal may bring a new identity, new
    /// roles or a new session identifier of the provider's: they are in the grant.
    Rotated(Grant),
    /// The provider says that the grant is over. The session ends.
    Rejected(Rejection),
    /// No byte left: safe to repeat, the session stays.
    NotSent(String),
    /// The provider answered, and the refresh token is certainly not spent (throttled, or a refusal that consumes nothing).
    /// The session stays, and the token is not presented before the wait is over.
    Unspent {
        /// How long the provider asks to wait, where it says.
        retry_after: Option<Duration>,
        /// For the log.
        detail: String,
    },
    /// The request left and its effect is unknown: the refresh token may be spent. The session stays.
    InDoubt {
        /// Whether a whole answer came (5xx, an answer out of form): then nothing is under way any more. `false` after a
        /// reset or a timeout.
        answered: bool,
        /// For the log.
        detail: String,
    },
}

/// The ends that a transport alone decides.
impl From<TransportError> for RefreshOutcome {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::NotSent(detail) => Self::NotSent(detail),
            TransportError::Interrupted(detail) => Self::InDoubt { answered: false, detail },
        }
    }
}

/// How a provider said that a grant is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// The refresh token is spent, revoked, expired or unknown; most providers do not tell which.
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
    /// The grant was spent, and the one that followed it is forgotten.
    Superseded,
    /// The refresh token may be spent, and asking the provider would cost more than this session.
    Unresolved,
    /// Nobody came for as long as the idle timeout, or the absolute timeout has passed.
    TimedOut,
    /// The person changed their password in another session.
    PasswordChanged,
    /// The person ended all of their sessions.
    EndedByPerson,
    /// The provider ended it (OpenID Connect Back-Channel Logout).
    EndedByProvider,
}

impl EndReason {
    /// Whether it ended one refresh token alone, and says nothing of one that came after it.
    pub const fn is_of_one_rotation(self) -> bool {
        matches!(self, Self::Rejected(_) | Self::Superseded | Self::Unresolved)
    }
}
