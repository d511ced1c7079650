//! The WebAssembly entry point. It wakes the islands of the page it is loaded on, and does nothing else.

use wasm_bindgen::prelude::wasm_bindgen;

// Names the islands, so that the linker keeps the crate that holds them.
pub use app::islands;

/// Called by the page's script once the module is there. Every island is exported by its own macro.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
