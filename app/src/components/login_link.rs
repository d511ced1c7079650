use ironleaf_bff::SignInLink;
use leptos::prelude::*;
use leptos_meta::Title;

use super::ButtonForm;
use crate::server_fns::SignInWithToken;

/// The sign-in page of a browser that has opened the link of an e-mail: one button. With `by_itself`, the page's script
/// presses it. `viewer` is the person who is signed in.
#[component]
pub(crate) fn LoginLink(link: SignInLink, viewer: Option<String>, by_itself: bool) -> impl IntoView {
    let email = link.email().as_str().to_owned();
    let other = viewer.filter(|viewer| *viewer != email);
    view! {
        <Title text="Logging you in" />
        <section class="card">
            <h1>"Logging you in..."</h1>
            {other
                .map(|viewer| {
                    view! {
                        <p class="lead-small">
                            "You are logged in as " <strong>{viewer}</strong>
                            ". Going on ends that session in this browser."
                        </p>
                    }
                })}
            <ButtonForm<SignInWithToken> by_itself>
                {link
                    .sets_password()
                    .then(|| view! { <input type="hidden" name="action" value="password" /> })}
                <button type="submit" class="button primary wide">
                    {format!("Continue as {email}")}
                </button>
            </ButtonForm<SignInWithToken>>
            <p class="card-links">
                <a href="/login?with=password">"Use your password instead"</a>
            </p>
        </section>
    }
}
