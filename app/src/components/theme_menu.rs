use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::icons;
use crate::server_fns::SetTheme;
use crate::words::t;

/// Light, dark, or the setting of the device; then back to `here`. Each item is the submit button of one form.
#[component]
pub(crate) fn ThemeMenu(here: &'static str) -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label=t("toggle-theme")
            aria-haspopup="menu"
            popovertarget="theme-menu"
        >
            {icons::sun_and_moon()}
        </button>
        <div id="theme-menu" class="menu" role="menu" aria-label=t("toggle-theme") popover="auto">
            <form role="none" method="post" action=SetTheme::PATH data-theme-form="">
                <input type="hidden" name="return_to" value=here />
                {[("light", "theme-light"), ("dark", "theme-dark"), ("system", "theme-system")]
                    .map(|(value, label)| {
                        view! {
                            <button type="submit" role="menuitem" name="theme" value=value>
                                {t(label)}
                            </button>
                        }
                    })
                    .collect_view()}
            </form>
        </div>
    }
}
