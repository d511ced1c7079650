use leptos::prelude::*;

use crate::render::Template;
use crate::words::t;

/// A link to the home page, and the name of the current page.
#[component]
pub(crate) fn Breadcrumb(here: &'static str) -> impl IntoView {
    static BREADCRUMB: Template<1> = Template::new();

    BREADCRUMB.fill([here], |[here]| {
        view! {
        <nav class="breadcrumb" aria-label=t("breadcrumb")>
            <ol>
                <li>
                    <a href="/">{t("breadcrumb-home")}</a>
                </li>
                <li>
                    <span aria-current="page">{here}</span>
                </li>
            </ol>
        </nav>
        }
    })
}
