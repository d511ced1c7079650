use leptos::prelude::*;
use leptos_meta::{Meta, Title};

use super::AuthLayout;
use crate::onward::Onward;
use crate::render::html_of;

/// Leads to another site after a form, with and without scripts.
#[component]
pub(crate) fn OnwardPage(onward: Onward) -> impl IntoView {
    let Onward { url, name } = onward;
    let page = html_of(view! {
        <Title text="One moment" />
        <Meta http_equiv="refresh" content=format!("0;url={url}") />
        <section class="card">
            <h1>"One moment..."</h1>
            <p class="lead-small">"You are on your way to " <strong>{name.clone()}</strong> "."</p>
            <a class="button primary wide" href=url>
                {format!("Continue to {name}")}
            </a>
        </section>
    });
    view! { <AuthLayout page /> }
}
