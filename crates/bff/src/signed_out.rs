use http::Extensions;
use http::request::Parts;
use ironleaf_auth::{EndReason, Rejection};
use ironleaf_records::EndedBecause;
use ironleaf_session::Arrival;

use crate::ended_session::tidy_up;
use crate::told::Told;
use crate::{Bff, Session};

/// Why somebody who was signed in no longer is. It decides the message on the page, the log line, the metric and the
/// code that a person can give to support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignedOutReason {
    /// The session was not used for as long as the idle timeout, or the absolute timeout has passed.
    TimedOut,
    /// The person signed out, here or in another tab, or signed in again. This cookie is a copy from before.
    SignedOut,
    /// The core API said that the grant is over.
    Rejected(Rejection),
    /// The account is deleted.
    AccountDeleted,
    /// The person has changed their password in another session, which ended this one.
    PasswordChanged,
    /// The cookie is so old that its successors are forgotten.
    Superseded,
    /// It is unknown whether the refresh token is spent, and asking could end the person's other sessions.
    Unresolved,
    /// The person has ended all of their sessions.
    EndedByPerson,
    /// The provider has ended it.
    EndedByProvider,
    /// The person no longer has a role with which one may be signed in here.
    NotAllowed,
    /// An administrator has taken a role from the person, and the session still had it.
    RoleTaken,
}

impl SignedOutReason {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::TimedOut,
        Self::SignedOut,
        Self::Rejected(Rejection::InvalidGrant),
        Self::Rejected(Rejection::Reused),
        Self::Rejected(Rejection::AccountGone),
        Self::AccountDeleted,
        Self::Superseded,
        Self::Unresolved,
        Self::PasswordChanged,
        Self::EndedByPerson,
        Self::EndedByProvider,
        Self::NotAllowed,
        Self::RoleTaken,
    ];

    /// The reason why this request is anonymous although it came with a session. It is the one that
    /// [`refresh_before_rendering`](crate::refresh_before_rendering) found, or else the one on arrival, which is then
    /// noted.
    ///
    /// Whoever asks tells the person. So the answer
    /// [removes the cookie of the session](crate::edge::forget_told_session), and the next request has no reason.
    pub fn from_parts(parts: &Parts) -> Option<Self> {
        let reason = parts.extensions.get().copied().or_else(|| Self::noted_on_arrival(parts))?;
        if let Some(told) = parts.extensions.get::<Told>() {
            told.note();
        }
        Some(reason)
    }

    fn noted_on_arrival(parts: &Parts) -> Option<Self> {
        let session = parts.extensions.get::<Session>()?;
        if let Some(bff) = parts.extensions.get::<Bff>() {
            tidy_up(bff, session, &parts.extensions);
        }
        let reason = Self::on_arrival(session, &parts.extensions)?;
        reason.note();
        Some(reason)
    }

    /// Why the session was over when the request arrived, if it was. A guest was not signed in.
    pub(crate) fn on_arrival(session: &Session, extensions: &Extensions) -> Option<Self> {
        if session.over().is_some_and(|record| record.payload.identity().is_guest) {
            return None;
        }
        match session.arrival() {
            Arrival::Expired => Some(Self::TimedOut),
            Arrival::Ended => {
                let said = extensions.get().map(|because: &EndedBecause| because.reason.into());
                Some(said.unwrap_or(Self::SignedOut))
            }
            _ => None,
        }
    }

    /// The one place that logs and counts it, once for each request that finds itself signed out.
    pub(crate) fn note(self) {
        tracing::info!(reason = self.label(), support_code = self.support_code(), "a session is over");
        metrics::counter!("ironleaf_signed_out_total", "reason" => self.label()).increment(1);
    }

    /// A stable word, for logs and metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::SignedOut => "signed_out",
            Self::Rejected(Rejection::Reused) => "refresh_token_reused",
            Self::Rejected(Rejection::AccountGone) => "account_gone",
            Self::Rejected(_) => "refresh_token_rejected",
            Self::AccountDeleted => "account_deleted",
            Self::Superseded => "superseded",
            Self::Unresolved => "unresolved",
            Self::PasswordChanged => "password_changed",
            Self::EndedByPerson => "ended_by_person",
            Self::EndedByProvider => "ended_by_provider",
            Self::NotAllowed => "not_allowed",
            Self::RoleTaken => "role_taken",
        }
    }

    /// The code that a person can give to support. It says nothing that an attacker does not know.
    pub const fn support_code(self) -> &'static str {
        match self {
            Self::TimedOut => "S1",
            Self::SignedOut => "S2",
            Self::Rejected(Rejection::Reused) => "S4",
            Self::Rejected(Rejection::AccountGone) => "S5",
            Self::Rejected(_) => "S3",
            Self::AccountDeleted => "S6",
            Self::Superseded => "S7",
            Self::Unresolved => "S8",
            Self::PasswordChanged => "S9",
            Self::EndedByPerson => "S10",
            Self::EndedByProvider => "S11",
            Self::NotAllowed => "S12",
            Self::RoleTaken => "S13",
        }
    }

    /// The reason with this support code.
    pub fn from_support_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.support_code() == code)
    }
}

impl From<EndReason> for SignedOutReason {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::Rejected(rejection) => Self::Rejected(rejection),
            EndReason::AccountDeleted => Self::AccountDeleted,
            EndReason::Superseded => Self::Superseded,
            EndReason::Unresolved => Self::Unresolved,
            EndReason::TimedOut => Self::TimedOut,
            EndReason::PasswordChanged => Self::PasswordChanged,
            EndReason::EndedByPerson => Self::EndedByPerson,
            EndReason::EndedByProvider => Self::EndedByProvider,
            EndReason::NotAllowed => Self::NotAllowed,
            EndReason::RoleTaken => Self::RoleTaken,
            // Signed out, replaced by a new sign-in, or a reason that this version does not know.
            _ => Self::SignedOut,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_a_label_and_a_support_code_of_its_own() {
        let labels: HashSet<_> = SignedOutReason::ALL.iter().map(|reason| reason.label()).collect();
        let codes: HashSet<_> = SignedOutReason::ALL.iter().map(|reason| reason.support_code()).collect();
        assert_eq!((labels.len(), codes.len()), (SignedOutReason::ALL.len(), SignedOutReason::ALL.len()));
        for reason in SignedOutReason::ALL {
            assert_eq!(SignedOutReason::from_support_code(reason.support_code()), Some(reason));
        }
    }
}
