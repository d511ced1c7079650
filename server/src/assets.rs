//! The built site: stylesheet, islands, public files. They pass by the session entirely.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use app::{SITE_SCRIPT, SiteAssets};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use thiserror::Error;
use tower_http::compression::CompressionLayer;
use tower_http::services::{ServeDir, ServeFile};

/// cargo-leptos names its output after this; `Cargo.toml` says the same.
const OUTPUT_NAME: &str = "ironleaf";
/// A name with the content's hash in it never means anything else.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// A name without is asked for again each time; the answer is mostly 304.
const REVALIDATE: &str = "no-cache";

/// Why the site cannot be served.
#[derive(Debug, Error)]
pub enum SiteError {
    /// There is no built site.
    #[error("there is no built site in {0}: run `cargo xtask build`")]
    NotBuilt(PathBuf),
    /// It is there and cannot be read.
    #[error("the built site in {0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
}

/// The built site on disk.
#[derive(Debug, Clone)]
pub struct BuiltSite {
    root: PathBuf,
    /// Paths for the pages.
    pub assets: SiteAssets,
    hashed: bool,
    public: Vec<String>,
}

impl BuiltSite {
    /// Where a build leaves the site: beside the folder of the program, else below the working folder.
    pub fn default_root() -> PathBuf {
        let beside = std::env::current_exe()
            .ok()
            .and_then(|program| Some(program.parent()?.parent()?.join("site")))
            .filter(|root| root.is_dir());
        beside.unwrap_or_else(|| PathBuf::from("target/site"))
    }

    /// Looks at the site in `root` once, so that no request has to.
    ///
    /// # Errors
    ///
    /// [`SiteError`] where there is no site.
    pub fn open(root: PathBuf) -> Result<Self, SiteError> {
        let package = root.join("pkg");
        if !package.is_dir() {
            return Err(SiteError::NotBuilt(root));
        }
        let names = names_in(&package).map_err(|error| SiteError::Unreadable(package.clone(), error))?;
        let find = |extension: &str| {
            let hashed = |name: &&String| {
                name.strip_prefix(&format!("{OUTPUT_NAME}."))
                    .and_then(|rest| rest.strip_suffix(&format!(".{extension}")))
                    .is_some_and(|hash| !hash.is_empty() && !hash.contains('.'))
            };
            newest(&package, names.iter().filter(hashed)).map(|name| (format!("/pkg/{name}"), true)).or_else(
                || {
                    let plain = format!("{OUTPUT_NAME}.{extension}");
                    names.contains(&plain).then(|| (format!("/pkg/{plain}"), false))
                },
            )
        };
        let (Some((style, hashed)), Some((islands_js, _)), Some((islands_wasm, _))) =
            (find("css"), find("js"), find("wasm"))
        else {
            return Err(SiteError::NotBuilt(root));
        };
        let script = format!("/pkg/site.{}.js", content_hash(SITE_SCRIPT));
        let public = names_in(&root).map_err(|error| SiteError::Unreadable(root.clone(), error))?;
        let assets = SiteAssets { style, script, islands_js, islands_wasm };
        Ok(Self { root, assets, hashed, public })
    }

    /// Routes for every file of the site.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let cache = if self.hashed { IMMUTABLE } else { REVALIDATE };
        let package = ServeDir::new(self.root.join("pkg"))
            .precompressed_br()
            .precompressed_gzip()
            .append_index_html_on_directories(false);
        let package = Router::new()
            .nest_service("/pkg", package)
            .layer(from_fn(move |request, next| cached(cache, request, next)));
        let script = Router::new()
            .route(&self.assets.script, get(site_script))
            .layer(CompressionLayer::new())
            .layer(from_fn(|request, next| cached(IMMUTABLE, request, next)));
        let mut public = Router::new();
        for name in &self.public {
            public = public.route_service(&format!("/{name}"), ServeFile::new(self.root.join(name)));
        }
        let public = public.layer(from_fn(|request, next| cached("public, max-age=3600", request, next)));
        package.merge(script).merge(public)
    }
}

async fn site_script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SITE_SCRIPT)
}

async fn cached(value: &'static str, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    // What is not there may be there after the next deployment.
    if response.status().is_success() || response.status() == http::StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(value));
    }
    response
}

/// The names of the plain files in a folder; those that were compressed beside another are that other's.
fn names_in(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let compressed =
            entry.path().extension().is_some_and(|extension| extension == "br" || extension == "gz");
        if entry.file_type()?.is_file()
            && !compressed
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// A folder that was built into several times holds the hashed names of earlier builds as well.
fn newest<'a>(folder: &Path, names: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    names.max_by_key(|name| fs::metadata(folder.join(name)).and_then(|file| file.modified()).ok())
}

/// Not cryptographic: it only has to differ when the content does.
fn content_hash(content: &str) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
