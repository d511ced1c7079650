//! What is the same on every page: brand, links, assets. One place to change them.

use std::fmt;
use std::net::SocketAddr;

/// What this is, in a sentence: on the front page, and for whoever shows a link to it.
pub(crate) const TAGLINE: &str = "Sign-in, sessions and account pages in front of the API you already have. Tokens stay on the server; \
     the browser only ever sees pages.";

/// What is the same on every page of one deployment.
#[derive(Debug, Clone, Default)]
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
    /// Which paths are pages.
    pub pages: PagePaths,
}

impl Site {
    /// Whether there is a page at this path.
    pub(crate) fn has_page(&self, path: &str) -> bool {
        self.pages.0.at(path).is_ok()
    }
}

/// The paths of all pages.
#[derive(Clone, Default)]
pub struct PagePaths(matchit::Router<()>);

impl PagePaths {
    /// From paths as axum writes them, such as `/orders/{id}`. One that is there twice counts once.
    pub(crate) fn new<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let mut router = matchit::Router::new();
        for path in paths {
            if let Err(error) = router.insert(path, ()) {
                tracing::error!(%error, path, "two pages have one path");
            }
        }
        Self(router)
    }
}

impl fmt::Debug for PagePaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PagePaths(..)")
    }
}

/// Paths of the built assets, with their content hash where the build gave them one.
#[derive(Debug, Clone, Default)]
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
