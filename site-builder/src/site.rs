//! The folder that the server serves: the package (script, module, style) and the unchanged public files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::layout::Layout;
use crate::{bindings, style};

/// Builds a new site from a compiled browser half and replaces the existing one.
///
/// The new site is assembled beside the old one, so nobody is served an incomplete site. Nothing of an earlier build
/// remains, neither a name with a hash nor a compressed file.
///
/// # Errors
///
/// If a source cannot be read or the folder cannot be written.
pub(crate) fn assemble(layout: &Layout, module: &Path, site: &Path) -> Result<()> {
    let new = site.with_extension("new");
    remove_folder(&new)?;
    let package = layout.package_in(&new);
    fs::create_dir_all(&package).with_context(|| format!("{} cannot be made", package.display()))?;
    copy_folder(&layout.assets, &new)?;
    bindings::write(layout, module, &package)?;
    write_style(layout, &package, style::Form::Small)?;
    remove_folder(site)?;
    fs::rename(&new, site).with_context(|| format!("{} cannot be put in place", site.display()))
}

/// # Errors
///
/// If the style is invalid or cannot be written.
pub(crate) fn write_style(layout: &Layout, package: &Path, form: style::Form) -> Result<()> {
    let css = style::build(&layout.style, &layout.browsers, form)?;
    write(&package.join(&layout.output_name).with_extension("css"), css.as_bytes())
}

/// Copies the public files over the existing ones.
///
/// # Errors
///
/// If one cannot be read or written.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for path in files_in(from)? {
        let target = to.join(path.strip_prefix(from)?);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        fs::copy(&path, &target).with_context(|| format!("{} cannot be copied", path.display()))?;
    }
    Ok(())
}

/// Every file below a folder, in a stable order.
///
/// # Errors
///
/// If a folder cannot be read.
pub(crate) fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = || format!("{} cannot be read", folder.display());
        for entry in fs::read_dir(&folder).with_context(unreadable)? {
            let path = entry.with_context(unreadable)?.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

/// # Errors
///
/// Names the file that cannot be written.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("{} cannot be written", path.display()))
}

fn remove_folder(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_files_keep_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("public"), folder.path().join("site"));
        fs::create_dir_all(from.join("img")).unwrap();
        fs::write(from.join("robots.txt"), "robots").unwrap();
        fs::write(from.join("img/logo.svg"), "logo").unwrap();
        copy_folder(&from, &to).unwrap();
        assert_eq!(files_in(&to).unwrap(), [to.join("img/logo.svg"), to.join("robots.txt")]);
    }
}
