use leptos::prelude::*;

use crate::document::{Answer, Page};
use crate::request::PageRequest;
use crate::site::TAGLINE;

/// `/`: what this is. It asks nobody anything, so it is there while the core API is down.
pub(crate) async fn home(request: PageRequest) -> (PageRequest, Answer) {
    let (get_started, source) = (request.site.get_started_url.clone(), request.site.source_url.clone());
    let content = || {
        view! {
            <section class="hero">
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
            </section>
        }
    };
    let page = Page::new("", content);
    (request, Answer::Page(page))
}
