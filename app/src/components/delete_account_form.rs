use leptos::prelude::*;

/// What deleting an account means, and the button that does it; in the dialog and on the page without one. `cancel` is
/// the way out.
#[component]
pub(crate) fn DeleteAccountForm<V: IntoView + 'static>(cancel: V) -> impl IntoView {
    view! {
        <p id="delete-account-text" class="lead-small">
            "This cannot be undone. It deletes your account for good and logs you out everywhere."
        </p>
        <form method="post" action="/api/delete-account" class="dialog-actions">
            <input type="hidden" name="form_id" value="%form_id%" />
            <input type="hidden" name="page_of" value="%page_of%" />
            {cancel}
            <button type="submit" class="button danger">
                "Delete Account"
            </button>
        </form>
    }
}
