use leptos::prelude::*;

use crate::components::DeleteAccountForm;
use crate::document::{Answer, Page};
use crate::request::PageRequest;

/// `/account/delete`: the dialog of the account page as a page, for browsers that can open none, and where a person comes
/// back to after they had to confirm their password.
pub(crate) async fn delete_account(request: PageRequest) -> (PageRequest, Answer) {
    if request.viewer.is_none() {
        let answer = request.ask_to_log_in(request.here().as_ref());
        return (request, answer);
    }
    let page = Page::new("Delete account", || {
        let cancel = view! {
            <a class="button" href="/account">
                "Cancel"
            </a>
        };
        view! {
            <section class="card">
                <h1>"Are you sure?"</h1>
                <DeleteAccountForm cancel />
            </section>
        }
    });
    (request, Answer::Page(page))
}
