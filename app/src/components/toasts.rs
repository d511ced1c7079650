use leptos::prelude::*;

use crate::request::PageRequest;

/// Where messages appear. The one from the last request stands here as rendered; the page's script lets it go after a
/// while and adds what islands have to say.
#[component]
pub(crate) fn Toasts() -> impl IntoView {
    let message = PageRequest::current().take_message();
    view! {
        <section id="toasts" class="toasts" aria-label="Notifications alt+T" tabindex="-1">
            {message
                .map(|message| {
                    let role = if message.is_error() { "alert" } else { "status" };
                    let code = message.support_code();
                    let title = code.map(|code| format!("Support code {code}"));
                    view! {
                        <div class="toast" role=role>
                            <p data-support-code=code title=title>
                                {message.text()}
                            </p>
                        </div>
                    }
                })}
        </section>
    }
}
