use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::server_fns::SignOut;
use crate::words::t;

/// The avatar with its menu. `person` identifies whose page it is, for the form.
#[component]
pub(crate) fn AccountMenu(
    initials: &'static str,
    name: &'static str,
    person: &'static str,
    /// Whether they administer other people.
    is_administrator: bool,
) -> impl IntoView {
    let people = is_administrator.then(|| {
        view! {
            <a role="menuitem" href="/admin/people">
                {t("people")}
            </a>
        }
    });
    view! {
        <button
            type="button"
            class="avatar"
            aria-label=t("account-menu")
            aria-haspopup="menu"
            popovertarget="account-menu"
        >
            <span aria-hidden="true">{initials}</span>
        </button>
        <div id="account-menu" class="menu" role="menu" aria-label=t("account-menu") popover="auto">
            <p class="menu-note" role="none">
                {name}
            </p>
            <a role="menuitem" href="/account">
                {t("account-menu-settings")}
            </a>
            {people}
            <form role="none" method="post" action=SignOut::PATH>
                <input type="hidden" name="page_of" value=person />
                <button type="submit" role="menuitem">
                    {t("account-menu-logout")}
                </button>
            </form>
        </div>
    }
}
