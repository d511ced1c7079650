use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::server_fns::SignOut;

/// The avatar with its menu. `person` identifies whose page it is, for the form.
#[component]
pub(crate) fn AccountMenu(initials: &'static str, name: &'static str, person: &'static str) -> impl IntoView {
    view! {
        <button
            type="button"
            class="avatar"
            aria-label="Account menu"
            aria-haspopup="menu"
            popovertarget="account-menu"
        >
            <span aria-hidden="true">{initials}</span>
        </button>
        <div id="account-menu" class="menu" role="menu" aria-label="Account menu" popover="auto">
            <p class="menu-note" role="none">
                {name}
            </p>
            <a role="menuitem" href="/account">
                "Settings"
            </a>
            <form role="none" method="post" action=SignOut::PATH>
                <input type="hidden" name="page_of" value=person />
                <button type="submit" role="menuitem">
                    "Logout"
                </button>
            </form>
        </div>
    }
}
