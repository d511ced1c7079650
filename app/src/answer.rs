//! The answer of a loader whose page is not shown.

use ironleaf_bff::{MissingLayer, Problem, ProblemKind};

/// Why the loader of a page returns no page.
#[derive(Debug)]
pub enum Answer {
    /// Redirects the browser to this path of this origin.
    Redirect(String),
    /// Shows a page that leads to this address of another site. It is no redirect, because the page may be the end of a
    /// form's way; see [`onward`](crate::onward).
    Onward(String),
    /// Shows the page of a problem instead.
    Problem(Problem),
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<ProblemKind> for Answer {
    fn from(kind: ProblemKind) -> Self {
        Self::Problem(kind.into())
    }
}

impl From<MissingLayer> for Answer {
    fn from(missing: MissingLayer) -> Self {
        Self::Problem(missing.into())
    }
}
