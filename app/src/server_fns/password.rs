use std::fmt;

use serde::{Deserialize, Serialize};

/// A password on its way in. Server functions print their arguments in traces; this one prints nothing.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_nothing_of_the_password() {
        assert_eq!(format!("{:?}", Password("hunter2".to_owned())), "Password(..)");
    }
}
