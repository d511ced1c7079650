use ironleaf_bff::ReturnTo;
use leptos::prelude::*;

use super::icons;

/// Light, dark, or as the device says. Each item is the submit button of one form.
#[component]
pub(crate) fn ThemeMenu(here: Option<ReturnTo>) -> impl IntoView {
    let here = here.map_or_else(|| "/".to_owned(), |here| here.to_string());
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label="Toggle theme"
            aria-haspopup="menu"
            popovertarget="theme-menu"
        >
            {icons::sun_and_moon()}
        </button>
        <div id="theme-menu" class="menu" role="menu" aria-label="Toggle theme" popover="auto">
            <form role="none" method="post" action="/api/set-theme" data-theme-form="">
                <input type="hidden" name="return_to" value=here />
                {[("light", "Light"), ("dark", "Dark"), ("system", "System")]
                    .map(|(value, label)| {
                        view! {
                            <button type="submit" role="menuitem" name="theme" value=value>
                                {label}
                            </button>
                        }
                    })
                    .collect_view()}
            </form>
        </div>
    }
}
