//! A code as a person types it.

use zeroize::Zeroizing;

/// The digits that an authenticator app shows.
const DIGITS: usize = 6;

/// A code that somebody presents. It cannot be printed.
pub(crate) enum Code {
    /// Of an authenticator app.
    OfApp(Zeroizing<String>),
    /// Anything else, in the form in which recovery codes are hashed.
    OfRecovery(Zeroizing<String>),
}

impl Code {
    /// Spaces and hyphens do not count. Letters that look like digits are taken for them, as recovery codes have none of
    /// these letters (Crockford's base 32).
    pub(crate) fn presented(text: &str) -> Self {
        let plain: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect());
        if plain.len() == DIGITS && plain.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::OfApp(plain);
        }
        let alike = |letter: char| match letter.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        Self::OfRecovery(Zeroizing::new(plain.chars().map(alike).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_typed_as_it_is_shown_or_without_its_gaps() {
        for typed in ["123456", "123 456", " 123-456\n"] {
            assert!(matches!(Code::presented(typed), Code::OfApp(code) if *code == "123456"), "{typed:?}");
        }
        for typed in ["1a0v-7q8w", "IA0V 7Q8W", "lAoV7q8W"] {
            assert!(
                matches!(Code::presented(typed), Code::OfRecovery(code) if *code == "1a0v7q8w"),
                "{typed:?}"
            );
        }
        for typed in ["", "12345", "1234567", "１２３４５６"] {
            assert!(matches!(Code::presented(typed), Code::OfRecovery(_)), "{typed:?}");
        }
    }
}
