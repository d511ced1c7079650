//! The possible problems of a field, and the checks that need no other service. The words are a contract. The browser
//! gets them as attributes of the field, so that there is only one list.

use ironleaf_bff::credentials::password;
use ironleaf_bff::{EmailAddress, FieldError, FieldReason, Weakness};

use crate::language::Language;

/// In characters, in the form in which passwords are sent and stored. The core API has the same limit, and decides.
pub(crate) const MIN_PASSWORD_LENGTH: usize = 8;

/// Defines the possible problems of a field, in one place, so that none can be missing anywhere. The words are a message
/// of the catalogue, or, for one language only, words as they are. Never reuse a number:
/// sealed cookies carry it across a deployment.
macro_rules! field_problems {
    ($($(#[$doc:meta])* $number:literal $name:ident: $text:expr,)*) => {
        /// What is wrong with one field.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum FieldProblem {
            $($(#[$doc])* $name,)*
        }

        impl FieldProblem {
            /// Every problem.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// The words beside the field.
            pub(crate) fn text(self, language: Language) -> &'static str {
                language.word(match self {
                    $(Self::$name => $text,)*
                })
            }

            pub(crate) const fn number(self) -> u64 {
                match self {
                    $(Self::$name => $number,)*
                }
            }

            pub(crate) const fn from_number(number: u64) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

field_problems! {
    1 InvalidEmail: "field-invalid-email",
    2 EmailTaken: "field-email-taken",
    3 ShortPassword: "field-short-password",
    /// The confirmation is empty on a form that asks for a password.
    4 ConfirmationMissing: "field-confirmation-missing",
    /// The confirmation is empty on a form whose password is optional.
    5 ConfirmationDue: "field-confirmation-due",
    6 PasswordsDiffer: "field-passwords-differ",
    7 WrongPassword: "field-wrong-password",
    /// The core API refused the value with its own words, which are not shown.
    8 Refused: "field-refused",
    9 PasswordMissing: "field-password-missing",
    /// The core API accepted the change but changed nothing.
    10 EmailUnchanged: "field-email-unchanged",
    11 ControlCharacters: "field-control-characters",
    /// For any field. No form of this application uses it; it is for applications that build on this one.
    12 Missing: "field-missing",
    13 TooLong: "field-too-long",
    14 NotChosen: "field-not-chosen",
    15 WrongCurrentPassword: "field-wrong-current-password",
    16 CurrentPasswordMissing: "field-current-password-missing",
    /// The core API wants more characters than this side.
    40 TooShort: "field-too-short",
    41 BreachedPassword: "field-breached-password",
    42 WeakPassword: "field-weak-password",
    43 ExpectedPassword: "field-weak-expected",
    44 CommonPassword: "field-weak-common",
    45 SingleWord: "field-weak-word",
    46 Name: "field-weak-name",
    47 Keys: "field-weak-keys",
    48 Repeats: "field-weak-repeats",
    49 Sequence: "field-weak-sequence",
    50 Date: "field-weak-date",
    51 CodeMissing: "field-code-missing",
    52 WrongCode: "field-wrong-code",
    53 PasskeyName: "field-passkey-name",
}

/// The names of fields with their problems, in the order of the form.
pub(crate) type FieldProblems = Vec<(&'static str, FieldProblem)>;

/// Checks an e-mail address as far as this side can: text on both sides of an `@`, in any script. The core API checks
/// the rest.
pub(crate) fn check_email(typed: &str) -> Result<EmailAddress, FieldProblem> {
    let is_address = |address: &EmailAddress| {
        let address = address.as_str();
        !address.contains(char::is_whitespace)
            && address.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
    };
    EmailAddress::parse(typed).filter(is_address).ok_or(FieldProblem::InvalidEmail)
}

/// Checks a new password. It is never trimmed: spaces are characters like any other (ASVS 6.2).
pub(crate) fn check_new_password(typed: &str) -> Option<FieldProblem> {
    (password::normal_form(typed).chars().count() < MIN_PASSWORD_LENGTH)
        .then_some(FieldProblem::ShortPassword)
}

/// The longest name of a passkey, in characters. The core API has the same limit, and decides.
pub(crate) const MAX_PASSKEY_NAME_LENGTH: usize = 60;

/// Checks the name of a passkey, and leaves out the spaces around it.
pub(crate) fn check_passkey_name(typed: &str) -> Result<&str, FieldProblem> {
    let name = typed.trim();
    let is_name =
        (1..=MAX_PASSKEY_NAME_LENGTH).contains(&name.chars().count()) && !name.contains(char::is_control);
    if is_name { Ok(name) } else { Err(FieldProblem::PasskeyName) }
}

/// Checks the repeated password; `empty` is the problem of an empty one.
pub(crate) fn check_confirmation(
    password: &str,
    confirmation: &str,
    empty: FieldProblem,
) -> Option<FieldProblem> {
    match confirmation {
        "" => Some(empty),
        confirmation => (!is_same(password, confirmation)).then_some(FieldProblem::PasswordsDiffer),
    }
}

/// Checks a new password and its confirmation; `empty` is the problem of an empty confirmation.
pub(crate) fn problems_of_new(password: &str, confirmation: &str, empty: FieldProblem) -> FieldProblems {
    let of_password = check_new_password(password).map(|problem| ("password", problem));
    let of_confirmation =
        check_confirmation(password, confirmation, empty).map(|problem| ("confirm_password", problem));
    of_password.into_iter().chain(of_confirmation).collect()
}

/// Whether both are the same password, even if typed on different keyboards.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    password::normal_form(one) == password::normal_form(other)
}

/// The problems that the core API found.
pub(crate) fn problems_of(errors: &[FieldError]) -> FieldProblems {
    let problem = |error: &FieldError| match (error.field.as_str(), error.reason) {
        ("email", _) => ("email", FieldProblem::InvalidEmail),
        ("password", FieldReason::TooShort) => ("password", FieldProblem::TooShort),
        ("password", FieldReason::ControlCharacters) => ("password", FieldProblem::ControlCharacters),
        ("password", FieldReason::Breached) => ("password", FieldProblem::BreachedPassword),
        _ => ("password", FieldProblem::Refused),
    };
    errors.iter().map(problem).collect()
}

impl From<Weakness> for FieldProblem {
    fn from(weakness: Weakness) -> Self {
        match weakness {
            Weakness::Expected => Self::ExpectedPassword,
            Weakness::Common => Self::CommonPassword,
            Weakness::Word => Self::SingleWord,
            Weakness::Name => Self::Name,
            Weakness::Keys => Self::Keys,
            Weakness::Repeats => Self::Repeats,
            Weakness::Sequence => Self::Sequence,
            Weakness::Date => Self::Date,
            _ => Self::WeakPassword,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_something_on_both_sides() {
        for email in [
            "a@b",
            "ada@example.com",
            " ada@example.com ",
            "o'neil+x@a-b.io",
            "üser@example.com",
            "user@exämple.com",
            "user@xn--e1afmkfd.xn--p1ai",
        ] {
            assert!(check_email(email).is_ok(), "{email}");
        }
        let long = format!("{}@example.com", "a".repeat(ironleaf_bff::credentials::email::MAX_BYTES));
        for email in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a da@example.com",
            "a\u{a0}da@example.com",
            "a@exa\u{ff20}b",
            &long,
        ] {
            assert_eq!(check_email(email).err(), Some(FieldProblem::InvalidEmail), "{email}");
        }
    }

    #[test]
    fn a_password_is_counted_in_characters() {
        assert_eq!(check_new_password("pässwör"), Some(FieldProblem::ShortPassword));
        assert_eq!(check_new_password("pässwörd"), None);
        assert_eq!(check_new_password("        "), None);
        assert_eq!(check_new_password("pa\u{308}sswo\u{308}r"), Some(FieldProblem::ShortPassword));
        assert_eq!(check_new_password("pa\u{308}sswo\u{308}rd"), None);
    }

    #[test]
    fn an_empty_confirmation_is_not_a_different_one() {
        let missing = FieldProblem::ConfirmationMissing;
        assert_eq!(check_confirmation("password1", "", missing), Some(missing));
        assert_eq!(
            check_confirmation("password1", "password2", missing),
            Some(FieldProblem::PasswordsDiffer)
        );
        assert_eq!(check_confirmation("password1", "password1", missing), None);
        assert_eq!(check_confirmation("pässwörd", "pa\u{308}sswo\u{308}rd", missing), None);
    }

    #[test]
    fn each_refusal_of_the_core_api_has_words_of_ours() {
        for (field, reason, expected) in [
            ("email", FieldReason::NotAccepted, ("email", FieldProblem::InvalidEmail)),
            ("password", FieldReason::TooShort, ("password", FieldProblem::TooShort)),
            ("password", FieldReason::ControlCharacters, ("password", FieldProblem::ControlCharacters)),
            ("password", FieldReason::Breached, ("password", FieldProblem::BreachedPassword)),
            ("password", FieldReason::NotAccepted, ("password", FieldProblem::Refused)),
            ("name", FieldReason::NotAccepted, ("password", FieldProblem::Refused)),
        ] {
            assert_eq!(problems_of(&[FieldError { field: field.into(), reason }]), [expected]);
        }
    }
}
