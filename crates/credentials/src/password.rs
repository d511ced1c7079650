//! Passwords.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Why a text cannot become a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The text is empty.
    #[error("it is empty")]
    Empty,
    /// The text has a character of Unicode's category `Cc`, such as a tab.
    #[error("it has control characters")]
    ControlCharacters,
}

/// The message for a person whose password has [`Unusable::ControlCharacters`].
pub const CONTROL_CHARACTERS: &str = "Password cannot contain control characters";

/// The text by the rules of RFC 8265, section 4.2.2, even if it is not allowed: spaces of any kind become U+0020, then
/// NFC.
///
/// Lengths are counted in characters of this form.
pub fn normal_form(typed: &str) -> Zeroizing<String> {
    if typed.is_ascii() {
        return Zeroizing::new(typed.to_owned());
    }
    // RFC 8265's form is at most three times as long in UTF-8. The buffer never grows, because growing would leave a
    // copy behind.
    let mut form = Zeroizing::new(String::with_capacity(typed.len() * 3));
    form.extend(typed.chars().map(|character| if is_space(character) { ' ' } else { character }).nfc());
    form
}

/// The password in the form in which it is sent and stored.
///
/// # Errors
///
/// [`Unusable`] says why the text cannot be a password (RFC 8265, section 4.2.1).
pub fn opaque_string(typed: &str) -> Result<Zeroizing<String>, Unusable> {
    if typed.is_empty() {
        return Err(Unusable::Empty);
    }
    if typed.chars().any(char::is_control) {
        return Err(Unusable::ControlCharacters);
    }
    Ok(normal_form(typed))
}

/// The forms in which a password typed like this may be stored, the most likely first: the [`opaque_string`], then the
/// text as typed. There is only one if they are equal.
pub fn readings(typed: &str) -> impl Iterator<Item = Zeroizing<String>> + use<> {
    let form = opaque_string(typed).ok();
    let differs = form.as_ref().is_none_or(|form| form.as_str() != typed);
    let as_typed = differs.then(|| Zeroizing::new(typed.to_owned()));
    form.into_iter().chain(as_typed)
}

/// Category `Zs` of Unicode 16, except U+0020.
fn is_space(character: char) -> bool {
    matches!(
        character,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The examples of RFC 8265, section 4.3, and further consequences of its rules.
    #[test]
    fn one_password_has_one_form() {
        for (typed, form) in [
            ("correct horse battery staple", "correct horse battery staple"),
            ("Correct Horse Battery Staple", "Correct Horse Battery Staple"),
            ("\u{3c0}\u{df}\u{e5}", "\u{3c0}\u{df}\u{e5}"),
            ("Jack of \u{2666}s", "Jack of \u{2666}s"),
            ("foo\u{1680}bar", "foo bar"),
            ("gru\u{308}n", "grün"),
            ("\u{a0}\u{3000} x ", "   x "),
            ("\u{212b}", "Å"),
            ("ﬁ", "ﬁ"),
            ("❤\u{fe0f}👩\u{200d}🚀", "❤\u{fe0f}👩\u{200d}🚀"),
        ] {
            assert_eq!(opaque_string(typed).as_deref().map(String::as_str), Ok(form), "{typed}");
        }
    }

    #[test]
    fn an_empty_password_and_control_characters_are_refused() {
        assert_eq!(opaque_string(""), Err(Unusable::Empty));
        for typed in
            ["my cat is a \u{9}by", "password\u{0}", "password\n", "password\u{85}", "\u{7f}password"]
        {
            assert_eq!(opaque_string(typed), Err(Unusable::ControlCharacters), "{typed:?}");
        }
    }

    #[test]
    fn what_was_stored_before_is_tried_as_it_was_typed() {
        let tried = |typed: &str| readings(typed).map(|it| it.to_string()).collect::<Vec<_>>();
        assert_eq!(tried("password1"), ["password1"]);
        assert_eq!(tried("gru\u{308}n"), ["grün", "gru\u{308}n"]);
        assert_eq!(tried("tab\there"), ["tab\there"]);
        assert_eq!(tried(""), [""]);
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_itself_and_is_as_long_as_was_reserved(typed in any::<String>()) {
            let form = normal_form(&typed);
            prop_assert!(form.len() <= typed.len() * 3);
            prop_assert_eq!(normal_form(&form), form);
        }
    }
}
