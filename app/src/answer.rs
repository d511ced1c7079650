//! What a page answers when it is not shown.

use ironleaf_bff::{MissingLayer, Problem, ProblemKind};

/// Why the loader of a page gives back no page.
#[derive(Debug)]
pub enum Answer {
    /// The browser goes to this path of this origin instead.
    Redirect(String),
    /// The page of a problem stands in for it.
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
