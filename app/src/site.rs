//! What is the same on every page: brand, links, assets. One place to change them.

use std::net::SocketAddr;

/// What this is, in a sentence: on the front page, and for whoever shows a link to it.
pub(crate) const TAGLINE: &str = "Sign-in, sessions and account pages in front of the API you already have. Tokens stay on the server; \
     the browser only ever sees pages.";

/// What is the same on every page of one deployment.
#[derive(Debug, Clone)]
pub struct Site {
    /// The brand shown in the header and in titles.
    pub app_name: String,
    /// Where `Get started` leads.
    pub get_started_url: String,
    /// Where `GitHub` leads.
    pub source_url: String,
    /// Where the browser finds stylesheet and scripts.
    pub assets: SiteAssets,
    /// Whether browsers reach it over TLS.
    pub is_https: bool,
    /// Where a development build announces changes.
    pub reload_addr: Option<SocketAddr>,
}

/// Paths of the built assets, with their content hash where the build gave them one.
#[derive(Debug, Clone)]
pub struct SiteAssets {
    /// The stylesheet.
    pub style: String,
    /// The script of every page, `public/site.js`: toasts, menus, theme, and whatever needs no WebAssembly.
    pub script: String,
    /// The loader of the islands.
    pub islands_js: String,
    /// The islands.
    pub islands_wasm: String,
}
