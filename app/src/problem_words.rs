//! The words that a person reads about a problem. They are constant, so that the cause cannot leak.

use ironleaf_bff::ProblemKind;

use crate::language::Language;

/// The heading of its page.
pub(crate) fn title(kind: ProblemKind, language: Language) -> &'static str {
    language.word(match kind {
        ProblemKind::BadRequest | ProblemKind::UnsupportedMediaType => "problem-bad-request",
        ProblemKind::CrossSite => "problem-cross-site",
        ProblemKind::CookiesBlocked => "problem-cookies-blocked",
        ProblemKind::Forbidden => "problem-forbidden",
        ProblemKind::NotFound => "problem-not-found",
        ProblemKind::MethodNotAllowed => "problem-method-not-allowed",
        ProblemKind::RequestTimeout => "problem-request-timeout",
        ProblemKind::PayloadTooLarge => "problem-payload-too-large",
        ProblemKind::TooManyRequests => "problem-too-many-requests",
        ProblemKind::MisdirectedRequest => "problem-misdirected-request",
        ProblemKind::Internal => "problem-internal",
        ProblemKind::SessionTooLarge => "problem-session-too-large",
        ProblemKind::Unavailable => "problem-unavailable",
    })
}

/// The same as for [`ProblemKind::Unavailable`], where it is known to last longer than a moment.
pub(crate) fn long_unavailable(language: Language) -> &'static str {
    language.word("problem-unavailable-long-text")
}

/// One sentence for the person.
pub fn message(kind: ProblemKind, language: Language) -> &'static str {
    language.word(match kind {
        ProblemKind::BadRequest => "problem-bad-request-text",
        ProblemKind::CrossSite => "problem-cross-site-text",
        ProblemKind::CookiesBlocked => "problem-cookies-blocked-text",
        ProblemKind::Forbidden => "problem-forbidden-text",
        ProblemKind::NotFound => "problem-not-found-text",
        ProblemKind::MethodNotAllowed => "problem-method-not-allowed-text",
        ProblemKind::RequestTimeout => "problem-request-timeout-text",
        ProblemKind::PayloadTooLarge => "problem-payload-too-large-text",
        ProblemKind::UnsupportedMediaType => "problem-unsupported-media-type-text",
        ProblemKind::TooManyRequests => "problem-too-many-requests-text",
        ProblemKind::MisdirectedRequest => "problem-misdirected-request-text",
        ProblemKind::Internal => "problem-internal-text",
        ProblemKind::SessionTooLarge => "problem-session-too-large-text",
        ProblemKind::Unavailable => "problem-unavailable-text",
    })
}
