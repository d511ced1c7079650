use std::fmt;

use serde::{Deserialize, Serialize};

/// A field whose text is never printed, such as a password. Leptos derives `Debug` for the arguments of server
/// functions, and traces print them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Redacted(String);

impl Redacted {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redacted(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_nothing_of_the_text() {
        assert_eq!(format!("{:?}", Redacted("hunter2".to_owned())), "Redacted(..)");
    }
}
