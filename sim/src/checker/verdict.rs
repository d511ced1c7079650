//! What is wrong, and what is no fault of ours.

use std::time::Duration;

use crate::core_api::{PersonId, Revoked};

/// What must never happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Violation {
    Lost,
    Stuck,
    CookieRemoved,
    PresentedTwice,
    FamilyRevoked,
    CopyShows,
    TokenLeft,
    TooLate,
    WrongPerson,
    ServerError,
}

impl Violation {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Lost => "a session was lost",
            Self::Stuck => "a session never recovers",
            Self::CookieRemoved => "a cookie was removed that should be kept",
            Self::PresentedTwice => "a refresh token was presented twice",
            Self::FamilyRevoked => "we had a family revoked",
            Self::CopyShows => "a signed-out session still shows the person",
            Self::TokenLeft => "sign-out left an unused token",
            Self::TooLate => "a page came too late",
            Self::WrongPerson => "somebody else was shown",
            Self::ServerError => "a replica failed",
        }
    }
}

/// Why somebody ends at the sign-in page although they did not ask for it, or nearly so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Excuse {
    /// They did ask for it.
    Ending,
    TimedOut,
    AdminRevoked,
    /// The core API cannot repeat an answer, and a fault took it after the token was consumed.
    AnswerLost,
    /// The core API can repeat an answer for a while, and nobody could ask for it in that time.
    WindowPassed,
    /// The cookie is older than is promised.
    Superseded,
    /// This replica does not know the cookie's key yet. The cookie stays.
    KeyUnknown,
    /// The tombstone could not be written or read: the store was not there.
    StoreDown,
    /// The store was down at a sign-out, and the replica that was to write it down later crashed before.
    EndLost,
    /// The core API could not be told of a sign-out.
    CoreApiDown,
    /// Somebody signed out, or in over, a cookie that nothing could come of any more; its family is left as it is.
    EndedSuperseded,
}

impl Excuse {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Ending => "signed out as asked",
            Self::TimedOut => "idle or absolute timeout",
            Self::AdminRevoked => "revoked by an administrator",
            Self::AnswerLost => "recorded contract: answer lost after the token was consumed",
            Self::WindowPassed => "repeatable for ten minutes only, and nobody came",
            Self::Superseded => "a cookie older than is promised",
            Self::KeyUnknown => "a replica that does not know the key yet (cookie kept)",
            Self::StoreDown => "a copy worked within one access-token life, the store being down",
            Self::EndLost => {
                "a copy still shows a name: store down at sign-out, and that replica crashed after it"
            }
            Self::EndedSuperseded => "signed out with a cookie that was superseded before",
            Self::CoreApiDown => "a token was left at sign-out, the core API or the store being down",
        }
    }
}

/// What is said of a family's end.
pub(super) fn of_family(revoked: Option<Revoked>, window_passed: bool) -> Option<Excuse> {
    match revoked {
        Some(Revoked::Admin) => Some(Excuse::AdminRevoked),
        Some(Revoked::Reuse) if window_passed => Some(Excuse::WindowPassed),
        _ => None,
    }
}

/// One violation, with the story of the person it happened to.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) violation: Violation,
    pub(crate) person: PersonId,
    pub(crate) at: Duration,
    pub(crate) text: String,
    pub(crate) story: String,
}
