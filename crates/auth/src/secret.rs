use std::fmt;

use zeroize::Zeroizing;

/// A token or a password: text that is wiped on drop and never printed.
///
/// It is explicitly not `Serialize` and not `Display`. A server function's result, a resource's value and an island's
/// property must serialize, so none of them can contain one:
///
/// ```compile_fail,E0277
/// fn reaches_the_browser<T: serde::Serialize>(_: T) {}
/// reaches_the_browser(ironleaf_auth::SecretText::from("a token"));
/// ```
///
/// ```compile_fail,E0277
/// println!("{}", ironleaf_auth::SecretText::from("a token"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The text itself. The name makes every use easy to find.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_nothing_of_the_text() {
        assert_eq!(format!("{:?}", SecretText::from("hunter2")), "SecretText(..)");
    }
}
