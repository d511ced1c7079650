use leptos::prelude::*;

use super::{Field, Rules};
use crate::flashes::KeptForm;
use crate::validation::FieldProblem;
use crate::words::t;

/// The two fields for a new password. `unconfirmed` has the words for an empty confirmation.
#[expect(clippy::needless_pass_by_value, reason = "a component owns its properties")]
#[component]
pub(crate) fn NewPassword(
    form: KeptForm,
    label: &'static str,
    placeholder: &'static str,
    #[prop(optional)] confirmation_placeholder: Option<&'static str>,
    unconfirmed: FieldProblem,
    /// Empty fields leave the password as it is.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let needed = |rules: Rules| if optional { rules.or_empty() } else { rules };
    view! {
        <Field
            kept=form.field("password")
            label
            placeholder
            autocomplete="new-password"
            rules=needed(Rules::NEW_PASSWORD)
        />
        <Field
            kept=form.field("confirm_password")
            label=t("password-confirmation")
            placeholder=confirmation_placeholder
            autocomplete="new-password"
            rules=needed(Rules::confirmation(unconfirmed))
        />
    }
}
