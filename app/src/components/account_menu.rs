use ironleaf_bff::User;
use leptos::prelude::*;

use super::ButtonForm;
use crate::server_fns::SignOut;

/// The avatar and what hangs from it.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "a view may outlive whoever makes it")]
pub(crate) fn AccountMenu(user: User) -> impl IntoView {
    view! {
        <button
            type="button"
            class="avatar"
            aria-label="Account menu"
            aria-haspopup="menu"
            popovertarget="account-menu"
        >
            <span aria-hidden="true">{user.initials()}</span>
        </button>
        <div id="account-menu" class="menu" role="menu" aria-label="Account menu" popover="auto">
            <p class="menu-note" role="none">
                {user.display_name().to_owned()}
            </p>
            <a role="menuitem" href="/account">
                "Settings"
            </a>
            <ButtonForm<SignOut> once=false role="none">
                <button type="submit" role="menuitem">
                    "Logout"
                </button>
            </ButtonForm<SignOut>>
        </div>
    }
}
