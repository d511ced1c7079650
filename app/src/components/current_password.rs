use leptos::prelude::*;

use super::{Field, Rules};
use crate::flashes::KeptField;
use crate::validation::FieldProblem;
use crate::words::t;

/// The field for the current password, which proves that it is the person.
#[component]
pub(crate) fn CurrentPassword(kept: KeptField) -> impl IntoView {
    view! {
        <Field
            kept
            label=t("account-current-password")
            autocomplete="current-password"
            rules=Rules::present_or(FieldProblem::CurrentPasswordMissing)
        />
    }
}
