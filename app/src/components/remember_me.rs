use ironleaf_bff::Remember;
use leptos::prelude::*;

use crate::flashes::KeptForm;
use crate::words::t;

/// The checkbox of a form that signs people in. It is ticked, unless a refused form was sent without it.
///
/// A browser sends nothing for a box that is not ticked. So a hidden field says that there was one, see
/// [`Remember::from_form`].
#[component]
pub(crate) fn RememberMe(form: KeptForm) -> impl IntoView {
    let kept = form.field(REMEMBER_ME).value;
    let checked = Remember::from_form(kept.as_deref(), None) == Remember::Yes;
    view! {
        <input type="hidden" name="remember_me_offered" value="yes" />
        <p class="choice">
            <input type="checkbox" id=REMEMBER_ME name=REMEMBER_ME checked=checked />
            <label for=REMEMBER_ME>{t("remember-me")}</label>
        </p>
    }
}

/// The name of the box.
pub(crate) const REMEMBER_ME: &str = "remember_me";
