//! The words around the numbers: what was counted, and why a number cannot be 0.

use crate::script::Kind;
use crate::style::Style;

pub(super) const INTRODUCTION: &str = "\
# Sessions lost

How many sessions end at the sign-in page because of faults, with Ironleaf and with a plain client, in simulated worlds
from one seed, with the very same faults for both. The providers are those that a server runs with, and each back end is
a model that speaks as the real one does. Every person has two sessions, on a laptop and on a
phone. The access token has expired, one fault meets the laptop's refresh, and the person tries again for three
quarters of an hour. Two refreshes later, each session is there or it is lost. So a fault can cost two sessions where
a back end ends all of a person's sessions at once.

The plain client is the code that most applications have. It keeps the tokens in a cookie. If a call is answered with
401, it refreshes, tries that once more at once if no tokens come, and repeats the call. It means well: a 429, a 5xx or
silence signs nobody out. It has no store, so an unreachable store does nothing to it.

";

const SUCCESSOR_LOST: &str = "The token that follows exists only in the answer that did not arrive, and the back end \
                              does not give it a second time.\nNobody can have it, so this cannot be 0.";
const IN_DOUBT: &str = "Nobody can know whether the token is spent, and a spent one would cost all of the person's \
                        sessions. Ironleaf does not ask:\nthis one session ends, and the others stay. A back end that \
                        repeats an answer for some seconds would leave a way.";

/// The heading of a back end.
pub(super) const fn title(style: Style) -> &'static str {
    match style {
        Style::Ours => "`core-api`, with `Idempotency-Key`",
        Style::Recorded => "`core-api`, without `Idempotency-Key`",
        Style::JwtSessions => "`jwt-sessions`",
        Style::BetterAuth => "`better-auth`",
        Style::CookieApi => "`cookie-api`",
        Style::Commercetools => "`commercetools`",
        Style::OpenId => "`oidc`, rotation without a time of grace",
        Style::Graced => "`cookie-api`, with a minute of grace",
    }
}

/// Why our code has to lose sessions there, if it has to.
pub(super) const fn why(style: Style, kind: Kind) -> Option<&'static str> {
    match (style, kind) {
        (
            Style::Recorded | Style::OpenId,
            Kind::AnswerLost | Kind::Reset | Kind::Error | Kind::Slow | Kind::Killed,
        ) => Some(SUCCESSOR_LOST),
        (
            Style::CookieApi,
            Kind::AnswerLost | Kind::RequestLost | Kind::Reset | Kind::Error | Kind::Slow | Kind::Killed,
        ) => Some(IN_DOUBT),
        _ => None,
    }
}
