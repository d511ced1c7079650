use std::time::Duration;

use http::StatusCode;
use ironleaf_bff::{AccountFailure, Problem, SignInFailure};

use super::form::FormPost;
use crate::error::AppError;
use crate::messages::Message;
use crate::validation::{FieldProblem, FieldProblems, problems_of};

/// Why a server function did not do what it was asked, when it can be mended where the form is.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// A stable word for scripts.
    pub(super) code: &'static str,
    pub(super) message: Option<Message>,
    pub(super) problems: FieldProblems,
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: Message) -> Self {
        Self { status, code, message: Some(message), problems: Vec::new(), retry_after: None }
    }

    /// The fields say by themselves what is wrong with them.
    pub(super) fn of_fields(problems: FieldProblems) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self { status, code: "invalid_fields", message: None, problems, retry_after: None }
    }

    pub(super) fn unavailable() -> Self {
        let refusal = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", Message::Unavailable);
        Self { retry_after: Problem::unavailable().retry_after, ..refusal }
    }

    pub(super) fn invalid_token() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_token", Message::InvalidToken)
    }

    /// Whether a browser stays where it is and sees a page with this status: going on at once would be of no use.
    pub(super) fn has_page(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
    }

    fn too_many(retry_after: Option<Duration>) -> Self {
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", Message::TooManyTries);
        Self { retry_after, ..refusal }
    }

    fn too_large() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "session_too_large", Message::SessionTooLarge)
    }
}

impl From<SignInFailure> for Refusal {
    fn from(failure: SignInFailure) -> Self {
        match failure {
            SignInFailure::InvalidCredentials => {
                Self::new(StatusCode::UNAUTHORIZED, "invalid_credentials", Message::SignInFailed)
            }
            SignInFailure::TooManyRequests { retry_after } => Self::too_many(retry_after),
            SignInFailure::Unavailable => Self::unavailable(),
            SignInFailure::SessionTooLarge => Self::too_large(),
        }
    }
}

/// The answer to a form about an account that was refused: the sign-in page where nobody is signed in any more, else the
/// form again.
pub(super) fn account_refused(form: FormPost, failure: AccountFailure) -> AppError {
    let refusal = match failure {
        AccountFailure::SignedOut(reason) => return form.signed_out(&Message::SessionExpired(reason)),
        AccountFailure::NotRecent => return form.unconfirmed(),
        AccountFailure::Forbidden => Refusal::new(StatusCode::FORBIDDEN, "forbidden", Message::NotAllowed),
        AccountFailure::EmailTaken => Refusal {
            status: StatusCode::CONFLICT,
            code: "email_taken",
            ..Refusal::of_fields(vec![("email", FieldProblem::EmailTaken)])
        },
        AccountFailure::EmailUnchanged => Refusal {
            status: StatusCode::CONFLICT,
            code: "email_unchanged",
            ..Refusal::of_fields(vec![("email", FieldProblem::EmailUnchanged)])
        },
        AccountFailure::Invalid(errors) => match problems_of(&errors) {
            problems if problems.is_empty() => {
                Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", Message::CheckFields)
            }
            problems => Refusal::of_fields(problems),
        },
        AccountFailure::InvalidToken => Refusal::invalid_token(),
        AccountFailure::TooManyRequests { retry_after } => Refusal::too_many(retry_after),
        AccountFailure::Unavailable => Refusal::unavailable(),
        AccountFailure::SessionTooLarge => Refusal::too_large(),
    };
    form.refused(refusal)
}
