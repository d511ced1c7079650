use leptos::prelude::*;
use leptos_meta::{Meta, Title};

use super::layouts::TransitLayout;
use crate::onward::Onward;
use crate::render::html_of;
use crate::words::{t, t_around, t_with};

/// Leads to another site after a form, with and without scripts.
#[component]
pub(crate) fn OnwardPage(onward: Onward) -> impl IntoView {
    let Onward { url, name } = onward;
    let (before, after) = t_around("onward-text", "name", []);
    let page = html_of(view! {
        <Title text=t("onward-title") />
        <Meta http_equiv="refresh" content=format!("0;url={url}") />
        <section class="card">
            <h1>{t("onward-heading")}</h1>
            <p class="lead-small">{before} <strong>{name.clone()}</strong> {after}</p>
            <a class="button primary wide" href=url>
                {t_with("onward-continue", [("name", name.into())])}
            </a>
        </section>
    });
    view! { <TransitLayout page /> }
}
