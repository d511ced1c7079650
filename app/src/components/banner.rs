use leptos::either::Either;
use leptos::prelude::*;

use super::{AccountMenu, ThemeMenu, icons};
use crate::request::PageRequest;

/// The header of normal pages. Its menus are native popovers and forms: they work before, and without, any script.
#[component]
pub(crate) fn Banner() -> impl IntoView {
    let request = PageRequest::current();
    // Somebody of whom nobody can tell whether they are signed in is offered nothing.
    let can_log_in = !request.may_be_signed_in();
    view! {
        <header class="banner">
            <div class="banner-row">
                <Brand />
                <div class="banner-actions">
                    {match request.viewer.clone() {
                        Some(user) => Either::Left(view! { <AccountMenu user /> }),
                        None => {
                            Either::Right(
                                can_log_in
                                    .then(|| {
                                        view! {
                                            <a class="button quiet" href="/login">
                                                "Login"
                                            </a>
                                        }
                                    }),
                            )
                        }
                    }} <ThemeMenu />
                </div>
            </div>
        </header>
    }
}

/// The header of sign-in and its neighbours: the logo and nothing that leads away.
#[component]
pub(crate) fn AuthBanner() -> impl IntoView {
    view! {
        <header class="banner">
            <div class="banner-row">
                <Brand />
            </div>
        </header>
    }
}

#[component]
fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/">
            {icons::leaf()} <span>{PageRequest::current().site.app_name.clone()}</span>
        </a>
    }
}
