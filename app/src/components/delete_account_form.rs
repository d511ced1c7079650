use leptos::prelude::*;

use super::ButtonForm;
use crate::server_fns::DeleteAccount;
use crate::words::t;

/// Explains what deleting an account means, with the button that does it. It is used in the dialog and on the page
/// without a dialog. `cancel` is the way out.
#[component]
pub(crate) fn DeleteAccountForm<V: IntoView + Send + 'static>(
    cancel: V,
    /// Identifies whose page it is on, if it is inside a `Template`.
    #[prop(optional)]
    person: Option<String>,
) -> impl IntoView {
    view! {
        <p id="delete-account-text" class="lead-small">
            {t("delete-account-text")}
        </p>
        <ButtonForm<DeleteAccount> class="dialog-actions" person>
            {cancel}
            <button type="submit" class="button danger">
                {t("delete-account")}
            </button>
        </ButtonForm<DeleteAccount>>
    }
}
