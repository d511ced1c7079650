use leptos::prelude::*;

use crate::request::PageRequest;
use crate::words::{t, t_with};

/// The place for messages. The message of the last request is rendered here. The page's script removes it after a while
/// and adds the messages of islands.
#[component]
pub(crate) fn Toasts() -> impl IntoView {
    let request = PageRequest::current();
    let (message, language) = (request.take_message(), request.language);
    view! {
        <section id="toasts" class="toasts" aria-label=t("notifications") tabindex="-1">
            {message
                .map(|said| {
                    let role = if said.message.is_error() { "alert" } else { "status" };
                    let code = said.message.support_code();
                    let title = code.map(|code| t_with("notification-support-code", [("code", code.into())]));
                    view! {
                        <div class="toast" role=role>
                            <p data-support-code=code title=title>
                                {said.text(language)}
                            </p>
                        </div>
                    }
                })}
        </section>
    }
}
