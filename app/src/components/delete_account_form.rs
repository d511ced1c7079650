use leptos::prelude::*;

use super::ButtonForm;
use crate::server_fns::DeleteAccount;

/// What deleting an account means, and the button that does it; in the dialog and on the page without one. `cancel` is
/// the way out.
#[component]
pub(crate) fn DeleteAccountForm<V: IntoView + Send + 'static>(
    cancel: V,
    /// Whose page it is on, in a `Template`.
    #[prop(optional)]
    person: Option<String>,
) -> impl IntoView {
    view! {
        <p id="delete-account-text" class="lead-small">
            "This cannot be undone. It deletes your account for good and logs you out everywhere."
        </p>
        <ButtonForm<DeleteAccount> class="dialog-actions" person>
            {cancel}
            <button type="submit" class="button danger">
                "Delete Account"
            </button>
        </ButtonForm<DeleteAccount>>
    }
}
