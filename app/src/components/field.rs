use leptos::prelude::*;

use crate::flashes::KeptField;
use crate::validation::{FieldProblem, MIN_PASSWORD_LENGTH};

/// What a field asks for, and what is said where it does not get it. The server checks the same in `server_fns`; here it
/// is for the browser, which finds it in the attributes of the field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    optional: bool,
    min_length: Option<usize>,
    missing: Option<FieldProblem>,
    invalid: Option<FieldProblem>,
    short: Option<FieldProblem>,
    /// The name of the field that this one repeats.
    repeats: Option<&'static str>,
}

impl Rules {
    /// Something has to be there, without words for it: the button of its form waits.
    pub(crate) const PRESENT: Self =
        Self { optional: false, min_length: None, missing: None, invalid: None, short: None, repeats: None };

    /// An e-mail address.
    pub(crate) const EMAIL: Self =
        Self { invalid: Some(FieldProblem::InvalidEmail), ..Self::present_or(FieldProblem::InvalidEmail) };

    /// A password to be.
    pub(crate) const NEW_PASSWORD: Self = Self {
        min_length: Some(MIN_PASSWORD_LENGTH),
        short: Some(FieldProblem::ShortPassword),
        ..Self::present_or(FieldProblem::ShortPassword)
    };

    /// Something has to be there, or this is said.
    pub(crate) const fn present_or(missing: FieldProblem) -> Self {
        Self { missing: Some(missing), ..Self::PRESENT }
    }

    /// The field `password` once more; `missing` is said where it is empty.
    pub(crate) const fn confirmation(missing: FieldProblem) -> Self {
        Self { repeats: Some("password"), ..Self::present_or(missing) }
    }

    /// The same for a field that may stay empty.
    pub(crate) const fn or_empty(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// A labelled text field with a place for what is wrong with it. What is kept of it wins over `value`.
#[component]
pub(crate) fn Field(
    kept: KeptField,
    label: &'static str,
    #[prop(default = "password")] kind: &'static str,
    #[prop(optional)] placeholder: Option<&'static str>,
    autocomplete: &'static str,
    rules: Rules,
    #[prop(optional, into)] value: String,
) -> impl IntoView {
    let KeptField { name, value: kept, problem, is_first_problem } = kept;
    let error_id = format!("{name}-error");
    // SECURITY: a password is never written into a page.
    let value = (kind != "password").then(|| kept.unwrap_or(value));
    let words = |problem: Option<FieldProblem>| problem.map(FieldProblem::text);
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name
                name=name
                type=kind
                placeholder=placeholder
                autocomplete=autocomplete
                value=value
                required=!rules.optional
                minlength=rules.min_length
                autofocus=is_first_problem
                aria-invalid=problem.map(|_| "true")
                aria-describedby=error_id.clone()
                data-missing=words(rules.missing)
                data-invalid=words(rules.invalid)
                data-short=words(rules.short)
                data-match=rules.repeats
                data-mismatch=rules.repeats.map(|_| FieldProblem::PasswordsDiffer.text())
            />
            <p id=error_id class="field-error" aria-live="polite">
                {words(problem)}
            </p>
        </div>
    }
}
