//! Why a command stops: one plain sentence and an exit code.

use std::fmt;
use std::process::ExitCode;

pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// The exit code of a program that was stopped by SIGINT, as shells report it.
const INTERRUPTED_EXIT_CODE: u8 = 130;

#[derive(Debug)]
pub(crate) enum Failure {
    /// A sentence with the problem and, if there is one, the solution.
    Explained(String),
    /// Ctrl-C was pressed.
    Interrupted,
    /// The report on standard output has the details, and its last line must stay the last.
    Reported,
}

impl Failure {
    pub(crate) fn new(explanation: impl Into<String>) -> Self {
        Self::Explained(explanation.into())
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Explained(_) | Self::Reported => ExitCode::FAILURE,
            Self::Interrupted => ExitCode::from(INTERRUPTED_EXIT_CODE),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explained(explanation) => f.write_str(explanation),
            Self::Interrupted => f.write_str("Stopped."),
            Self::Reported => Ok(()),
        }
    }
}
