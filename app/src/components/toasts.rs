use leptos::prelude::*;

use crate::request::PageRequest;

/// The place for messages. The message of the last request is rendered here. The page's script removes it after a while
/// and adds the messages of islands.
#[component]
pub(crate) fn Toasts() -> impl IntoView {
    let message = PageRequest::current().take_message();
    view! {
        <section id="toasts" class="toasts" aria-label="Notifications alt+T" tabindex="-1">
            {message
                .map(|said| {
                    let role = if said.message.is_error() { "alert" } else { "status" };
                    let code = said.message.support_code();
                    let title = code.map(|code| format!("Support code {code}"));
                    view! {
                        <div class="toast" role=role>
                            <p data-support-code=code title=title>
                                {said.text()}
                            </p>
                        </div>
                    }
                })}
        </section>
    }
}
