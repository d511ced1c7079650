//! What a browser gets where a script gets JSON.

use std::time::Duration;

use http::StatusCode;
use ironleaf_bff::{Problem, ProblemKind};

use crate::flashes::{KeptForm, Message};

/// What the answer to a form that was refused is beside its JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpAnswer {
    pub(crate) status: StatusCode,
    /// When to try again, for `Retry-After`.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) browser: BrowserAnswer,
}

/// How a browser is told that a form was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BrowserAnswer {
    /// It goes back to the form, which shows what was typed and what is wrong with it.
    Back { page: String, kept: KeptForm, message: Option<Message> },
    /// There is something to do elsewhere first. A script is led there, too. What was typed is there when the person comes back.
    Elsewhere { to: String, kept: KeptForm, message: Message },
    /// It stays, and sees the page of the problem: to go on at once would be of no use. That page leads back to the form, where what was typed
    /// is there.
    Problem { problem: Problem, form: Option<(String, KeptForm)> },
}

/// For an error that was read from JSON, which nobody is answered with.
impl Default for HttpAnswer {
    fn default() -> Self {
        let kind = ProblemKind::Internal;
        let browser = BrowserAnswer::Problem { problem: kind.into(), form: None };
        Self { status: kind.status(), retry_after: None, browser }
    }
}
