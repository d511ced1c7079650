use leptos::prelude::*;

/// Tells password managers whose password the form is about. Nobody sees it, and it is not sent.
#[component]
pub(crate) fn Username(email: String) -> impl IntoView {
    view! { <input type="email" autocomplete="username" value=email hidden readonly /> }
}
