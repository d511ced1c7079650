//! The sources of variables and files, and the kind of environment.

use std::fmt;

/// Looks up variables by name.
pub(super) type Variable<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Reads files by path.
pub(super) type File<'a> = dyn Fn(&str) -> std::io::Result<String> + 'a;

/// The kind of environment, which decides whether mistakes are harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Everything has a default, and nothing is reachable from elsewhere.
    Development,
    /// No important value is taken from a default.
    Production,
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment enters in this file")]
pub(super) fn environment_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
