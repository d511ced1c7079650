//! The kinds of back ends that a world can have.

use std::time::Duration;

use crate::core_api::{ACCESS_TTL, GRACE, REPEATABLE_FOR};

/// How the API behind us takes a refresh, and what a mistake costs there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Style {
    /// The embedded core API: a refresh can be repeated under its `Idempotency-Key`.
    Ours,
    /// The core API that the contract was recorded from: a lost answer is a lost token, reuse ends the family.
    Recorded,
    /// A refresh token that stays the same and can be presented any number of times (commercetools).
    Free,
    /// Rotation, and reuse ends every session of the person. It turns many refreshes away (429, 503).
    Person,
    /// A refresh while the access token of the last one lives is taken for a theft (`jwt_sessions`).
    JwtSessions,
    /// A session cookie that answers set anew, larger than a cookie of ours can be (Better Auth).
    Cookies,
    /// Rotation; the last token is good for a minute more, then its reuse ends the family (OpenID Connect).
    OpenId,
}

impl Style {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Ours,
        Self::Recorded,
        Self::Free,
        Self::Person,
        Self::JwtSessions,
        Self::Cookies,
        Self::OpenId,
    ];

    /// As it is asked for on the command line, and printed.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Recorded => "recorded",
            Self::Free => "free",
            Self::Person => "person",
            Self::JwtSessions => "jwt-sessions",
            Self::Cookies => "cookies",
            Self::OpenId => "openid",
        }
    }

    /// The real provider of the core API speaks to these two.
    pub(crate) const fn is_core_api(self) -> bool {
        matches!(self, Self::Ours | Self::Recorded)
    }

    /// For how long the last refresh is answered again with the same tokens.
    pub(crate) const fn repeatable_for(self) -> Option<Duration> {
        match self {
            Self::Ours => Some(REPEATABLE_FOR),
            Self::OpenId => Some(GRACE),
            Self::Recorded | Self::Free | Self::Person | Self::JwtSessions | Self::Cookies => None,
        }
    }

    /// Whether a refresh spends its token.
    pub(crate) const fn rotates(self) -> bool {
        !matches!(self, Self::Free | Self::JwtSessions | Self::Cookies)
    }

    /// Whether a cookie that is behind, and whose successor is forgotten, is good for nothing.
    pub(crate) const fn supersedes(self) -> bool {
        !matches!(self, Self::Free)
    }

    /// For how long a session may show no page although nothing is wrong any more: a token rests for so long.
    pub(crate) const fn longest_rest(self) -> Duration {
        match self {
            Self::JwtSessions => ACCESS_TTL,
            _ => Duration::ZERO,
        }
    }
}
