use ironleaf_bff::Remember;
use leptos::prelude::*;

use crate::remember::REMEMBER_ME;
use crate::words::t;

/// The checkbox of a form that signs people in.
///
/// A browser sends nothing for a box that is not ticked. So a hidden field says that there was one, see
/// [`Remember::from_form`].
#[component]
pub(crate) fn RememberMe(remember: Remember) -> impl IntoView {
    view! {
        <input type="hidden" name="remember_me_offered" value="yes" />
        <p class="choice">
            <input type="checkbox" id=REMEMBER_ME name=REMEMBER_ME checked=remember == Remember::Yes />
            <label for=REMEMBER_ME>{t("remember-me")}</label>
        </p>
    }
}
