//! What can be wrong with a field, and the checks that need nobody else. The words are a contract; the browser gets them
//! as attributes of the field, so that there is one list of them.

use ironleaf_bff::{FieldError, MAX_EMAIL_BYTES};

/// In characters. The core API says the same, and has the last word.
pub(crate) const MIN_PASSWORD_LENGTH: usize = 8;

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldProblem {
    InvalidEmail,
    EmailTaken,
    ShortPassword,
    /// The confirmation is empty on a form that asks for a password.
    ConfirmationMissing,
    /// The confirmation is empty where the password could have been left empty as well.
    ConfirmationDue,
    PasswordsDiffer,
    WrongPassword,
    /// The core API refused it in words of its own, which are not shown.
    Refused,
}

/// The names of fields with what is wrong with them, in the order of the form.
pub(crate) type FieldProblems = Vec<(&'static str, FieldProblem)>;

impl FieldProblem {
    pub(crate) const ALL: [Self; 8] = [
        Self::InvalidEmail,
        Self::EmailTaken,
        Self::ShortPassword,
        Self::ConfirmationMissing,
        Self::ConfirmationDue,
        Self::PasswordsDiffer,
        Self::WrongPassword,
        Self::Refused,
    ];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::InvalidEmail => "Invalid email address",
            Self::EmailTaken => "A user with this email already exists",
            Self::ShortPassword => "Password must be at least 8 characters",
            Self::ConfirmationMissing => "Confirm Password is required",
            Self::ConfirmationDue => "Please confirm your password",
            Self::PasswordsDiffer => "Passwords must match",
            Self::WrongPassword => "Incorrect password",
            Self::Refused => "This cannot be used",
        }
    }
}

/// What is wrong with an e-mail address, as far as this side can tell: something on both sides of an `@`. The core API
/// says the rest.
pub(crate) fn check_email(email: &str) -> Option<FieldProblem> {
    let email = email.trim();
    let well_formed = email.len() <= MAX_EMAIL_BYTES
        && !email.contains(char::is_whitespace)
        && email.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    (!well_formed).then_some(FieldProblem::InvalidEmail)
}

/// A new password, which is never trimmed: spaces are characters like any other (ASVS 6.2).
pub(crate) fn check_new_password(password: &str) -> Option<FieldProblem> {
    (password.chars().count() < MIN_PASSWORD_LENGTH).then_some(FieldProblem::ShortPassword)
}

/// The same password a second time; `empty` is said where there is none.
pub(crate) fn check_confirmation(
    password: &str,
    confirmation: &str,
    empty: FieldProblem,
) -> Option<FieldProblem> {
    match confirmation {
        "" => Some(empty),
        confirmation => (confirmation != password).then_some(FieldProblem::PasswordsDiffer),
    }
}

/// What the core API found wrong, in our words: only those that are known are shown.
pub(crate) fn problems_of(errors: &[FieldError]) -> FieldProblems {
    let problem = |error: &FieldError| match error.field.as_str() {
        "email" => ("email", FieldProblem::InvalidEmail),
        "password" if error.message == FieldProblem::ShortPassword.text() => {
            ("password", FieldProblem::ShortPassword)
        }
        _ => ("password", FieldProblem::Refused),
    };
    errors.iter().map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_something_on_both_sides() {
        for email in ["a@b", "ada@example.com", " ada@example.com ", "o'neil+x@a-b.io"] {
            assert_eq!(check_email(email), None, "{email}");
        }
        let long = format!("{}@example.com", "a".repeat(MAX_EMAIL_BYTES));
        for email in ["", "ada", "@example.com", "ada@", "a da@example.com", &long] {
            assert_eq!(check_email(email), Some(FieldProblem::InvalidEmail), "{email}");
        }
    }

    #[test]
    fn a_password_is_counted_in_characters() {
        assert_eq!(check_new_password("pässwör"), Some(FieldProblem::ShortPassword));
        assert_eq!(check_new_password("pässwörd"), None);
        assert_eq!(check_new_password("        "), None);
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
    }

    #[test]
    fn words_of_the_core_api_are_shown_only_where_they_are_ours() {
        let error = |field: &str, message: &str| FieldError { field: field.into(), message: message.into() };
        assert_eq!(
            problems_of(&[
                error("email", "<b>"),
                error("password", "Password must be at least 8 characters"),
                error("password", "contains your name"),
            ]),
            [
                ("email", FieldProblem::InvalidEmail),
                ("password", FieldProblem::ShortPassword),
                ("password", FieldProblem::Refused)
            ]
        );
    }
}
