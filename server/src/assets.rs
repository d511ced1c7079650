//! The files of the built site: stylesheet, islands, public files. Requests for them do not pass the session.

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

/// cargo-leptos uses this as the name of its output. `Cargo.toml` has the same name.
const OUTPUT_NAME: &str = "ironleaf";
/// The file types of the package.
const EXTENSIONS: [&str; 3] = ["css", "js", "wasm"];
/// A build that puts hashes into names writes them to this file, beside the program and beside the site.
const HASHES: &str = "hash.txt";
/// The script of every page, and that of the pages with passkeys. The build copies them unchanged; the hash is added to
/// their names here.
const SCRIPTS: [&str; 2] = ["site.js", "passkeys.js"];
/// A name that contains the hash of the content never changes its meaning.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Longer than the names of a build. Every file system allows it, even with `.br` at the end.
const LONGEST_NAME: usize = 200;
const LONGEST_PATH: usize = 1024;
/// A name without a hash is requested again each time. The answer is usually 304.
const REVALIDATE: &str = "no-cache";

/// Why the site cannot be served.
#[derive(Debug, Error)]
pub enum SiteError {
    /// There is no built site, or not the one that `hash.txt` names.
    #[error(
        "there is no built site in {root}: {missing} is missing. Run `cargo xtask build`. If the program was \
         moved, its site and its hash.txt must be beside it"
    )]
    NotBuilt {
        /// The folder that was searched.
        root: PathBuf,
        /// The missing file, as a path below the root.
        missing: String,
    },
    /// The site has hashes in its names, and nothing says them.
    #[error(
        "the files in {root}/pkg have hashes in their names, and {} is missing: copy it from beside the program \
         that was built together with the site, or run `cargo xtask build`",
        either(.places)
    )]
    NoHashes {
        /// The folder of the site.
        root: PathBuf,
        /// Where `hash.txt` was looked for.
        places: Vec<PathBuf>,
    },
    /// The site exists but cannot be read.
    #[error("the built site in {0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
}

/// The built site on disk.
#[derive(Debug, Clone)]
pub struct BuiltSite {
    root: PathBuf,
    /// The paths for the pages.
    pub assets: SiteAssets,
    immutable: bool,
    public: Vec<String>,
}

impl BuiltSite {
    /// The folder of the site: beside the program in a release, beside the program's folder where a build leaves it, or
    /// else below the working folder.
    ///
    /// The site is not part of the program. Otherwise every build and test of the server would wait for the browser's
    /// half, and we would need our own code to serve the files.
    pub fn default_root() -> PathBuf {
        let folder = program_folder();
        let beside =
            folder.iter().flat_map(|folder| folder.ancestors().take(2)).map(|folder| folder.join("site"));
        beside.into_iter().find(|root| root.is_dir()).unwrap_or_else(|| PathBuf::from("target/site"))
    }

    /// Reads the site in `root` once, so that no request has to. `hash.txt` is beside the program, or else beside
    /// `root`: a program of another repository has none of its own.
    ///
    /// # Errors
    ///
    /// [`SiteError`] if there is no site.
    pub fn open(root: PathBuf) -> Result<Self, SiteError> {
        Self::open_from(root, program_folder().as_deref())
    }

    /// Does the same for a program in the folder `program`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_from(root: PathBuf, program: Option<&Path>) -> Result<Self, SiteError> {
        let folders = [program, root.parent()].into_iter().flatten();
        let places: Vec<_> = folders.map(|folder| folder.join(HASHES)).collect();
        match places.iter().find_map(|place| fs::read_to_string(place).ok()) {
            Some(hashes) => Self::open_with(root, &hashes),
            None if has_hashed_style(&root) => Err(SiteError::NoHashes { root, places }),
            None => Self::open_with(root, ""),
        }
    }

    /// Does the same. `hashes` has a line such as `css: FwLZv4fD21` for every file with its hash in its name.
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
        // A build that hashes renames its files. So if all files have their plain names, a later build without hashes
        // made them, and `hash.txt` belongs to an earlier one.
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
        let script = |name: &str| {
            let script = fs::read(root.join(name)).map_err(|_| not_built(name))?;
            Ok(format!("/pkg/{}.{}.js", name.trim_end_matches(".js"), content_hash(&script)))
        };
        let [script, passkeys_script] = SCRIPTS.map(script);
        let (script, passkeys_script) = (script?, passkeys_script?);
        let mut public = files_in(&root).map_err(|error| SiteError::Unreadable(root.clone(), error))?;
        // Type declarations are for compilers.
        public.retain(|name| !SCRIPTS.contains(&name.as_str()) && !name.ends_with(".d.ts"));
        let assets = SiteAssets { style, script, passkeys_script, islands_js, islands_wasm };
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
        let [script, passkeys_script] = SCRIPTS;
        let script = Router::new()
            .route_service(&self.assets.script, file(script))
            .route_service(&self.assets.passkeys_script, file(passkeys_script))
            .layer(from_fn(move |request, next| cached(cache, request, next)));
        let (scripts, others): (Vec<_>, Vec<_>) = self.public.iter().partition(|name| is_script(name));
        let public = |names: Vec<&String>, cache| {
            let add =
                |router: Router<S>, name: &String| router.route_service(&format!("/{name}"), file(name));
            let router = names.into_iter().fold(Router::new(), add);
            router.layer(from_fn(move |request, next| cached(cache, request, next)))
        };
        // The scripts of other front ends import one by its name, and it speaks with this server.
        package.merge(script).merge(public(scripts, REVALIDATE)).merge(public(others, "public, max-age=3600"))
    }
}

/// A file of the package. A name that cannot be one is not looked up on the disk: a refusal of the file system would be
/// logged as an error.
async fn packaged(cache: &'static str, request: Request, next: Next) -> Response {
    if !is_file_name(request.uri().path()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    cached(cache, request, next).await
}

/// Accepts every name that a build produces: letters, digits, `.`, `-` and `_`, in shallow folders.
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
    // A 304 needs the same `Vary` as a 200 (RFC 9110, section 15.4.5).
    if response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().entry(VARY).or_insert(HeaderValue::from_static("accept-encoding"));
    }
    // A missing file may exist after the next deployment.
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(value));
    }
    response
}

/// A server may answer with the whole file (RFC 9110, section 14.2). Several ranges would give a 416, and a range of a
/// file that has changed since (`If-Range`, section 13.1.5) would be a part of another file.
fn whole_unless_one_range(headers: &mut HeaderMap) {
    let is_several = headers.get(RANGE).is_some_and(|range| range.as_bytes().contains(&b','));
    if headers.remove(IF_RANGE).is_some() || is_several || headers.get_all(RANGE).iter().count() > 1 {
        headers.remove(RANGE);
    }
}

fn is_script(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "js")
}

/// The path of a file of the package without a hash, below the root.
fn plain(extension: &str) -> String {
    format!("pkg/{OUTPUT_NAME}.{extension}")
}

/// Whether the package has its stylesheet under a name with a hash only.
fn has_hashed_style(root: &Path) -> bool {
    let is_style = |entry: fs::DirEntry| entry.path().extension().is_some_and(|extension| extension == "css");
    !root.join(plain("css")).is_file()
        && fs::read_dir(root.join("pkg")).is_ok_and(|package| package.flatten().any(is_style))
}

fn either(places: &[PathBuf]) -> String {
    let places: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
    places.join(" or ")
}

fn program_folder() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.to_owned())
}

/// The public files, as paths below the root. The built package is left out, and so are compressed copies of other
/// files.
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

/// Not cryptographic: it only has to change when the content does.
fn content_hash(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
