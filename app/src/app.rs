//! The whole application: the document, and every page in its layout.

use std::sync::LazyLock;

use ironleaf_bff::{Problem, ProblemKind};
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::path;

use crate::components::{AuthLayout, FullLayout, ProblemPage, SiteScripts};
use crate::load::SignedIn;
use crate::pages::{
    Account, Confirm, DeleteAccount, EmailVerification, Home, Login, Register, ResetPassword, SetPassword,
};
use crate::render::{Body, Pages, Views, page};
use crate::request::PageRequest;
use crate::site::TAGLINE;
use crate::theme::Theme;

/// Every page that there is. Each `<Route>` names the component of a page, whose loader makes its properties.
#[component]
fn App() -> impl IntoView {
    let not_found = || view! { <ProblemPage problem=Problem::new(ProblemKind::NotFound) form=None /> };
    view! {
        <Router>
            <Routes fallback=not_found>
                <ParentRoute path=path!("") view=FullLayout>
                    <Route path=path!("/") view=page(Home) />
                    <Route path=path!("/account") view=page(Account) />
                    <Route path=path!("/account/delete") view=page(|SignedIn| view! { <DeleteAccount /> }) />
                    <Route path=path!("/confirm") view=page(Confirm) />
                    <Route path=path!("/set-password") view=page(SetPassword) />
                </ParentRoute>
                <ParentRoute path=path!("") view=AuthLayout>
                    <Route path=path!("/login") view=page(Login) />
                    <Route path=path!("/register") view=page(Register) />
                    <Route path=path!("/reset-password") view=page(ResetPassword) />
                    <Route path=path!("/email-verification") view=page(EmailVerification) />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// The document around every page.
#[component]
fn Shell(body: Body) -> impl IntoView {
    let request = PageRequest::current();
    let app_name = request.site.app_name.clone();
    let formatter = move |title: String| match title.as_str() {
        "" => escaped(&app_name),
        title => escaped(&format!("{title} · {app_name}")),
    };
    view! {
        <!DOCTYPE html>
        <html lang="en" class=request.theme().map(Theme::class)>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <Title formatter />
                <meta name="description" content=TAGLINE />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=request.site.assets.style.clone() />
                <SiteScripts has_islands=body.has_islands />
                <MetaTags />
            </head>
            <body inner_html=body.html></body>
        </html>
    }
}

/// `leptos_meta` writes titles as they are.
fn escaped(title: &str) -> String {
    title.replace('&', "&amp;").replace('<', "&lt;")
}

/// All pages, and how they are rendered.
pub fn pages() -> &'static Pages {
    static PAGES: LazyLock<Pages> = LazyLock::new(|| {
        let views = Views {
            app: || view! { <App /> }.to_html(),
            problem: |problem, form| view! { <ProblemPage problem form /> }.to_html(),
            shell: |body| view! { <Shell body /> }.to_html(),
        };
        Pages::new(App, views)
    });
    &PAGES
}
