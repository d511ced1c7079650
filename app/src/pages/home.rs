use leptos::prelude::*;
use leptos_meta::Title;

use crate::answer::Answer;
use crate::components::branch;
use crate::load::Load;
use crate::request::PageRequest;
use crate::words::t;

const FEATURES: [(&str, &str); 3] = [
    ("home-nothing-to-steal", "home-nothing-to-steal-text"),
    ("home-always-logged-in", "home-always-logged-in-text"),
    ("home-without-scripts", "home-without-scripts-text"),
];

/// `/`: presents the application. It makes no calls, so it works while the core API is down.
#[component]
pub(crate) fn Home(get_started: String, source: String) -> impl IntoView {
    view! {
        <Title text="" />
        <section class="hero">
            <div class="hero-words">
                <p class="eyebrow">{t("home-eyebrow")}</p>
                <h1>{t("home-heading")}</h1>
                <p class="lead">{t("tagline")}</p>
                <p class="actions">
                    <a class="button primary" href=get_started>
                        {t("home-get-started")}
                    </a>
                    <a class="button" href=source>
                        {t("home-source")}
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
                            <h2>{t(title)}</h2>
                            <p class="lead-small">{t(text)}</p>
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
