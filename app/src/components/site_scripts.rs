use leptos::prelude::*;

use crate::render::nonce_mark;
use crate::request::PageRequest;
use crate::words::t;

/// Loads the script of every page only after the first paint, because pages work without it. In Lighthouse's estimate
/// for a slow phone, the script took a sixth of the time until then.
const AFTER_FIRST_PAINT: &str = "const { src } = document.querySelector(\"script[data-src]\").dataset;\
     requestAnimationFrame(() => setTimeout(() => import(src)));";

/// The scripts of every page; with `has_islands` also the addresses of the WebAssembly. The script
/// has no words of its own: it finds them here.
#[component]
pub(crate) fn SiteScripts(has_islands: bool) -> impl IntoView {
    let request = PageRequest::current();
    let assets = &request.site.assets;
    let (islands_js, islands_wasm) =
        has_islands.then(|| (assets.islands_js.clone(), assets.islands_wasm.clone())).unzip();
    let reload = request.site.reload_addr.map(|address| {
        view! {
            <script type="module" nonce=nonce_mark() data-reload-address=address.to_string()>
                {include_str!("../reload.js")}
            </script>
        }
    });
    view! {
        <script
            type="module"
            nonce=nonce_mark()
            data-src=assets.script.clone()
            data-islands=islands_js
            data-wasm=islands_wasm
            data-close=t("notification-close")
            data-no-answer=t("no-answer")
            data-show=t("password-show")
            data-hide=t("password-hide")
            data-which=t("password-which")
        >
            {AFTER_FIRST_PAINT}
        </script>
        {reload}
    }
}
