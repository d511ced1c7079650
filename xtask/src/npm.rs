//! Packages of npm, as the lock file of a folder names them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::failure::{Failure, Result};
use crate::{process, tools};

/// A program of Node that starts in this folder.
pub(crate) fn program<'a>(folder: &Path, name: &str, args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = process::program(tools::on_path(name).unwrap_or_else(|| name.into()));
    command.args(args).current_dir(folder);
    command
}

/// Installs exactly the versions of the lock file, unless they are already installed. `what` names them for people.
///
/// # Errors
///
/// If npm is missing or fails.
pub(crate) fn install(folder: &Path, what: &str) -> Result<()> {
    if tools::on_path("npm").is_none() {
        return Err(Failure::new(format!("{what} need Node 20 or later with npm on PATH.")));
    }
    let modified = |path: &str| -> Option<SystemTime> {
        fs::metadata(folder.join(path)).and_then(|metadata| metadata.modified()).ok()
    };
    // npm writes this file at the end of an installation.
    let installed = modified("node_modules/.package-lock.json");
    if installed.is_some() && installed >= modified("package-lock.json") {
        return Ok(());
    }
    println!("Installing the packages of {}.", folder.display());
    process::run(&mut program(folder, "npm", ["ci"]))
}
