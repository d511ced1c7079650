use leptos::prelude::*;

/// Says whose page the form is on, so that it does nothing to somebody else who has signed in meanwhile.
#[component]
pub(crate) fn PageOf(person: Option<String>) -> impl IntoView {
    person.map(|person| view! { <input type="hidden" name="page_of" value=person /> })
}
