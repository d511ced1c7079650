use std::sync::Arc;

/// Is called with every [`Event`] as it happens: for metrics, and for tests that check which path was taken.
pub type Observer = Arc<dyn Fn(Event) + Send + Sync>;

/// Something that happened to a session's tokens. No event names a person or a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A refresh succeeded and its head was committed.
    Refreshed,
    /// A request with an older cookie adopted the head.
    Adopted {
        /// How many rotations its cookie was behind.
        rotations_behind: u64,
    },
    /// A request waited for a refresh that another request of this process had started.
    Joined,
    /// A refresh found that another one, in this process or elsewhere, holds the session's lease.
    WaitedForLease,
    /// A refresh found that an earlier one had presented the token and never finished.
    Heir,
    /// A refresh ended in doubt.
    InDoubt,
    /// A refresh in doubt was repeated under its idempotency key.
    AskedAgainIdempotent,
    /// A refresh in doubt was repeated after the wait that makes it safe.
    AskedAgainAfterDoubt,
    /// No byte of a refresh was sent.
    NotSent,
    /// The provider refused a refresh for now. Its token is certainly not spent.
    Unspent,
    /// The provider ended a session.
    Rejected,
    /// A cookie's token was spent, and the grant that followed is forgotten.
    Superseded,
    /// A session ended because nobody can tell any more whether its refresh token is spent, and repeating the refresh
    /// would end other sessions.
    Unresolved,
    /// A request found that the head says that its session has ended.
    Dead,
    /// A request found a newer grant that is sealed under a key that this process does not know.
    SealedElsewhere,
    /// The store did not answer.
    StoreUnreachable,
    /// A refresh continued although the store did not answer.
    RefreshedWithoutStore,
    /// The commit of a head had to be repeated.
    CommitRetried,
    /// A head had changed before it was written, so it was read again.
    Overtaken,
    /// The provider was told about a sign-out.
    Revoked,
    /// The provider could not be told about a sign-out.
    RevocationFailed,
}

impl Event {
    /// The stable name of the event, for metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Refreshed => "refreshed",
            Self::Adopted { .. } => "adopted",
            Self::Joined => "joined",
            Self::WaitedForLease => "waited_for_lease",
            Self::Heir => "heir",
            Self::InDoubt => "in_doubt",
            Self::AskedAgainIdempotent => "asked_again_idempotent",
            Self::AskedAgainAfterDoubt => "asked_again_after_doubt",
            Self::NotSent => "not_sent",
            Self::Unspent => "unspent",
            Self::Rejected => "rejected",
            Self::Superseded => "superseded",
            Self::Unresolved => "unresolved",
            Self::Dead => "dead",
            Self::SealedElsewhere => "sealed_elsewhere",
            Self::StoreUnreachable => "store_unreachable",
            Self::RefreshedWithoutStore => "refreshed_without_store",
            Self::CommitRetried => "commit_retried",
            Self::Overtaken => "overtaken",
            Self::Revoked => "revoked",
            Self::RevocationFailed => "revocation_failed",
        }
    }
}

/// An observer that ignores every event.
pub fn nobody() -> Observer {
    Arc::new(|_| {})
}
