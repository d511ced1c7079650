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
    TooEarly,
    Reverted,
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
            Self::TooEarly => "a refresh came before the API's Retry-After was over",
            Self::Reverted => "a changed address became the old one again",
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
    /// The core API cannot repeat an answer, and a fault took it after the token was consumed: the successor exists once, in that
    /// answer, and no replica has it or can ask for it.
    AnswerLost,
    /// The API can repeat an answer for a while, and nobody could ask for it in that time: no replica that was up, had the
    /// store and reached the API was asked, nor was one left that goes on asking by itself.
    WindowPassed,
    /// A token was presented where reuse ends every session of the person, and what came of it is known nowhere: asking again
    /// could cost the others, so this one session is given up. Not so after an answer that says that nothing was spent.
    Unresolved,
    /// The store had no room for the newest grant when it came: a browser that did not get that page holds a spent token.
    StoreFull,
    /// The API's wish to wait was told to one replica, and this one could not read it: the store was not there.
    WaitUnknown,
    /// The head could not take a changed address, the store being down: it is in one cookie until an answer tells it again.
    ChangeUnwritten,
    /// A token in doubt is not shown at a sign-out where its reuse would end the person's other sessions.
    DoubtAtSignOut,
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
    /// Whether the session is over for all of its browsers.
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::AnswerLost | Self::WindowPassed | Self::Unresolved | Self::AdminRevoked)
    }

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Ending => "signed out as asked",
            Self::TimedOut => "idle or absolute timeout",
            Self::AdminRevoked => "revoked by an administrator",
            Self::AnswerLost => "recorded contract: answer lost after the token was consumed",
            Self::WindowPassed => "repeatable for a time only, and nobody could ask",
            Self::Unresolved => "in doubt, and asking would end the person's other sessions",
            Self::StoreFull => "the store had no room for the grant that followed",
            Self::WaitUnknown => "asked too early: the store that knows of the wait was down (nobody lost)",
            Self::ChangeUnwritten => {
                "an address was the old one again for a while: the store was down (nobody lost)"
            }
            Self::DoubtAtSignOut => "a token in doubt was not shown at sign-out",
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
pub(super) fn of_family(revoked: Option<Revoked>, reuse: Option<Excuse>) -> Option<Excuse> {
    match revoked {
        Some(Revoked::Admin) => Some(Excuse::AdminRevoked),
        Some(Revoked::Reuse) => reuse,
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
