//! What is wrong with a field. This module does not depend on a browser; [`dom`](super::dom) reads the state of a field
//! from it.

/// The requirements of a field, and its content.
#[derive(Debug, Default)]
pub(super) struct FieldState {
    pub(super) value: String,
    pub(super) is_required: bool,
    /// Whether it is an e-mail field without an e-mail address, in any script.
    pub(super) is_malformed: bool,
    /// Whether the browser filled it in. Browsers hide the value from the page until the person touches the page.
    pub(super) is_autofilled: bool,
    pub(super) min_chars: usize,
    /// The value of the field that this one repeats.
    pub(super) original: Option<String>,
}

/// Whether it may be an address with letters that HTML does not allow (HTML knows only ASCII). Then the server decides.
pub(super) fn is_international_address(value: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && !part.contains([' ', '@']);
    !value.is_ascii()
        && value.split_once('@').is_some_and(|(local, domain)| is_part(local) && is_part(domain))
}

/// Replaces every kind of space with the ASCII space (RFC 8265, section 4.2.2).
pub(super) fn plain_spaces(value: &str) -> String {
    let plain = |letter: char| match letter {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        other => other,
    };
    value.chars().map(plain).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Missing,
    Malformed,
    Short,
    Mismatch,
}

impl FieldState {
    pub(super) fn fault(&self) -> Option<Fault> {
        if self.is_empty() {
            let is_wanted = self.is_required || self.original.as_ref().is_some_and(|it| !it.is_empty());
            return (is_wanted && !self.is_autofilled).then_some(Fault::Missing);
        }
        if self.is_malformed {
            Some(Fault::Malformed)
        } else if self.value.chars().count() < self.min_chars {
            Some(Fault::Short)
        } else {
            self.original.as_ref().is_some_and(|it| *it != self.value).then_some(Fault::Mismatch)
        }
    }

    /// The fault to show while a person is typing: one that further typing cannot fix, or the current state of a fault
    /// that is already shown.
    pub(super) fn fault_while_typing(&self, is_known: bool) -> Option<Fault> {
        self.fault().filter(|fault| match fault {
            Fault::Mismatch => !self.can_still_match(),
            Fault::Missing | Fault::Malformed | Fault::Short => is_known,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    fn can_still_match(&self) -> bool {
        self.original.as_ref().is_some_and(|it| it.starts_with(&self.value))
    }
}

impl Fault {
    /// The attribute of the field that contains the words.
    pub(super) const fn attribute(self) -> &'static str {
        match self {
            Self::Missing => "data-missing",
            Self::Malformed => "data-invalid",
            Self::Short => "data-short",
            Self::Mismatch => "data-mismatch",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(value: &str) -> FieldState {
        FieldState { value: value.to_owned(), ..FieldState::default() }
    }

    fn confirmation(value: &str, original: &str) -> FieldState {
        FieldState { original: Some(original.to_owned()), ..state(value) }
    }

    #[test]
    fn an_empty_field_is_missing_only_where_it_is_asked_for() {
        assert_eq!(state("").fault(), None);
        assert_eq!(FieldState { is_required: true, ..state("") }.fault(), Some(Fault::Missing));
        assert_eq!(FieldState { is_required: true, ..state(" ") }.fault(), None);
    }

    #[test]
    fn an_empty_confirmation_is_missing_once_there_is_something_to_confirm() {
        assert_eq!(confirmation("", "").fault(), None);
        assert_eq!(confirmation("", "p").fault(), Some(Fault::Missing));
    }

    #[test]
    fn a_field_that_the_browser_filled_in_is_not_missing() {
        assert_eq!(FieldState { is_required: true, is_autofilled: true, ..state("") }.fault(), None);
    }

    #[test]
    fn what_the_browser_filled_in_is_looked_at_once_it_can_be_seen() {
        let state = FieldState { is_autofilled: true, min_chars: 8, ..state("short") };
        assert_eq!(state.fault(), Some(Fault::Short));
    }

    #[test]
    fn an_address_that_is_none_is_malformed() {
        assert_eq!(FieldState { is_malformed: true, ..state("ada@") }.fault(), Some(Fault::Malformed));
    }

    #[test]
    fn an_address_of_another_script_is_left_to_the_server() {
        for value in ["üser@example.com", "user@exämple.com", "用户@例子.中国"] {
            assert!(is_international_address(value), "{value}");
        }
        for value in ["", "user@", "user@example.com", "üser", "ü@", "@ü", "ü ser@example.com", "ü@a@b"]
        {
            assert!(!is_international_address(value), "{value}");
        }
    }

    #[test]
    fn a_space_is_a_space() {
        assert_eq!(plain_spaces("a\u{a0}b\u{3000}c d\te"), "a b c d\te");
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(FieldState { min_chars: 8, ..state("äöüßéñç") }.fault(), Some(Fault::Short));
        assert_eq!(FieldState { min_chars: 8, ..state("äöüßéñç🍃") }.fault(), None);
        assert_eq!(FieldState { min_chars: 8, ..state("") }.fault(), None);
    }

    #[test]
    fn a_confirmation_that_differs_is_a_mismatch() {
        assert_eq!(confirmation("password1", "password1").fault(), None);
        assert_eq!(confirmation("password", "password1").fault(), Some(Fault::Mismatch));
        assert_eq!(confirmation("p", "").fault(), Some(Fault::Mismatch));
    }

    #[test]
    fn a_confirmation_that_was_begun_well_does_not_interrupt() {
        for is_known in [false, true] {
            assert_eq!(confirmation("pass", "password1").fault_while_typing(is_known), None);
        }
    }

    #[test]
    fn a_confirmation_that_can_no_longer_match_interrupts() {
        for value in ["past", "password12"] {
            let fault = confirmation(value, "password1").fault_while_typing(false);
            assert_eq!(fault, Some(Fault::Mismatch), "{value}");
        }
    }

    #[test]
    fn a_field_that_is_not_finished_interrupts_only_where_its_fault_is_known() {
        let state = FieldState { min_chars: 8, ..state("short") };
        assert_eq!(state.fault_while_typing(false), None);
        assert_eq!(state.fault_while_typing(true), Some(Fault::Short));
    }
}
