use std::sync::Arc;

use hydration_context::SsrSharedContext;
use leptos::prelude::*;
use leptos::tachys::view::{Position, RenderHtml};

/// Renders a view at once. The resulting text is faster than a boxed view, which owns a copy of all its attributes, and
/// its type is short.
pub(crate) fn html_of(view: impl IntoView) -> String {
    let mut html = String::with_capacity(USUAL_BYTES);
    view.into_view().to_html_with_buf(&mut html, &mut Position::FirstChild, true, false, Vec::new());
    html
}

/// Few parts of a page are larger, so few buffers are moved while they grow.
const USUAL_BYTES: usize = 2048;

/// Renders something under its own owner, with no context except what `html` provides.
///
/// The shared context is told that only islands hydrate, and its buffers are never read. So nothing can be serialized
/// into the page for the browser, neither by intention nor by accident.
pub(super) fn under_its_own_owner(html: impl FnOnce() -> String) -> String {
    let outer = Owner::current();
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let html = owner.with(html);
    owner.unset_with_forced_cleanup();
    // A new root replaces the owner that was there.
    if let Some(outer) = outer {
        outer.set();
    }
    html
}
