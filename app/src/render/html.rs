use std::sync::Arc;

use hydration_context::SsrSharedContext;
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

/// Renders something under an owner of its own, in which there is no context but what `html` provides.
///
/// The shared context is told that nothing hydrates but islands, and its buffers are never read: nothing can be serialized into the page for
/// the browser to pick up, neither by intention nor by accident.
pub(super) fn under_its_own_owner(html: impl FnOnce() -> String) -> String {
    let outer = Owner::current();
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let html = owner.with(html);
    owner.unset_with_forced_cleanup();
    // A new root takes the place of the owner that was there.
    if let Some(outer) = outer {
        outer.set();
    }
    html
}
