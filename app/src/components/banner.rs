use leptos::prelude::*;

use super::{AccountMenu, ThemeMenu, icons};
use crate::guard::PEOPLE;
use crate::render::Template;
use crate::request::PageRequest;
use crate::words::t;

/// The header of normal pages. Its menus are native popovers and forms: they work before, and without, any script.
#[component]
pub(crate) fn Banner() -> impl IntoView {
    static SIGNED_IN: Template<5> = Template::new();
    static ADMINISTRATOR: Template<5> = Template::new();
    static SIGNED_OUT: Template<2> = Template::new();
    static NOT_KNOWN: Template<2> = Template::new();

    let request = PageRequest::current();
    let app_name = request.site.app_name.as_str();
    let here = request.here().map_or_else(|| "/".to_owned(), |here| here.to_string());
    match &request.viewer {
        Some(user) => {
            let person = request.page_of().unwrap_or_default();
            let texts = [app_name, &here, &user.initials(), user.display_name(), &person];
            let is_administrator = request.may_pass(PEOPLE);
            let banner = if is_administrator { &ADMINISTRATOR } else { &SIGNED_IN };
            banner.fill(texts, |[app_name, here, initials, name, person]| {
                let menu = view! { <AccountMenu initials name person is_administrator /> };
                view! { <BannerRow app_name here account=menu /> }
            })
        }
        // While it is unknown whether the person is signed in, they get neither the menu nor the link.
        None if request.may_be_signed_in() => NOT_KNOWN
            .fill([app_name, &here], |[app_name, here]| view! { <BannerRow app_name here account=() /> }),
        None => SIGNED_OUT.fill([app_name, &here], |[app_name, here]| {
            let login = view! {
                <a class="button quiet" href="/login">
                    {t("login")}
                </a>
            };
            view! { <BannerRow app_name here account=login /> }
        }),
    }
}

/// `account` is the part for the person: their menu, or the link to sign in.
#[component]
fn BannerRow<V: IntoView>(app_name: &'static str, here: &'static str, account: V) -> impl IntoView {
    view! {
        <header class="banner">
            <div class="banner-row">
                <Brand app_name />
                <div class="banner-actions">{account} <ThemeMenu here /></div>
            </div>
        </header>
    }
}

/// The header of the sign-in page and similar pages: the logo, without links that lead away.
#[component]
pub(crate) fn AuthBanner() -> impl IntoView {
    static BANNER: Template<1> = Template::new();

    BANNER.fill([&PageRequest::current().site.app_name], |[app_name]| {
        view! {
            <header class="banner">
                <div class="banner-row">
                    <Brand app_name />
                </div>
            </header>
        }
    })
}

#[component]
fn Brand(app_name: &'static str) -> impl IntoView {
    view! {
        <a class="brand" href="/">
            {icons::leaf()} <span>{app_name}</span>
        </a>
    }
}
