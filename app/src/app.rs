//! The whole application: the document, and every page in its layout.

use std::sync::LazyLock;

use ironleaf_bff::{Problem, ProblemKind};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::path;

use crate::components::{AuthLayout, FullLayout, OnwardPage, ProblemPage, SiteScripts};
use crate::guard::PEOPLE;
use crate::load::DeletableAccount;
use crate::pages::{
    Account, Activity, Callback, Code, Confirm, DeleteAccount, DeletePerson, DisableTwoFactor,
    EmailVerification, Home, Login, OnePasskey, OnePerson, Passkeys, People, RecoveryCodes, Register,
    RemovePasskey, ResetPassword, RestoreAddress, Sessions, SetPassword, SetUpTwoFactor, TwoFactor,
};
use crate::render::{BODY, Pages, Views, guarded, html_of, layout, page};
use crate::request::PageRequest;
use crate::theme::Theme;
use crate::words::t;

/// Every page of the application. Each `<Route>` names the component of a page, whose loader creates its properties.
#[component]
fn App() -> impl IntoView {
    let not_found = || view! { <ProblemPage problem=Problem::new(ProblemKind::NotFound) form=None /> };
    view! {
        <Router>
            <Routes fallback=not_found>
                <ParentRoute path=path!("") view=layout(|page| view! { <FullLayout page /> })>
                    <Route path=path!("/") view=page(Home) />
                    <Route path=path!("/account") view=page(Account) />
                    <Route path=path!("/account/activity") view=page(Activity) />
                    <Route path=path!("/account/delete") view=page(|DeletableAccount| view! { <DeleteAccount /> }) />
                    <Route path=path!("/account/sessions") view=page(Sessions) />
                    <Route path=path!("/admin/people") view=guarded(PEOPLE, People) />
                    <Route path=path!("/admin/people/:id") view=guarded(PEOPLE, OnePerson) />
                    <Route path=path!("/admin/people/:id/delete") view=guarded(PEOPLE, DeletePerson) />
                    <Route path=path!("/account/passkeys") view=page(Passkeys) />
                    <Route path=path!("/account/passkeys/:id") view=page(OnePasskey) />
                    <Route path=path!("/account/passkeys/:id/remove") view=page(RemovePasskey) />
                    <Route path=path!("/account/two-factor") view=page(TwoFactor) />
                    <Route path=path!("/account/two-factor/set-up") view=page(SetUpTwoFactor) />
                    <Route path=path!("/account/two-factor/recovery-codes") view=page(RecoveryCodes) />
                    <Route path=path!("/account/two-factor/disable") view=page(DisableTwoFactor) />
                    <Route path=path!("/confirm") view=page(Confirm) />
                    <Route path=path!("/set-password") view=page(SetPassword) />
                </ParentRoute>
                <ParentRoute path=path!("") view=layout(|page| view! { <AuthLayout page /> })>
                    <Route path=path!("/login") view=page(Login) />
                    <Route path=path!("/login/code") view=page(Code) />
                    <Route path=path!("/register") view=page(Register) />
                    <Route path=path!("/reset-password") view=page(ResetPassword) />
                    <Route path=path!("/email-verification") view=page(EmailVerification) />
                    <Route path=path!("/restore-address") view=page(RestoreAddress) />
                    <Route path=path!("/auth/callback") view=page(Callback) />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// The document around every page, rendered once for each theme and language. The nonce is filled in when the page is sent.
#[component]
fn Document(has_islands: bool) -> impl IntoView {
    let request = PageRequest::current();
    view! {
        <!DOCTYPE html>
        <html lang=request.language.tag() class=request.theme.map(Theme::class)>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content=t("tagline") />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=request.site.assets.style.clone() />
                <SiteScripts has_islands />
                // The title and the other tags of the page follow here.
            </head>
            <body>{BODY}</body>
        </html>
    }
}

/// Adds the name of the application to the title of every page.
#[component]
fn Titles() -> impl IntoView {
    let request = PageRequest::current();
    let formatter = move |title: String| {
        let app_name = &request.site.app_name;
        let title = if title.is_empty() { app_name.clone() } else { format!("{title} · {app_name}") };
        // `leptos_meta` does not escape it.
        title.replace('&', "&amp;").replace('<', "&lt;")
    };
    view! { <Title formatter /> }
}

/// All pages, and how they are rendered.
pub fn pages() -> &'static Pages {
    static PAGES: LazyLock<Pages> = LazyLock::new(|| {
        let views = Views {
            app: || html_of(App()),
            problem: |problem, form| html_of(view! { <ProblemPage problem form /> }),
            onward: |onward| html_of(view! { <OnwardPage onward /> }),
            shell: |has_islands| html_of(view! { <Document has_islands /> }),
            meta: || {
                provide_meta_context();
                Titles();
            },
        };
        Pages::new(App, views)
    });
    &PAGES
}
