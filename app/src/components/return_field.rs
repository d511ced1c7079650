use ironleaf_bff::ReturnTo;
use leptos::prelude::*;

/// Tells the form where to go afterwards.
#[component]
pub(crate) fn ReturnField(place: Option<ReturnTo>) -> impl IntoView {
    place.map(|place| view! { <input type="hidden" name="return_to" value=place.to_string() /> })
}
