//! A copy of the workspace with the changes of a document. It is compiled into the same target folder as the workspace.
//!
//! Cargo distinguishes crates with the same name and version by their path in the workspace. So unchanged crates of the
//! copy are not compiled again: they keep their modification times, which cargo checks. The crates that a page changes
//! have another version in the copy, which makes them different crates.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::{process, workspace};

/// The packages that the copy does not share with the workspace.
const CHANGED: [&str; 3] = ["app", "frontend", "server"];
/// Builds and installations inside the copy. They are not part of it, and are kept.
const KEPT: [&str; 2] = ["target", "end2end/node_modules"];

pub(super) struct Copy {
    root: PathBuf,
    build: PathBuf,
}

impl Copy {
    /// Updates the copy. Files that are already up to date are not written.
    ///
    /// # Errors
    ///
    /// If git is missing, or a file can be neither read nor written.
    pub(super) fn of_workspace(settings: &Settings, changes: BTreeMap<String, String>) -> Result<Self> {
        let build = std::path::absolute(&settings.target).unwrap_or_else(|_| settings.target.clone());
        let copy = Self { root: build.join("documented-page"), build };
        let mut files: BTreeMap<String, File> = tracked()?
            .into_iter()
            .map(|path| File::read(&path).map(|file| (path, file)))
            .collect::<Result<_>>()?;
        for (path, text) in changes {
            files.insert(path, File { bytes: text.into_bytes(), modified: None });
        }
        let version = workspace::locked_version("app")?.to_string();
        for package in CHANGED {
            replace(
                &mut files,
                &format!("{package}/Cargo.toml"),
                "version.workspace = true",
                &in_manifest(&version),
            )?;
            // So that cargo does not need a registry.
            let [now, then] = [&version, &with_mark(&version)].map(|version| in_lock(package, version));
            replace(&mut files, "Cargo.lock", &now, &then)?;
        }
        copy.remove_all_but(&files, &copy.root.clone())?;
        files.iter().try_for_each(|(path, file)| copy.write(path, file))?;
        Ok(copy)
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// A program that works in the copy. It shares cargo's intermediate files with the workspace, but not the final
    /// ones.
    pub(super) fn program(&self, name: &str) -> Command {
        let mut command = process::program(name);
        command
            .current_dir(&self.root)
            .env("CARGO_BUILD_BUILD_DIR", &self.build)
            .env("CARGO_TARGET_DIR", self.root.join("target"));
        command
    }

    fn write(&self, path: &str, file: &File) -> Result<()> {
        let target = self.path(path);
        let failed = |error| Failure::new(format!("{} cannot be written: {error}", target.display()));
        let is_same = fs::read(&target).is_ok_and(|bytes| bytes == file.bytes);
        if !is_same {
            fs::create_dir_all(target.parent().unwrap_or(&self.root)).map_err(failed)?;
            fs::write(&target, &file.bytes).map_err(failed)?;
        }
        // The changed packages are not shared, so their new files need new modification times.
        let is_changed = path.split('/').next().is_some_and(|top| CHANGED.contains(&top));
        match file.modified.filter(|_| !is_changed) {
            Some(modified) => {
                let opened = fs::File::options().write(true).open(&target).map_err(failed)?;
                opened.set_modified(modified).map_err(failed)
            }
            None => Ok(()),
        }
    }

    /// Removes files that the workspace had when the copy was made and no longer has.
    fn remove_all_but(&self, files: &BTreeMap<String, File>, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(&self.root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if KEPT.contains(&name.as_str()) || files.contains_key(&name) {
                continue;
            }
            if path.is_dir() {
                self.remove_all_but(files, &path)?;
            } else if name != "Cargo.lock" {
                fs::remove_file(&path).map_err(|error| {
                    Failure::new(format!("{} cannot be removed: {error}", path.display()))
                })?;
            }
        }
        Ok(())
    }
}

struct File {
    bytes: Vec<u8>,
    /// The modification time of the file in the workspace; `None` if its content differs from the workspace.
    modified: Option<SystemTime>,
}

impl File {
    fn read(path: &str) -> Result<Self> {
        let path = workspace::root().join(path);
        let failed = |error| Failure::new(format!("{} cannot be read: {error}", path.display()));
        let modified = fs::metadata(&path).and_then(|metadata| metadata.modified()).map_err(failed)?;
        Ok(Self { bytes: fs::read(&path).map_err(failed)?, modified: Some(modified) })
    }
}

/// The files of the workspace that git tracks or would add, without ignored ones.
fn tracked() -> Result<Vec<String>> {
    let mut git = process::program("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = process::quiet_output(&mut git)
        .ok_or_else(|| Failure::new("`git ls-files` failed. It lists the files of the workspace to copy."))?;
    let is_there = |path: &&str| workspace::root().join(path).is_file();
    Ok(listed.split('\0').filter(|path| !path.is_empty()).filter(is_there).map(str::to_owned).collect())
}

/// Adds build metadata to a version. Requirements for the plain version still match.
fn with_mark(version: &str) -> String {
    format!("{version}+documented-page")
}

fn in_manifest(version: &str) -> String {
    format!("version = \"{}\"", with_mark(version))
}

fn in_lock(package: &str, version: &str) -> String {
    format!("name = \"{package}\"\nversion = \"{version}\"\n")
}

fn replace(files: &mut BTreeMap<String, File>, path: &str, now: &str, then: &str) -> Result<()> {
    let missing = || Failure::new(format!("{path} has no `{}`.", now.trim_end().replace('\n', " ")));
    let file = files.get_mut(path).ok_or_else(missing)?;
    let text = String::from_utf8_lossy(&file.bytes);
    let replaced = text.replacen(now, then, 1);
    if replaced == text {
        return Err(missing());
    }
    file.bytes = replaced.into_bytes();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_is_changed_has_another_version() {
        let bytes = b"name = \"app\"\nversion = \"1.0.0\"\n".to_vec();
        let mut files = BTreeMap::from([("Cargo.lock".to_owned(), File { bytes, modified: None })]);
        let [now, then] = ["1.0.0", &with_mark("1.0.0")].map(|version| in_lock("app", version));
        replace(&mut files, "Cargo.lock", &now, &then).unwrap();
        assert_eq!(files["Cargo.lock"].bytes, b"name = \"app\"\nversion = \"1.0.0+documented-page\"\n");
        let failure = replace(&mut files, "Cargo.lock", &now, &then).unwrap_err().to_string();
        assert_eq!(failure, "Cargo.lock has no `name = \"app\" version = \"1.0.0\"`.");
    }

    #[test]
    fn what_git_ignores_is_not_copied() {
        let tracked = tracked().unwrap();
        assert!(tracked.iter().any(|path| path == "app/src/app.rs"));
        assert!(tracked.iter().all(|path| !path.starts_with("target/") && !path.contains("node_modules")));
    }
}
