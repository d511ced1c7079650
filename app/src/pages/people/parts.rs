use ironleaf_bff::{Role, User};
use leptos::prelude::*;

use crate::words::t;

/// The words for a role. One that this application does not know has its own name.
pub(super) fn role_name(name: &str) -> String {
    match name {
        Role::ADMIN => t("role-administrator").to_owned(),
        Role::VERIFIED_USER => t("role-verified").to_owned(),
        other => other.to_owned(),
    }
}

/// The roles of a person as a list. Whether their address is verified is said elsewhere.
pub(super) fn roles_of(user: &User) -> impl IntoView + use<> {
    let roles = user.roles.iter().filter(|role| role.name() != Role::VERIFIED_USER);
    let roles: Vec<_> = roles.map(|role| view! { <li>{role_name(role.name())}</li> }).collect();
    if roles.is_empty() {
        return view! { <span class="none">{t("people-no-role")}</span> }.into_any();
    }
    view! { <ul class="tags">{roles}</ul> }.into_any()
}

/// Whether the person's address is verified, in words.
pub(super) fn verification(user: &User) -> &'static str {
    match (user.has_role(Role::VERIFIED_USER), &user.unverified_email) {
        (true, None) => t("people-verified"),
        (true, Some(_)) => t("people-changing"),
        (false, _) => t("people-unverified"),
    }
}

/// The way back to `list`, which is the address of the list.
#[component]
pub(super) fn PersonBreadcrumb(list: String) -> impl IntoView {
    view! {
        <nav class="breadcrumb" aria-label=t("breadcrumb")>
            <ol>
                <li>
                    <a href="/">{t("breadcrumb-home")}</a>
                </li>
                <li>
                    <a href=list>{t("people")}</a>
                </li>
                <li>
                    <span aria-current="page">{t("person")}</span>
                </li>
            </ol>
        </nav>
    }
}

/// The hidden fields of a form that changes a person: who it is, and as which version they were seen.
#[component]
pub(super) fn SeenFields(id: String, version: String) -> impl IntoView {
    view! {
        <input type="hidden" name="id" value=id />
        <input type="hidden" name="version" value=version />
    }
}
