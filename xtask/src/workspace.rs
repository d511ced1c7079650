//! The paths of this repository, and the packages of its browser half.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::version::Version;

/// The arguments with which cargo selects the half of the application that runs in the browser.
pub(crate) const BROWSER_HALF: [&str; 8] = [
    "--package",
    "frontend",
    "--package",
    "app",
    "--features",
    "app/hydrate",
    "--target",
    "wasm32-unknown-unknown",
];

/// The top of the repository. Every program is started there: the server finds `target/site` from its working directory.
pub(crate) fn root() -> &'static Path {
    // The manifest of this package is one folder below the top.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

pub(crate) fn end2end() -> PathBuf {
    root().join("end2end")
}

/// The files for the browser, in the layout of cargo-leptos.
pub(crate) fn site() -> PathBuf {
    root().join("target/site")
}

/// The version of a package in `Cargo.lock`.
pub(crate) fn locked_version(package: &str) -> Result<Version> {
    let path = root().join("Cargo.lock");
    let lock = fs::read_to_string(&path)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
    version_in_lock(&lock, package)
        .ok_or_else(|| Failure::new(format!("Cargo.lock has no package `{package}`.")))
}

fn version_in_lock(lock: &str, package: &str) -> Option<Version> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.next()?;
    let version = lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Version::parse(version)
}

/// The folders directly in `folder`, in a stable order.
pub(crate) fn folders_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error| Failure::new(format!("{} cannot be read: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Every file under `folder` with one of these extensions, in a stable order.
pub(crate) fn files_with_extension(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |error| Failure::new(format!("{} cannot be read: {error}", folder.display()));
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let extension = path.extension().and_then(OsStr::to_str);
            if path.is_dir() {
                folders.push(path);
            } else if extension.is_some_and(|extension| extensions.contains(&extension)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_that_of_the_package_with_exactly_this_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.2.1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"..\"\n";
        assert_eq!(version_in_lock(lock, "wasm-bindgen"), Some(Version::new(0, 2, 130)));
        assert_eq!(version_in_lock(lock, "wasm-bindgen-cli"), None);
    }

    /// Each version of wasm-bindgen has its own format between its macro and the tool that reads the module.
    #[test]
    fn the_builder_of_the_site_has_the_wasm_bindgen_of_the_application() {
        let version = locked_version("wasm-bindgen").unwrap();
        assert_eq!(locked_version("wasm-bindgen-cli-support").unwrap(), version);
        let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("wasm-bindgen-cli-support = \"={version}\"")), "{version}");
    }
}
