//! The answer to a browser, where a script gets JSON.

use std::time::Duration;

use http::StatusCode;
use ironleaf_bff::{Problem, ProblemKind};

use crate::flashes::{KeptForm, Message};

/// The parts of the answer to a refused form, besides its JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpAnswer {
    pub(crate) status: StatusCode,
    /// When to try again, for `Retry-After`.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) browser: BrowserAnswer,
}

/// How a browser shows that a form was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BrowserAnswer {
    /// The browser goes back to the form, which shows what was typed and what is wrong with it.
    Back { page: String, kept: KeptForm, message: Option<Message> },
    /// Another page comes first. A script goes there, too. What was typed is there when the person comes back.
    Elsewhere { to: String, kept: KeptForm, message: Message },
    /// The browser shows the page of the problem, because going back at once would be useless. That page leads back to
    /// the form, which shows what was typed.
    Problem { problem: Problem, form: Option<(String, KeptForm)> },
}

/// For an error that was parsed from JSON. It is never sent as an answer.
impl Default for HttpAnswer {
    fn default() -> Self {
        let kind = ProblemKind::Internal;
        let browser = BrowserAnswer::Problem { problem: kind.into(), form: None };
        Self { status: kind.status(), retry_after: None, browser }
    }
}
