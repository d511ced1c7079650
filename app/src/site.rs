//! The parts that are the same on every page: brand, links, assets. They are changed in one place. Words are in the catalogue.

use std::fmt;
use std::net::SocketAddr;

/// The values that are the same on every page of one deployment.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// The brand shown in the header and in titles.
    pub app_name: String,
    /// The target of `Get started`.
    pub get_started_url: String,
    /// The target of `GitHub`.
    pub source_url: String,
    /// The addresses of stylesheet and scripts.
    pub assets: SiteAssets,
    /// Whether browsers use TLS.
    pub is_https: bool,
    /// Whether the sign-in page leads to the provider without a click, if people sign in there.
    pub auto_redirect: bool,
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
    /// From paths in axum's format, such as `/orders/{id}`. A duplicate counts once.
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

/// The paths of the built assets, with their content hash if the build added one.
#[derive(Debug, Clone, Default)]
pub struct SiteAssets {
    /// The stylesheet.
    pub style: String,
    /// The script of every page, `public/site.js`: toasts, menus, theme, and everything else that needs no WebAssembly.
    pub script: String,
    /// The script of the pages with passkeys, `public/passkeys.js`.
    pub passkeys_script: String,
    /// The loader of the islands.
    pub islands_js: String,
    /// The islands.
    pub islands_wasm: String,
}
