//! The layouts around the content of a page.

use leptos::prelude::*;

use super::{Advice, AuthBanner, Banner, LanguageChoice, SessionEnd, Toasts};
use crate::words::t;

/// The header with its menus, and the page.
#[component]
pub(crate) fn FullLayout(page: String) -> impl IntoView {
    view! {
        <SkipLink />
        <Banner />
        <Advice />
        <Main page />
        <SessionEnd />
        <Toasts />
        <LanguageChoice />
    }
}

/// Only the logo, for the sign-in page and similar pages.
#[component]
pub(crate) fn AuthLayout(page: String) -> impl IntoView {
    view! {
        <TransitLayout page />
        <LanguageChoice />
    }
}

/// The same for a page on the way to another site, on which there is nothing to choose.
#[component]
pub(crate) fn TransitLayout(page: String) -> impl IntoView {
    view! {
        <SkipLink />
        <AuthBanner />
        <Advice />
        <Main page />
        <Toasts />
    }
}

#[component]
fn SkipLink() -> impl IntoView {
    view! {
        <a class="skip-link" href="#main">
            {t("skip-to-content")}
        </a>
    }
}

#[component]
fn Main(page: String) -> impl IntoView {
    view! { <main id="main" tabindex="-1" inner_html=page></main> }
}
