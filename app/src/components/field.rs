use leptos::attr::Attribute;
use leptos::prelude::*;

use crate::flashes::{FieldState, KeptField};
use crate::language::Language;
use crate::render::Templates;
use crate::validation::{FieldProblem, MIN_PASSWORD_LENGTH};

/// The requirements of a field, and the words for a field that does not meet them. The server checks the same in
/// `server_fns`. Here they are for the browser, which reads them from the attributes of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Rules {
    optional: bool,
    min_length: Option<usize>,
    max_length: Option<usize>,
    missing: Option<FieldProblem>,
    invalid: Option<FieldProblem>,
    short: Option<FieldProblem>,
    /// The name of the field that this one repeats.
    repeats: Option<&'static str>,
}

impl Rules {
    /// The field must not be empty. There are no words for this: the button of its form waits.
    pub(crate) const PRESENT: Self = Self {
        optional: false,
        min_length: None,
        max_length: None,
        missing: None,
        invalid: None,
        short: None,
        repeats: None,
    };

    /// An e-mail address.
    pub(crate) const EMAIL: Self =
        Self { invalid: Some(FieldProblem::InvalidEmail), ..Self::present_or(FieldProblem::InvalidEmail) };

    /// A new password.
    pub(crate) const NEW_PASSWORD: Self = Self {
        min_length: Some(MIN_PASSWORD_LENGTH),
        short: Some(FieldProblem::ShortPassword),
        ..Self::present_or(FieldProblem::ShortPassword)
    };

    /// The field must not be empty; `missing` has the words.
    pub(crate) const fn present_or(missing: FieldProblem) -> Self {
        Self { missing: Some(missing), ..Self::PRESENT }
    }

    /// The field `password` a second time; `missing` has the words for an empty one.
    pub(crate) const fn confirmation(missing: FieldProblem) -> Self {
        Self { repeats: Some("password"), ..Self::present_or(missing) }
    }

    /// The attributes of the control of every kind of field: who it is, what it requires, and how it stands.
    pub(super) fn attributes(self, field: FieldState) -> impl Attribute {
        let FieldState { name, problem, is_first_problem } = field;
        view! {
            <{..}
                id=name
                name=name
                autofocus=is_first_problem
                required=!self.optional
                minlength=self.min_length
                maxlength=self.max_length
                aria-invalid=problem.map(|_| "true")
                aria-describedby=error_id(name)
                data-missing=words(self.missing)
                data-invalid=words(self.invalid)
                data-short=words(self.short)
                data-match=self.repeats
                data-mismatch=self.repeats.map(|_| FieldProblem::PasswordsDiffer.text(Language::current()))
            />
        }
    }

    /// The same requirements for a field that takes no more than these characters.
    pub(crate) const fn at_most(self, max_length: usize) -> Self {
        Self { max_length: Some(max_length), ..self }
    }

    /// The same requirements for a field that may stay empty.
    pub(crate) const fn or_empty(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// A labelled input with a place for its problem. A kept value wins over `value`.
#[component]
pub(crate) fn Field(
    kept: KeptField,
    label: &'static str,
    #[prop(default = "password")] kind: &'static str,
    #[prop(optional_no_strip, into)] placeholder: Option<&'static str>,
    autocomplete: &'static str,
    rules: Rules,
    #[prop(optional, into)] value: String,
) -> impl IntoView {
    static FIELDS: Templates<Key, 1> = Templates::new();

    let field = kept.state;
    // SECURITY: a password is never written into a page.
    let value = if kind == "password" { String::new() } else { kept.value.unwrap_or(value) };
    let key = Key { field, label, kind, placeholder, autocomplete, rules };
    FIELDS.fill(key, [&value], |[value]| {
        frame(field, label, move || {
            view! {
                <input
                    {..rules.attributes(field)}
                    type=kind
                    placeholder=placeholder
                    autocomplete=autocomplete
                    // Phones then show digits. Recovery codes have letters, and another kind of field.
                    inputmode=(autocomplete == "one-time-code").then_some("numeric")
                    value=(kind != "password").then_some(value)
                />
            }
        })
    })
}

/// Everything that the HTML of a field depends on, except its value.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    field: FieldState,
    label: &'static str,
    kind: &'static str,
    placeholder: Option<&'static str>,
    autocomplete: &'static str,
    rules: Rules,
}

/// The parts around every field: its label, and the words for its problem.
pub(super) fn frame<V: IntoView>(
    field: FieldState,
    label: &'static str,
    control: impl FnOnce() -> V,
) -> impl IntoView {
    let FieldState { name, problem, .. } = field;
    view! {
        <div class="field">
            <label for=name>{label}</label>
            {control()}
            <p id=error_id(name) class="field-error" aria-live="polite">
                {words(problem)}
            </p>
        </div>
    }
}

fn error_id(name: &str) -> String {
    format!("{name}-error")
}

fn words(problem: Option<FieldProblem>) -> Option<&'static str> {
    problem.map(|problem| problem.text(Language::current()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flashes::KeptForm;

    #[test]
    fn a_password_is_never_written_into_a_page() {
        let rules = Rules::PRESENT;
        let kept = KeptForm::new("/", &[("x", "secret".to_owned())], &Vec::new()).field("x");
        let html = view! { <Field kept label="X" autocomplete="off" rules value="secret" /> };
        assert!(!html.to_html().contains("secret"));
    }
}
