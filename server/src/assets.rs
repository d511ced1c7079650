//! The built site: stylesheet, islands, public files. They pass by the session entirely.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use app::SiteAssets;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, IF_RANGE, RANGE, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use thiserror::Error;
use tower_http::services::{ServeDir, ServeFile};

/// cargo-leptos names its output after this; `Cargo.toml` says the same.
const OUTPUT_NAME: &str = "ironleaf";
/// What the package consists of.
const EXTENSIONS: [&str; 3] = ["css", "js", "wasm"];
/// Where a build that puts hashes into names says which, beside the program.
const HASHES: &str = "hash.txt";
/// The script of every page. The build copies it as it is; it gets the hash in its name here.
const SCRIPT: &str = "site.js";
/// A name with the content's hash in it never means anything else.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// More than a build makes; every file system has room for it, with `.br` at its end.
const LONGEST_NAME: usize = 200;
const LONGEST_PATH: usize = 1024;
/// A name without is asked for again each time; the answer is mostly 304.
const REVALIDATE: &str = "no-cache";

/// Why the site cannot be served.
#[derive(Debug, Error)]
pub enum SiteError {
    /// There is no built site, or not the one that `hash.txt` beside the program names.
    #[error(
        "there is no built site in {root}: {missing} is missing. Run `cargo xtask build`; where the program was moved, \
         its site and its hash.txt belong beside it"
    )]
    NotBuilt {
        /// Where it was looked for.
        root: PathBuf,
        /// What is not there, as a path below the root.
        missing: String,
    },
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
    immutable: bool,
    public: Vec<String>,
}

impl BuiltSite {
    /// Where the site is: beside the program in a release, beside its folder where a build leaves it, else below the
    /// working folder.
    ///
    /// It is not in the program: that would make every build and test of the server wait for the browser's half, and the
    /// files be served by code of ours that a folder has no need of.
    pub fn default_root() -> PathBuf {
        let folder = program_folder();
        let beside =
            folder.iter().flat_map(|folder| folder.ancestors().take(2)).map(|folder| folder.join("site"));
        beside.into_iter().find(|root| root.is_dir()).unwrap_or_else(|| PathBuf::from("target/site"))
    }

    /// Looks at the site in `root` once, so that no request has to.
    ///
    /// # Errors
    ///
    /// [`SiteError`] where there is no site.
    pub fn open(root: PathBuf) -> Result<Self, SiteError> {
        let hashes = program_folder().and_then(|folder| fs::read_to_string(folder.join(HASHES)).ok());
        Self::open_with(root, hashes.as_deref().unwrap_or_default())
    }

    /// The same, where `hashes` has a line such as `css: FwLZv4fD21` for every file with its hash in its name.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(root: PathBuf, hashes: &str) -> Result<Self, SiteError> {
        let hash = |extension: &str| {
            hashes.lines().find_map(|line| {
                let (name, hash) = line.split_once(':')?;
                (name.trim() == extension).then(|| hash.trim())
            })
        };
        let not_built =
            |missing: &str| SiteError::NotBuilt { root: root.clone(), missing: missing.to_owned() };
        // A build that hashes renames its files, so where all have their plain names, a later build without hashes has made them: what
        // `hash.txt` names is of an earlier one.
        let is_plain = EXTENSIONS.iter().all(|extension| root.join(plain(extension)).is_file());
        let immutable = !is_plain && EXTENSIONS.iter().all(|extension| hash(extension).is_some());
        let find = |extension: &str| {
            let path = match hash(extension).filter(|_| !is_plain) {
                Some(hash) => format!("pkg/{OUTPUT_NAME}.{hash}.{extension}"),
                None => plain(extension),
            };
            if root.join(&path).is_file() { Ok(format!("/{path}")) } else { Err(not_built(&path)) }
        };
        let [style, islands_js, islands_wasm] = EXTENSIONS.map(find);
        let (style, islands_js, islands_wasm) = (style?, islands_js?, islands_wasm?);
        let script = fs::read(root.join(SCRIPT)).map_err(|_| not_built(SCRIPT))?;
        let script = format!("/pkg/site.{}.js", content_hash(&script));
        let mut public = files_in(&root).map_err(|error| SiteError::Unreadable(root.clone(), error))?;
        public.retain(|name| name != SCRIPT);
        let assets = SiteAssets { style, script, islands_js, islands_wasm };
        Ok(Self { root, assets, immutable, public })
    }

    /// Routes for every file of the site.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let cache = if self.immutable { IMMUTABLE } else { REVALIDATE };
        let package = ServeDir::new(self.root.join("pkg"))
            .precompressed_br()
            .precompressed_gzip()
            .append_index_html_on_directories(false);
        let package = Router::new()
            .nest_service("/pkg", package)
            .layer(from_fn(move |request, next| packaged(cache, request, next)));
        let file = |name: &str| ServeFile::new(self.root.join(name)).precompressed_br().precompressed_gzip();
        let script = Router::new()
            .route_service(&self.assets.script, file(SCRIPT))
            .layer(from_fn(move |request, next| cached(cache, request, next)));
        let mut public = Router::new();
        for name in &self.public {
            public = public.route_service(&format!("/{name}"), file(name));
        }
        let public = public.layer(from_fn(|request, next| cached("public, max-age=3600", request, next)));
        package.merge(script).merge(public)
    }
}

/// A file of the package. Where it can be none, the disk is not asked: what a file system refuses would be an error in the log.
async fn packaged(cache: &'static str, request: Request, next: Next) -> Response {
    if !is_file_name(request.uri().path()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    cached(cache, request, next).await
}

/// Every name that a build gives: letters, digits, `.`, `-` and `_`, in folders that are not deep.
fn is_file_name(path: &str) -> bool {
    let is_segment = |segment: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        (1..=LONGEST_NAME).contains(&segment.len()) && segment.bytes().all(allowed)
    };
    let segments = path.trim_start_matches('/').split('/');
    path.len() <= LONGEST_PATH && segments.into_iter().all(is_segment)
}

async fn cached(value: &'static str, mut request: Request, next: Next) -> Response {
    whole_unless_one_range(request.headers_mut());
    let mut response = next.run(request).await;
    // What would vary with 200 varies with 304 (RFC 9110, section 15.4.5).
    if response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().entry(VARY).or_insert(HeaderValue::from_static("accept-encoding"));
    }
    // What is not there may be there after the next deployment.
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(value));
    }
    response
}

/// A server may answer with the whole (RFC 9110, section 14.2). Several ranges would be a 416, and a range of what has changed since
/// (`If-Range`, section 13.1.5) a piece of another file.
fn whole_unless_one_range(headers: &mut HeaderMap) {
    let is_several = headers.get(RANGE).is_some_and(|range| range.as_bytes().contains(&b','));
    if headers.remove(IF_RANGE).is_some() || is_several || headers.get_all(RANGE).iter().count() > 1 {
        headers.remove(RANGE);
    }
}

/// The name of a file of the package without a hash, below the root.
fn plain(extension: &str) -> String {
    format!("pkg/{OUTPUT_NAME}.{extension}")
}

fn program_folder() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.to_owned())
}

/// The public files, as paths below the root: all but the built package, and but those that were compressed beside
/// another, which are that other's.
fn files_in(root: &Path) -> std::io::Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let (kind, path) = entry.and_then(|entry| Ok((entry.file_type()?, entry.path())))?;
            let compressed = path.extension().is_some_and(|extension| extension == "br" || extension == "gz");
            let name =
                path.strip_prefix(root).ok().and_then(Path::to_str).map(|name| name.replace('\\', "/"));
            match name {
                Some(name) if kind.is_dir() && name != "pkg" => folders.push(path),
                Some(name) if kind.is_file() && !compressed => files.push(name),
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Not cryptographic: it only has to differ when the content does.
fn content_hash(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
