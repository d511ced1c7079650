use leptos::prelude::*;
use leptos::tachys::view::{Position, RenderHtml};

/// Renders a view at once: text is quicker than a view in a box, which owns a copy of all its attributes, and its type is short.
pub(crate) fn html_of(view: impl IntoView) -> String {
    let mut html = String::with_capacity(USUAL_BYTES);
    view.into_view().to_html_with_buf(&mut html, &mut Position::FirstChild, true, false, Vec::new());
    html
}

/// Few parts of a page are larger, so that few are moved while they grow.
const USUAL_BYTES: usize = 2048;
