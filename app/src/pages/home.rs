use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::branch;
use crate::load::Load;
use crate::request::PageRequest;
use crate::site::TAGLINE;

const FEATURES: [(&str, &str); 3] = [
    (
        "Nothing to steal",
        "Access and refresh tokens live in one sealed cookie that no script can read and no page contains.",
    ),
    (
        "Always logged in",
        "Tokens are renewed before a page is rendered, once for all tabs, and no outage logs anybody out.",
    ),
    (
        "Complete without scripts",
        "Every page and form works as plain HTML. WebAssembly makes them nicer, not possible.",
    ),
];

/// `/`: presents the application. It makes no calls, so it works while the core API is down.
#[component]
pub(crate) fn Home(get_started: String, source: String) -> impl IntoView {
    view! {
        <Title text="" />
        <section class="hero">
            <div class="hero-words">
                <p class="eyebrow">"Your starting point"</p>
                <h1>"Build something great."</h1>
                <p class="lead">{TAGLINE}</p>
                <p class="actions">
                    <a class="button primary" href=get_started>
                        "Get started"
                    </a>
                    <a class="button" href=source>
                        "GitHub"
                    </a>
                </p>
            </div>
            {branch()}
        </section>
        <ul class="features">
            {FEATURES
                .map(|(title, text)| {
                    view! {
                        <li>
                            <h2>{title}</h2>
                            <p class="lead-small">{text}</p>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

impl Load for HomeProps {
    const SAME_FOR_STRANGERS: bool = true;

    async fn load(request: &mut PageRequest) -> Result<Self, Answer> {
        let get_started = match request.site.get_started_url.as_str() {
            // That link would lead straight back here.
            "/login" if request.may_be_signed_in() => "/account".to_owned(),
            url => url.to_owned(),
        };
        Ok(Self { get_started, source: request.site.source_url.clone() })
    }
}
