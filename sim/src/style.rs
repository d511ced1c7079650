//! The kinds of back ends in a world.

use std::time::Duration;

use crate::core_api::{ACCESS_TTL, GRACE, REPEATABLE_FOR};

/// How the API handles a refresh, and what a mistake costs there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Style {
    /// The embedded core API: a refresh can be repeated with its `Idempotency-Key`.
    Ours,
    /// The core API from which the contract was recorded: a lost answer is a lost token, and reuse ends the family.
    Recorded,
    /// A refresh token that stays the same and can be presented any number of times (commercetools).
    Free,
    /// Rotation, and reuse ends every session of the person. It refuses many refreshes (429, 503).
    Person,
    /// A refresh while the last access token is valid counts as theft (`jwt_sessions`).
    JwtSessions,
    /// A session cookie that answers set again, larger than one of our cookies can be (Better Auth).
    Cookies,
    /// Rotation. The last token is valid for another minute, then its reuse ends the family.
    Graced,
    /// Sign-in by redirect, and rotation at once: any reuse ends the family (OpenID Connect). The real provider talks
    /// to it.
    OpenId,
}

impl Style {
    /// All styles.
    pub const ALL: [Self; 8] = [
        Self::Ours,
        Self::Recorded,
        Self::Free,
        Self::Person,
        Self::JwtSessions,
        Self::Cookies,
        Self::Graced,
        Self::OpenId,
    ];

    /// The name on the command line and in the output.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Recorded => "recorded",
            Self::Free => "free",
            Self::Person => "person",
            Self::JwtSessions => "jwt-sessions",
            Self::Cookies => "cookies",
            Self::Graced => "graced",
            Self::OpenId => "openid",
        }
    }

    /// Whether the real provider of the core API talks to it.
    pub(crate) const fn is_core_api(self) -> bool {
        matches!(self, Self::Ours | Self::Recorded)
    }

    /// Whether people sign in at the provider, by redirect, and the provider tells the application of the end of a
    /// sign-in.
    pub(crate) const fn is_openid(self) -> bool {
        matches!(self, Self::OpenId)
    }

    /// How long the last refresh gets the same tokens again.
    pub(crate) const fn repeatable_for(self) -> Option<Duration> {
        match self {
            Self::Ours => Some(REPEATABLE_FOR),
            Self::Graced => Some(GRACE),
            Self::Recorded | Self::Free | Self::Person | Self::JwtSessions | Self::Cookies | Self::OpenId => {
                None
            }
        }
    }

    /// Whether a refresh spends its token.
    pub(crate) const fn rotates(self) -> bool {
        !matches!(self, Self::Free | Self::JwtSessions | Self::Cookies)
    }

    /// Whether an older cookie is useless once its successor is forgotten.
    pub(crate) const fn supersedes(self) -> bool {
        !matches!(self, Self::Free)
    }

    /// How long a session may show no page after all faults are over, because a token rests for this long.
    pub(crate) const fn longest_rest(self) -> Duration {
        match self {
            Self::JwtSessions => ACCESS_TTL,
            _ => Duration::ZERO,
        }
    }
}
