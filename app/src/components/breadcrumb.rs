use leptos::prelude::*;

/// Home, and where one is.
#[component]
pub(crate) fn Breadcrumb(here: &'static str) -> impl IntoView {
    view! {
        <nav class="breadcrumb" aria-label="breadcrumb">
            <ol>
                <li>
                    <a href="/">"Home"</a>
                </li>
                <li>
                    <span aria-current="page">{here}</span>
                </li>
            </ol>
        </nav>
    }
}
