//! Mistakes that a provider can make, each against the rules of one kind of back end. With the feature `mutants`, one of
//! them can be switched on for the whole process, as with `ironleaf_auth::mutants`.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::style::Style;

/// A provider's mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mistake {
    /// The `Idempotency-Key` is left out.
    KeyLeftOut = 1,
    /// The token of an answer is not kept, so the spent one is presented next.
    SpentTokenKept,
    /// `jwt_sessions` is refreshed before the access token has expired.
    RefreshedBeforeTheEnd,
    /// A cookie that an answer sets again is dropped.
    CookieSetAgainDropped,
    /// A rate limit is taken for the end of the session.
    LimitTakenForTheEnd,
    /// The refresh cookie is sent a second time if no answer came.
    RefreshCookieSentAgain,
    /// The value against forged requests of the last refresh is kept.
    FormValueKept,
    /// A guest who signs in begins with an empty cart.
    CartLeftBehind,
    /// A guest's cart is removed twice at the end of their session.
    CleanedTwice,
    /// A guest's cart stays after the end of their session.
    NeverCleaned,
    /// A time of grace is taken for endless.
    EndlessGrace,
    /// A provider that revokes the grant is asked again without a rest.
    NoRest,
}

impl Mistake {
    /// All mistakes.
    pub const ALL: [Self; 12] = [
        Self::KeyLeftOut,
        Self::SpentTokenKept,
        Self::RefreshedBeforeTheEnd,
        Self::CookieSetAgainDropped,
        Self::LimitTakenForTheEnd,
        Self::RefreshCookieSentAgain,
        Self::FormValueKept,
        Self::CartLeftBehind,
        Self::CleanedTwice,
        Self::NeverCleaned,
        Self::EndlessGrace,
        Self::NoRest,
    ];

    /// The style whose rule it breaks.
    pub const fn style(self) -> Style {
        match self {
            Self::KeyLeftOut => Style::Ours,
            Self::SpentTokenKept => Style::Recorded,
            Self::RefreshedBeforeTheEnd | Self::FormValueKept => Style::JwtSessions,
            Self::CookieSetAgainDropped | Self::LimitTakenForTheEnd => Style::BetterAuth,
            Self::RefreshCookieSentAgain => Style::CookieApi,
            Self::CartLeftBehind | Self::CleanedTwice | Self::NeverCleaned => Style::Commercetools,
            Self::EndlessGrace => Style::Graced,
            Self::NoRest => Style::OpenId,
        }
    }
}

static ACTIVE: AtomicU8 = AtomicU8::new(0);

/// Makes every provider of this process make the mistake; `None` corrects them.
pub fn activate(mistake: Option<Mistake>) {
    ACTIVE.store(mistake.map_or(0, |mistake| mistake as u8), Ordering::Relaxed);
}

/// Whether the providers make this mistake.
pub(crate) fn is_made(mistake: Mistake) -> bool {
    cfg!(feature = "mutants") && ACTIVE.load(Ordering::Relaxed) == mistake as u8
}
