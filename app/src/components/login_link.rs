use ironleaf_bff::{Remember, SignInLink};
use leptos::prelude::*;
use leptos_meta::Title;

use super::{ButtonForm, RememberMe};
use crate::server_fns::SignInWithToken;
use crate::words::{t, t_around, t_with};

/// The sign-in page of a browser that has opened the link of an e-mail: one button. With `by_itself`, the page's script
/// presses it. `viewer` is the person who is signed in.
#[component]
pub(crate) fn LoginLink(
    link: SignInLink,
    viewer: Option<String>,
    remember: Remember,
    by_itself: bool,
) -> impl IntoView {
    let email = link.email().as_str().to_owned();
    let other = viewer.filter(|viewer| *viewer != email);
    view! {
        <Title text=t("login-link-title") />
        <section class="card">
            <h1>{t("login-link-heading")}</h1>
            {other
                .map(|viewer| {
                    let (before, after) = t_around("login-link-other", "viewer", []);
                    view! { <p class="lead-small">{before} <strong>{viewer}</strong> {after}</p> }
                })}
            <ButtonForm<SignInWithToken> by_itself>
                {link
                    .sets_password()
                    .then(|| view! { <input type="hidden" name="action" value="password" /> })}
                // A form that sends itself leaves no time to choose. Its browser has asked for the link, and was asked
                // then.
                {(!by_itself).then(|| view! { <RememberMe remember /> })}
                <button type="submit" class="button primary wide">
                    {t_with("login-link-submit", [("email", email.into())])}
                </button>
            </ButtonForm<SignInWithToken>>
            <p class="card-links">
                <a href="/login?with=password">{t("login-link-with-password")}</a>
            </p>
        </section>
    }
}
