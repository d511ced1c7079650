//! Why a form was refused.

use std::time::Duration;

use http::StatusCode;
use ironleaf_bff::{AccountFailure, ConfirmFailure, Problem, SignInFailure, SignedOutReason};

use crate::flashes::Message;
use crate::validation::{FieldProblem, FieldProblems, problems_of};

/// Why a server function did not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nobody is signed in any more. The reason is given if it is known.
    SignedOut(Option<SignedOutReason>),
    /// The person has to prove first that it is them (ASVS 7.5.1).
    NotRecent,
    /// The link that the form needs is over, and another can be asked for.
    DeadLink,
    /// The person can fix it in the form.
    Mendable(Mendable),
}

/// A refusal that the person can fix in the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mendable {
    pub(crate) status: StatusCode,
    /// A stable word for scripts.
    pub(crate) code: &'static str,
    pub(crate) message: Option<Message>,
    pub(crate) problems: FieldProblems,
    pub(crate) retry_after: Option<Duration>,
}

impl Refusal {
    /// With a message instead of words beside single fields.
    pub(crate) fn saying(status: StatusCode, code: &'static str, message: Message) -> Self {
        Mendable::new(status, code, message).into()
    }

    /// The words are beside the fields.
    pub(crate) fn of_fields(problems: FieldProblems) -> Self {
        Self::fields_as(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", problems)
    }

    /// The same with another status and code.
    pub(crate) fn fields_as(status: StatusCode, code: &'static str, problems: FieldProblems) -> Self {
        Mendable { status, code, message: None, problems, retry_after: None }.into()
    }

    pub(crate) fn invalid_token() -> Self {
        Self::saying(StatusCode::UNPROCESSABLE_ENTITY, "invalid_token", Message::InvalidToken)
    }

    /// An API gives no usable answer.
    pub(crate) fn unavailable() -> Self {
        let refusal = Mendable::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", Message::Unavailable);
        Mendable { retry_after: Problem::unavailable().retry_after, ..refusal }.into()
    }

    fn too_many(retry_after: Option<Duration>) -> Self {
        let refusal =
            Mendable::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", Message::TooManyTries);
        Mendable { retry_after, ..refusal }.into()
    }

    /// A defect of this installation, and of nobody upstream: proxies and monitors would blame the provider for a 502, and
    /// 503 would ask to try again.
    fn misconfigured() -> Self {
        Self::saying(StatusCode::INTERNAL_SERVER_ERROR, "misconfigured", Message::Misconfigured)
    }

    fn too_large() -> Self {
        Self::saying(StatusCode::INTERNAL_SERVER_ERROR, "session_too_large", Message::SessionTooLarge)
    }
}

impl Mendable {
    fn new(status: StatusCode, code: &'static str, message: Message) -> Self {
        Self { status, code, message: Some(message), problems: Vec::new(), retry_after: None }
    }

    /// Whether a browser gets a page with this status, because going back at once would be useless.
    pub(crate) fn has_page(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
    }
}

impl From<Mendable> for Refusal {
    fn from(mendable: Mendable) -> Self {
        Self::Mendable(mendable)
    }
}

impl From<SignInFailure> for Refusal {
    fn from(failure: SignInFailure) -> Self {
        match failure {
            SignInFailure::InvalidCredentials => {
                Self::saying(StatusCode::UNAUTHORIZED, "invalid_credentials", Message::SignInFailed)
            }
            SignInFailure::NotAllowed => {
                Self::saying(StatusCode::FORBIDDEN, "not_allowed", Message::NotAdmitted)
            }
            SignInFailure::Forbidden => Self::saying(StatusCode::FORBIDDEN, "forbidden", Message::NotLetIn),
            SignInFailure::SecondFactor | SignInFailure::CodeNeeded => {
                Self::saying(StatusCode::FORBIDDEN, "second_factor", Message::SecondFactor)
            }
            SignInFailure::ChallengeOver => {
                Self::saying(StatusCode::UNAUTHORIZED, "challenge_over", Message::CodeOver)
            }
            SignInFailure::TooManyRequests { retry_after } => Self::too_many(retry_after),
            SignInFailure::Unavailable => Self::unavailable(),
            SignInFailure::Misconfigured => Self::misconfigured(),
            SignInFailure::SessionTooLarge => Self::too_large(),
        }
    }
}

impl From<ConfirmFailure> for Refusal {
    fn from(failure: ConfirmFailure) -> Self {
        match failure {
            ConfirmFailure::SignedOut(reason) => Self::SignedOut(reason),
            ConfirmFailure::SignIn(SignInFailure::InvalidCredentials) => {
                let problems = vec![("password", FieldProblem::WrongPassword)];
                Self::fields_as(StatusCode::UNAUTHORIZED, "invalid_credentials", problems)
            }
            ConfirmFailure::SignIn(failure) => failure.into(),
        }
    }
}

impl From<AccountFailure> for Refusal {
    fn from(failure: AccountFailure) -> Self {
        match failure {
            AccountFailure::SignedOut(reason) => Self::SignedOut(reason),
            AccountFailure::NotRecent => Self::NotRecent,
            AccountFailure::Forbidden => {
                Self::saying(StatusCode::FORBIDDEN, "forbidden", Message::NotAllowed)
            }
            AccountFailure::EmailTaken => {
                let problems = vec![("email", FieldProblem::EmailTaken)];
                Self::fields_as(StatusCode::CONFLICT, "email_taken", problems)
            }
            AccountFailure::EmailUnchanged => {
                let problems = vec![("email", FieldProblem::EmailUnchanged)];
                Self::fields_as(StatusCode::CONFLICT, "email_unchanged", problems)
            }
            AccountFailure::Invalid(errors) => match problems_of(&errors) {
                problems if problems.is_empty() => {
                    Self::saying(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", Message::CheckFields)
                }
                problems => Self::of_fields(problems),
            },
            AccountFailure::BreachedPassword => {
                Self::of_fields(vec![("password", FieldProblem::BreachedPassword)])
            }
            AccountFailure::WeakPassword(weakness) => Self::of_fields(vec![("password", weakness.into())]),
            AccountFailure::InvalidToken => Self::invalid_token(),
            AccountFailure::WrongPassword => {
                let problems = vec![("current_password", FieldProblem::WrongCurrentPassword)];
                Self::fields_as(StatusCode::UNAUTHORIZED, "invalid_credentials", problems)
            }
            AccountFailure::TooManyRequests { retry_after } => Self::too_many(retry_after),
            AccountFailure::Unavailable => Self::unavailable(),
            AccountFailure::SessionTooLarge => Self::too_large(),
        }
    }
}
