use leptos::prelude::*;

use crate::render::Template;

/// Home, and where one is.
#[component]
pub(crate) fn Breadcrumb(here: &'static str) -> impl IntoView {
    static BREADCRUMB: Template<1> = Template::new();

    BREADCRUMB.fill([here], |[here]| {
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
    })
}
