use ironleaf_bff::{ReturnTo, User};
use leptos::either::Either;
use leptos::prelude::*;

use super::{AccountMenu, ThemeMenu, icons};

/// The header of normal pages. Its menus are native popovers and forms: they work before, and without, any script.
///
/// Where `viewer` is nobody, `can_log_in` says whether that is known.
#[component]
pub(crate) fn Banner(
    app_name: String,
    viewer: Option<User>,
    can_log_in: bool,
    here: Option<ReturnTo>,
) -> impl IntoView {
    view! {
        <header class="banner">
            <div class="banner-row">
                <Brand app_name />
                <div class="banner-actions">
                    {match viewer {
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
                    }} <ThemeMenu here />
                </div>
            </div>
        </header>
    }
}

/// The header of sign-in and its neighbours: the logo and nothing that leads away.
#[component]
pub(crate) fn AuthBanner(app_name: String) -> impl IntoView {
    view! {
        <header class="banner">
            <div class="banner-row">
                <Brand app_name />
            </div>
        </header>
    }
}

#[component]
fn Brand(app_name: String) -> impl IntoView {
    view! {
        <a class="brand" href="/">
            {icons::leaf()} <span>{app_name}</span>
        </a>
    }
}
