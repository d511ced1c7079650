use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::DeleteAccountForm;
use crate::words::t;

/// `/account/delete`: the dialog of the account page as a page of its own, for browsers without dialogs, and for people
/// who come back after confirming their password.
#[component]
pub(crate) fn DeleteAccount() -> impl IntoView {
    let cancel = view! {
        <a class="button" href="/account">
            {t("cancel")}
        </a>
    };
    view! {
        <Title text=t("delete-account-title") />
        <section class="card">
            <h1>{t("are-you-sure")}</h1>
            <DeleteAccountForm cancel />
        </section>
    }
}
