//! The source files of the application, and which of them have changed.
//!
//! They are polled, without notifications: a hundred files take less than a millisecond, and this works on every system
//! and in every container.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;

use crate::layout::Layout;
use crate::packages::{Package, folders_below};

/// Folders of a package that are not part of either half of the application.
const NOT_BUILT: [&str; 6] = ["target", "tests", "benches", "examples", "fuzz", "node_modules"];

/// The parts of the application that a file belongs to.
#[expect(clippy::struct_excessive_bools, reason = "a set: any of them may be in it")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) server: bool,
    pub(crate) browser: bool,
    pub(crate) style: bool,
    pub(crate) assets: bool,
}

impl Parts {
    pub(crate) fn any(self) -> bool {
        self != Self::default()
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            server: self.server || other.server,
            browser: self.browser || other.browser,
            style: self.style || other.style,
            assets: self.assets || other.assets,
        }
    }
}

/// The state of a file when it was last checked.
type Seen = (SystemTime, u64);

/// The folders of the sources.
#[derive(Debug)]
pub(crate) struct Sources {
    places: Vec<(PathBuf, Parts)>,
    seen: BTreeMap<PathBuf, (Seen, Parts)>,
}

impl Sources {
    /// The sources of the packages that each half depends on by path, the style and the public files.
    ///
    /// # Errors
    ///
    /// If a half is not a package of this workspace.
    pub(crate) fn of(layout: &Layout, packages: &[Package]) -> Result<Self> {
        let server = folders_below(&layout.server.package, packages)?;
        let browser = folders_below(&layout.browser.package, packages)?;
        let mut places: Vec<(PathBuf, Parts)> = Vec::new();
        for folder in server.iter().chain(browser.iter().filter(|folder| !server.contains(folder))) {
            let parts = Parts {
                server: server.contains(folder),
                browser: browser.contains(folder),
                ..Parts::default()
            };
            places.push((folder.clone(), parts));
        }
        let both = Parts { server: true, browser: true, ..Parts::default() };
        places.extend(["Cargo.toml", "Cargo.lock"].map(|name| (layout.root.join(name), both)));
        // A style may consist of several files beside the configured one.
        let style = layout.style.parent().unwrap_or(&layout.root).to_owned();
        places.push((style, Parts { style: true, ..Parts::default() }));
        places.push((layout.assets.clone(), Parts { assets: true, ..Parts::default() }));
        let mut sources = Self { places, seen: BTreeMap::new() };
        sources.seen = sources.look();
        Ok(sources)
    }

    /// The parts that have changed since the last call.
    pub(crate) fn changed(&mut self) -> Parts {
        let now = self.look();
        let mut changed = Parts::default();
        for (path, (seen, parts)) in &now {
            if self.seen.get(path).is_none_or(|(before, _)| before != seen) {
                changed = changed.and(*parts);
            }
        }
        for (_, parts) in self.seen.iter().filter(|(path, _)| !now.contains_key(*path)).map(|(_, seen)| seen)
        {
            changed = changed.and(*parts);
        }
        self.seen = now;
        changed
    }

    fn look(&self) -> BTreeMap<PathBuf, (Seen, Parts)> {
        let mut found = BTreeMap::new();
        for (place, parts) in &self.places {
            look_at(place, *parts, &mut found);
        }
        found
    }
}

/// A file that cannot be read counts as missing: an editor may be replacing it.
fn look_at(path: &Path, parts: Parts, found: &mut BTreeMap<PathBuf, (Seen, Parts)>) {
    let Ok(metadata) = fs::metadata(path) else { return };
    if metadata.is_file() {
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        found.insert(path.to_owned(), ((modified, metadata.len()), parts));
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Editors keep unsaved changes in files with such names.
        let is_source = !NOT_BUILT.contains(&name.as_ref()) && !name.starts_with('.') && !name.ends_with('~');
        if is_source {
            look_at(&entry.path(), parts, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_a_new_and_a_removed_file_are_changes_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("main.css");
        fs::write(&path, "a").unwrap();
        fs::create_dir(folder.path().join("target")).unwrap();
        let style = Parts { style: true, ..Parts::default() };
        let mut sources = Sources { places: vec![(folder.path().to_owned(), style)], seen: BTreeMap::new() };
        assert_eq!(sources.changed(), style);
        assert!(!sources.changed().any());
        fs::write(&path, "ab").unwrap();
        assert_eq!(sources.changed(), style);
        fs::write(folder.path().join("new.css"), "").unwrap();
        assert_eq!(sources.changed(), style);
        for name in [".main.css.swp", "main.css~", "target/built.css"] {
            fs::write(folder.path().join(name), "").unwrap();
            assert!(!sources.changed().any(), "{name}");
        }
        fs::remove_file(path).unwrap();
        assert_eq!(sources.changed(), style);
    }
}
