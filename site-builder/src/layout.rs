//! The description of the site: `[[workspace.metadata.leptos]]` in the root `Cargo.toml`, which cargo-leptos reads as
//! well.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::packages::Package;

/// The settings that decide what is built. An unknown setting is refused: if it were ignored, cargo-leptos might build
/// a different site.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Description {
    bin_package: String,
    bin_exe_name: String,
    lib_package: String,
    output_name: String,
    site_root: PathBuf,
    site_pkg_dir: PathBuf,
    style_file: PathBuf,
    assets_dir: PathBuf,
    #[serde(default = "default_browserquery")]
    browserquery: String,
    bin_features: Vec<String>,
    lib_features: Vec<String>,
    #[cfg(feature = "release")]
    lib_profile_release: String,
    site_addr: std::net::SocketAddr,
    reload_port: u16,
    hash_files: bool,
    // Only for cargo-leptos: these do not change the site.
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "hash-file-name")]
    _hash_file_name: Option<String>,
    #[serde(rename = "disable-erase-components")]
    _disable_erase_components: bool,
    #[serde(rename = "end2end-cmd")]
    _end2end_cmd: Option<String>,
    #[serde(rename = "end2end-dir")]
    _end2end_dir: Option<String>,
}

/// The default of cargo-leptos.
fn default_browserquery() -> String {
    "defaults".to_owned()
}

#[derive(Debug, Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    #[serde(rename = "metadata")]
    of_workspace: WorkspaceMetadata,
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct WorkspaceMetadata {
    leptos: Vec<Description>,
}

/// The paths and names of everything. All paths are absolute.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) site: PathBuf,
    /// Relative to the folder of the site.
    pub(crate) package_folder: PathBuf,
    /// The name of the files of the package.
    pub(crate) output_name: String,
    pub(crate) style: PathBuf,
    pub(crate) assets: PathBuf,
    /// The browsers that the style must support, as a browserslist query.
    pub(crate) browsers: String,
    pub(crate) server: Half,
    pub(crate) browser: Half,
    pub(crate) program: String,
    /// The profile of the browser half in a release.
    #[cfg(feature = "release")]
    pub(crate) release_profile: String,
    pub(crate) site_addr: std::net::SocketAddr,
    pub(crate) reload_port: u16,
    pub(crate) packages: Vec<Package>,
}

/// One of the two packages of the application.
#[derive(Debug, Clone)]
pub(crate) struct Half {
    pub(crate) package: String,
    pub(crate) features: Vec<String>,
}

impl Layout {
    /// Reads the description from cargo.
    ///
    /// # Errors
    ///
    /// If there is no description, or if it has an unknown setting.
    pub(crate) fn read() -> Result<Self> {
        let output = Command::new("cargo")
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context("`cargo metadata` cannot be started")?;
        if !output.status.success() {
            bail!(
                "`cargo metadata` ended with {}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Self::parse(&output.stdout)
    }

    fn parse(metadata: &[u8]) -> Result<Self> {
        let Metadata { workspace_root: root, target_directory: target, of_workspace, packages } =
            serde_json::from_slice(metadata)
                .context("[[workspace.metadata.leptos]] in Cargo.toml is not understood")?;
        let [description] = <[Description; 1]>::try_from(of_workspace.leptos)
            .ok()
            .context("Cargo.toml has to have one [[workspace.metadata.leptos]]")?;
        if description.hash_files {
            bail!(
                "`hash-files = true` in Cargo.toml breaks `cargo leptos watch`: `cargo xtask build` asks for hashes"
            );
        }
        Ok(Self {
            site: root.join(&description.site_root),
            package_folder: description.site_pkg_dir,
            output_name: description.output_name,
            style: root.join(&description.style_file),
            assets: root.join(&description.assets_dir),
            browsers: description.browserquery,
            server: Half { package: description.bin_package, features: description.bin_features },
            browser: Half { package: description.lib_package, features: description.lib_features },
            program: description.bin_exe_name,
            #[cfg(feature = "release")]
            release_profile: description.lib_profile_release,
            site_addr: description.site_addr,
            reload_port: description.reload_port,
            packages,
            root,
            target,
        })
    }

    /// The built package inside the folder of a site.
    pub(crate) fn package_in(&self, site: &Path) -> PathBuf {
        site.join(&self.package_folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(more: &str) -> String {
        format!(
            r#"{{"workspace_root": "/here", "target_directory": "/here/target", "metadata": {{"leptos": [{{
            "name": "a", "bin-package": "server", "bin-exe-name": "program", "lib-package": "frontend",
            "output-name": "out", "site-root": "target/site", "site-pkg-dir": "pkg", "style-file": "style/main.css",
            "assets-dir": "public", "bin-features": [], "lib-features": [], "lib-profile-release": "small",
            "site-addr": "127.0.0.1:3000", "reload-port": 3002, "disable-erase-components": true{more}}}]}}}}"#
        )
    }

    #[test]
    fn paths_are_below_the_workspace() {
        let layout = Layout::parse(metadata(r#", "hash-files": false"#).as_bytes()).unwrap();
        assert_eq!(layout.site, Path::new("/here/target/site"));
        assert_eq!(layout.style, Path::new("/here/style/main.css"));
        assert_eq!(layout.package_in(&layout.site), Path::new("/here/target/site/pkg"));
        assert_eq!(layout.browsers, "defaults");
    }

    #[test]
    fn a_setting_that_would_be_passed_over_is_refused_by_its_name() {
        let metadata = metadata(r#", "hash-files": false, "tailwind-input-file": "style/tailwind.css""#);
        let refused = format!("{:#}", Layout::parse(metadata.as_bytes()).unwrap_err());
        assert!(refused.contains("tailwind-input-file"), "{refused}");
    }

    #[test]
    fn hashes_in_names_are_refused() {
        let refused = Layout::parse(metadata(r#", "hash-files": true"#).as_bytes()).unwrap_err().to_string();
        assert!(refused.contains("cargo leptos watch"), "{refused}");
    }

    #[test]
    fn this_repository_is_described() {
        let layout = Layout::read().unwrap();
        assert!(layout.style.is_file() && layout.assets.is_dir(), "{layout:?}");
    }
}
