//! Where variables and files come from, and whether mistakes are cheap there.

use std::fmt;

/// Knows variables by name.
pub(super) type Variable<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Reads files by path.
pub(super) type File<'a> = dyn Fn(&str) -> std::io::Result<String> + 'a;

/// Whether mistakes are cheap here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Everything has a default, and nothing is reachable from elsewhere.
    Development,
    /// Nothing that matters is taken from a default.
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
