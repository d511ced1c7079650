//! What is wrong, and what is not our fault.

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
    AttemptForgotten,
    ProofMisjudged,
    LogoutTwice,
    TooEarly,
    Reverted,
    ServerError,
    CartLost,
    CleanedTwice,
    NotCleaned,
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
            Self::AttemptForgotten => "an answer of the provider was not recognised",
            Self::ProofMisjudged => "a re-authentication was believed or refused wrongly",
            Self::LogoutTwice => "a logout token was accepted twice",
            Self::WrongPerson => "somebody else was shown",
            Self::ServerError => "a replica failed",
            Self::CartLost => "a guest signed in and lost the cart",
            Self::CleanedTwice => "what belongs to a session was removed twice",
            Self::NotCleaned => "what belongs to a session was left after its end",
        }
    }
}

/// Why somebody ends at the sign-in page although they did not ask for it, or hardly did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Excuse {
    /// They asked for it.
    Ending,
    TimedOut,
    AdminRevoked,
    /// The core API cannot repeat an answer, and a fault lost the answer after the token was consumed. The successor
    /// exists only in that answer, and no replica has it or can ask for it.
    AnswerLost,
    /// The API can repeat an answer for a while, and nobody could ask for it in that time: no replica that was up, had
    /// the store and reached the API received a request, and no process was left that repeats by itself.
    WindowPassed,
    /// The API can repeat an answer for a while. A repetition that left within it was still on its way when that was
    /// over, long after its sender had given up waiting.
    ArrivedLate,
    /// A token was presented where reuse ends every session of the person, and nobody knows the result. Asking again
    /// could cost the other sessions, so this one is given up. This does not apply after an answer that says that
    /// nothing was spent.
    Unresolved,
    /// The provider's answer was opened twice at once, and the store that knows of the first time was down. The provider
    /// then ends what the code began.
    CodeAgain,
    /// The store had no room for the newest grant when it came. A browser that did not get that page holds a spent
    /// token.
    StoreFull,
    /// One replica was asked by the API to wait, and this one could not read that because the store was away.
    WaitUnknown,
    /// The head could not store a changed address because the store was down. It is in one cookie until an answer tells
    /// it again.
    ChangeUnwritten,
    /// A token in doubt is not presented at a sign-out if its reuse would end the person's other sessions.
    DoubtAtSignOut,
    /// The cookie is older than what is promised.
    Superseded,
    /// This replica does not know the cookie's key yet. The cookie stays.
    KeyUnknown,
    /// The tombstone could not be written or read because the store was away.
    StoreDown,
    /// The store was down at a sign-out, and the replica that was to record it later crashed before that.
    EndLost,
    /// What belongs to a session was removed again, or not at all, because the store or the process that noted its end
    /// was lost.
    CleanedAgain,
    NotCleaned,
    /// The core API could not be told of a sign-out.
    CoreApiDown,
    /// Somebody signed out, or signed in again, with a cookie that could no longer lead to anything. Its family is left
    /// as it is.
    EndedSuperseded,
}

impl Excuse {
    /// Whether the session is over for all of its browsers.
    pub(crate) const fn is_final(self) -> bool {
        matches!(
            self,
            Self::AnswerLost
                | Self::WindowPassed
                | Self::ArrivedLate
                | Self::Unresolved
                | Self::AdminRevoked
                | Self::CodeAgain
        )
    }

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Ending => "signed out as asked",
            Self::TimedOut => "idle or absolute timeout",
            Self::AdminRevoked => "revoked by an administrator",
            Self::AnswerLost => "an answer that cannot be repeated was lost after the token was consumed",
            Self::WindowPassed => "repeatable for a time only, and nobody could ask",
            Self::ArrivedLate => "repeatable for a time only, and a repetition was longer on its way",
            Self::Unresolved => "in doubt, and asking would end the person's other sessions",
            Self::CodeAgain => "an answer of the provider opened twice, the store being down",
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
            Self::CleanedAgain => "removed twice what belongs to a session, the store being down",
            Self::NotCleaned => {
                "left what belongs to a session, the store, the API or the process being lost"
            }
            Self::CoreApiDown => "a token was left at sign-out, the core API or the store being down",
        }
    }
}

/// The verdict on the end of a family.
pub(super) fn of_family(revoked: Option<Revoked>, reuse: Option<Excuse>) -> Option<Excuse> {
    match revoked {
        Some(Revoked::Admin) => Some(Excuse::AdminRevoked),
        Some(Revoked::Reuse) => reuse,
        _ => None,
    }
}

/// One violation, with the story of the affected person.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) violation: Violation,
    pub(crate) person: PersonId,
    pub(crate) at: Duration,
    pub(crate) text: String,
    pub(crate) story: String,
}
