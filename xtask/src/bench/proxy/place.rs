//! What all parts of a run share.

use std::fs;
use std::path::{Path, PathBuf};

use super::installed::Installed;
use crate::bench::load::CONNECTIONS;
use crate::failure::{Failure, Result};

/// The answers of the API: their names, and their lengths in bytes.
pub(super) const ANSWERS: [(&str, usize); 2] = [("1k", 1_024), ("100k", 102_400)];
/// Of nginx and of Apache. Ironleaf has as many threads as there are cores.
pub(super) const PROCESSES: usize = 2;
/// As many as there are connections under the largest load.
pub(super) const CONNECTIONS_TO_THE_API: u32 = CONNECTIONS[2];

/// What each part of a run needs.
pub(super) struct Place<'a> {
    pub(super) installed: &'a Installed,
    pub(super) binary: &'a Path,
    pub(super) folder: PathBuf,
}

impl Place<'_> {
    /// A new folder. What is in one of an earlier run is removed.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)
            .map_err(|error| Failure::new(format!("{} cannot be made: {error}", folder.display())))?;
        Ok(folder)
    }
}

/// Writes a configuration, and returns its path.
///
/// # Errors
///
/// If it cannot be written.
pub(super) fn written(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, text)
        .map_err(|error| Failure::new(format!("{} cannot be written: {error}", path.display())))?;
    Ok(path)
}
