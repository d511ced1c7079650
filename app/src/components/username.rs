use leptos::prelude::*;

/// Tells password managers which account the form is about. It is not visible and not sent.
#[component]
pub(crate) fn Username(email: String) -> impl IntoView {
    view! { <input type="email" autocomplete="username" value=email hidden readonly /> }
}
