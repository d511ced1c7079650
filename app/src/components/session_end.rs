use leptos::prelude::*;

use crate::links;
use crate::render::Template;
use crate::request::PageRequest;
use crate::words::t;

/// The place of a note that the session of the signed-in person ends soon (WCAG 2.2, success criterion 2.2.1). The
/// page's script shows it two minutes before the end, and removes it once a tab has a session that lasts longer. The
/// way to stay opens a new tab, so that nothing that was typed here is lost.
#[component]
pub(crate) fn SessionEnd() -> impl IntoView {
    static NOTE: Template<1> = Template::new();

    let left = PageRequest::current().time_left();
    left.map(|left| NOTE.fill([&left.as_secs().to_string()], |[left]| view! { <Note left /> }))
}

#[component]
fn Note(left: &'static str) -> impl IntoView {
    view! {
        <div class="session-end" role="status" data-left=left>
            <template>
                <p>
                    {t("session-end")} " "
                    <a href=links::confirm(None) target="_blank" rel="noopener">
                        {t("session-end-stay")}
                    </a>
                </p>
            </template>
        </div>
    }
}
