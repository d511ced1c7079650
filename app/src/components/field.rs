use ironleaf_bff::MAX_EMAIL_BYTES;
use leptos::prelude::*;

/// A labelled text field with a place for what is wrong with it.
#[component]
pub(crate) fn Field(
    name: &'static str,
    label: &'static str,
    #[prop(default = "text")] kind: &'static str,
    placeholder: &'static str,
    autocomplete: &'static str,
    #[prop(optional, into)] value: String,
) -> impl IntoView {
    let error_id = format!("{name}-error");
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
                required
                maxlength=(kind == "email").then_some(MAX_EMAIL_BYTES)
                aria-describedby=error_id.clone()
            />
            <p id=error_id class="field-error"></p>
        </div>
    }
}
