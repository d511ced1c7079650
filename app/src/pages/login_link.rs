use ironleaf_bff::SignInLink;
use leptos::prelude::*;

use super::opened::OPENED;
use crate::document::Page;
use crate::request::PageRequest;

/// `/login` for a browser that has opened the link of an e-mail: one button. The page's script presses it by itself, but
/// not over a session that somebody has, and only right after the link was opened.
///
/// SECURITY: and only in the browser that asked for it. A mail scanner runs scripts as well, and would use up what a person has yet to
/// open; and any site can send a browser to a link of its own, into an account of its own.
pub(super) fn login_link(request: &PageRequest, link: SignInLink) -> Page {
    let was_opened_now = request.take(&OPENED).is_some();
    let by_itself = was_opened_now && request.viewer.is_none() && request.asked_to_sign_in(&link);
    let viewer = request.viewer.as_ref().map(|user| user.display_name().to_owned());
    Page::auth("Logging you in", move || {
        let email = link.email().as_str().to_owned();
        view! {
            <section class="card">
                <h1>"Logging you in..."</h1>
                {viewer
                    .filter(|viewer| *viewer != email)
                    .map(|viewer| {
                        view! {
                            <p class="lead-small">
                                "You are logged in as " <strong>{viewer}</strong>
                                ". Going on ends that session in this browser."
                            </p>
                        }
                    })} <form method="post" action="/api/sign-in-with-token" data-auto-submit=by_itself.then_some("")>
                    <input type="hidden" name="form_id" value="%form_id%" />
                    {link
                        .sets_password()
                        .then(|| view! { <input type="hidden" name="action" value="password" /> })}
                    <button type="submit" class="button primary wide">
                        {format!("Continue as {email}")}
                    </button>
                </form>
                <p class="card-links">
                    <a href="/login?with=password">"Use your password instead"</a>
                </p>
            </section>
        }
    })
}
