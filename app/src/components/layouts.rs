//! What stands around the content of a page.

use leptos::prelude::*;
use leptos_router::components::Outlet;

use super::{AuthBanner, Banner, Toasts};
use crate::render::as_text;

/// The header with its menus.
#[component]
pub(crate) fn FullLayout() -> impl IntoView {
    full_layout(view! { <Outlet /> })
}

/// The same around content that comes from no route.
pub(super) fn full_layout(content: impl IntoView) -> impl IntoView {
    frame(view! { <Banner /> }, content)
}

/// The logo alone, for sign-in and its neighbours.
#[component]
pub(crate) fn AuthLayout() -> impl IntoView {
    frame(view! { <AuthBanner /> }, view! { <Outlet /> })
}

fn frame(header: impl IntoView, content: impl IntoView) -> impl IntoView {
    as_text(view! {
        <a class="skip-link" href="#main">
            "Skip to content"
        </a>
        {header}
        <main id="main" tabindex="-1">
            {content}
        </main>
        <Toasts />
    })
}
