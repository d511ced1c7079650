//! Drawings. They have no accessible name of their own: the element around them has one.

use leptos::prelude::*;

pub(crate) fn leaf() -> impl IntoView {
    view! {
        <svg class="leaf" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
            <path
                d="M4 20c0-9 5-15 16-16 1 11-4 16-11 16-2 0-3.4-.6-4.3-1.4M4 20c1.6-4.4 4.6-7.6 9-9.6"
                fill="none"
                stroke="currentColor"
                stroke-width="2"
                stroke-linecap="round"
                stroke-linejoin="round"
            ></path>
        </svg>
    }
}

pub(crate) fn sun_and_moon() -> impl IntoView {
    view! {
        <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">
            <circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" stroke-width="2"></circle>
            <path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor"></path>
        </svg>
    }
}

/// A decoration for the front page: a branch with its leaves.
pub(crate) fn branch() -> impl IntoView {
    // For each leaf: where it leaves the stem, its width and side, and its rotation.
    let leaves = [
        (165, 340, "1", 8),
        (168, 290, "-1", 4),
        (168, 236, "1", 0),
        (164, 188, "-1", -2),
        (156, 146, "1", -8),
        (128, 98, ".8", -66),
    ];
    let leaves = leaves.map(|(x, y, width, degrees)| {
        view! {
            <path
                d="M0 0C8-46 46-76 104-80 110-24 78 14 30 14 14 14 4 8 0 0Z"
                transform=format!("translate({x} {y}) scale({width} 1) rotate({degrees})")
            ></path>
        }
    });
    view! {
        <svg class="branch" viewBox="0 -40 320 440" width="320" height="440" aria-hidden="true" focusable="false">
            {leaves.collect_view()}
            <path
                d="M160 396C176 300 172 180 126 94"
                fill="none"
                stroke="currentColor"
                stroke-width="5"
                stroke-linecap="round"
            ></path>
        </svg>
    }
}
