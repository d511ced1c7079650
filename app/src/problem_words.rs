//! The words that a person reads about a problem. They are constant, so that the cause cannot leak.

use ironleaf_bff::ProblemKind;

/// The heading of its page.
pub const fn title(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::BadRequest | ProblemKind::UnsupportedMediaType => "That request was not understood",
        ProblemKind::CrossSite => "That request came from another site",
        ProblemKind::CookiesBlocked => "Cookies are blocked",
        ProblemKind::Forbidden => "Not allowed",
        ProblemKind::NotFound => "Page not found",
        ProblemKind::MethodNotAllowed => "That is not possible here",
        ProblemKind::RequestTimeout => "That took too long",
        ProblemKind::PayloadTooLarge => "That was too much at once",
        ProblemKind::TooManyRequests => "Too many attempts",
        ProblemKind::MisdirectedRequest => "There is nothing under this name",
        ProblemKind::Internal => "Something went wrong",
        ProblemKind::SessionTooLarge => "Your session is too large",
        ProblemKind::Unavailable => "Temporarily unavailable",
    }
}

/// The same as for [`ProblemKind::Unavailable`], where it is known to last longer than a moment.
pub(crate) const LONG_UNAVAILABLE: &str = "We cannot reach our servers right now. You are still signed in.";

/// One sentence for the person.
pub const fn message(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::BadRequest => "A field is missing or malformed. Please go back and try again.",
        ProblemKind::CrossSite => {
            "For your safety this form can only be sent from this site. Nothing was changed."
        }
        ProblemKind::CookiesBlocked => {
            "Your browser keeps no cookies of this site, and without one nobody can stay logged in. Nothing was changed: allow \
             cookies for this site and try again."
        }
        ProblemKind::Forbidden => "Your account is not allowed to see this page.",
        ProblemKind::NotFound => "There is no page at this address.",
        ProblemKind::MethodNotAllowed => "This address cannot be used in this way.",
        ProblemKind::RequestTimeout => "The request did not arrive in time. Please try again.",
        ProblemKind::PayloadTooLarge => "The form is larger than it may be. Nothing was changed.",
        ProblemKind::UnsupportedMediaType => {
            "Forms are expected here, encoded as application/x-www-form-urlencoded."
        }
        ProblemKind::TooManyRequests => {
            "For the safety of your account there is a pause before the next one."
        }
        ProblemKind::MisdirectedRequest => "This application is not served under this host name.",
        ProblemKind::Internal => "This is our mistake. Please try again in a moment.",
        ProblemKind::SessionTooLarge => {
            "The session of this account is larger than this site allows, so it could not be saved. You are still \
             signed in. Whoever runs this site can raise the limit, SESSION_HEADER_BUDGET."
        }
        ProblemKind::Unavailable => {
            "We cannot reach our servers right now. You are still signed in; please try again in a moment."
        }
    }
}
