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
    /// A refresh token that stays the same and can be presented any number of times. There are guests, whose cart goes
    /// along when they sign in, or is removed when their session ends.
    Commercetools,
    /// Rotation, and reuse ends every session of the person (Nest with cookies). It refuses many refreshes (429), and
    /// says the end with 403.
    CookieApi,
    /// A refresh while the last access token is valid counts as theft (`jwt_sessions`).
    JwtSessions,
    /// A session cookie that any answer may set again, also a 403, and signed tokens for the API. The end is 401 or a
    /// 200 with `null`, and 429 says in a header of its own how long to wait.
    BetterAuth,
    /// Cookies again. The last token is valid for another minute, then its reuse ends the family.
    Graced,
    /// Sign-in by redirect, and rotation at once: any reuse ends the family (OpenID Connect).
    OpenId,
}

impl Style {
    /// All styles.
    pub const ALL: [Self; 8] = [
        Self::Ours,
        Self::Recorded,
        Self::Commercetools,
        Self::CookieApi,
        Self::JwtSessions,
        Self::BetterAuth,
        Self::Graced,
        Self::OpenId,
    ];

    /// The name on the command line and in the output.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Recorded => "recorded",
            Self::Commercetools => "commercetools",
            Self::CookieApi => "cookie-api",
            Self::JwtSessions => "jwt-sessions",
            Self::BetterAuth => "better-auth",
            Self::Graced => "graced",
            Self::OpenId => "openid",
        }
    }

    /// Where the API says who asks.
    pub(crate) const fn me_path(self) -> &'static str {
        match self {
            Self::Ours | Self::Recorded | Self::OpenId => "/user/users/current",
            Self::CookieApi | Self::Graced => "/users/me",
            Self::JwtSessions | Self::BetterAuth | Self::Commercetools => "/me",
        }
    }

    /// Whether a sign-out needs a valid access token.
    pub(crate) const fn signs_out_with_access(self) -> bool {
        matches!(self, Self::CookieApi | Self::Graced)
    }

    /// Whether it signs tokens that our code checks.
    pub(crate) const fn signs(self) -> bool {
        matches!(self, Self::OpenId | Self::BetterAuth)
    }

    /// Whether people sign in at the provider, by redirect, and the provider tells the application of the end of a
    /// sign-in.
    pub(crate) const fn is_openid(self) -> bool {
        matches!(self, Self::OpenId)
    }

    /// Whether there are guests, whose carts are removed when their session ends.
    pub(crate) const fn has_guests(self) -> bool {
        matches!(self, Self::Commercetools)
    }

    /// Whether a page sends a form now and then.
    pub(crate) const fn sends_forms(self) -> bool {
        matches!(self, Self::JwtSessions)
    }

    /// Whether a page lists the person's sign-ins now and then.
    pub(crate) const fn lists_sessions(self) -> bool {
        matches!(self, Self::BetterAuth)
    }

    /// The header that says how long to wait.
    pub(crate) const fn wait_header(self) -> &'static str {
        match self {
            Self::BetterAuth => "x-retry-after",
            _ => "retry-after",
        }
    }

    /// How long the last refresh gets the same tokens again.
    pub(crate) const fn repeatable_for(self) -> Option<Duration> {
        match self {
            Self::Ours => Some(REPEATABLE_FOR),
            Self::Graced => Some(GRACE),
            Self::Recorded
            | Self::Commercetools
            | Self::CookieApi
            | Self::JwtSessions
            | Self::BetterAuth
            | Self::OpenId => None,
        }
    }

    /// Whether a refresh spends its token.
    pub(crate) const fn rotates(self) -> bool {
        !matches!(self, Self::Commercetools | Self::JwtSessions | Self::BetterAuth)
    }

    /// Whether an older cookie is useless once its successor is forgotten.
    pub(crate) const fn supersedes(self) -> bool {
        !matches!(self, Self::Commercetools)
    }

    /// How long a session may show no page after all faults are over, because a token rests for this long.
    pub(crate) const fn longest_rest(self) -> Duration {
        match self {
            Self::JwtSessions => ACCESS_TTL,
            _ => Duration::ZERO,
        }
    }
}
