//! Finds programs and asks for their version.

use std::env;
use std::path::{Path, PathBuf};

use crate::process;
use crate::version::Version;

/// The place where a tool was found.
#[derive(Debug)]
pub(super) enum Found {
    OnPath,
    InFolder(PathBuf),
}

/// The program with this name on `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    find_in(&folders, name)
}

pub(super) fn find_in(folders: &[PathBuf], name: &str) -> Option<PathBuf> {
    // npm is a script on Windows.
    let suffixes: &[&str] = if cfg!(windows) { &[".exe", ".cmd"] } else { &[""] };
    let candidates = |folder: &PathBuf| -> Vec<PathBuf> {
        suffixes.iter().map(|suffix| folder.join(format!("{name}{suffix}"))).collect()
    };
    folders.iter().flat_map(candidates).find(|candidate| candidate.is_file())
}

pub(super) fn has_cxx_compiler() -> bool {
    ["c++", "g++", "clang++"].iter().any(|name| on_path(name).is_some())
}

/// The version that a program reports.
pub(super) fn version_of(program: &Path) -> Option<Version> {
    Version::find_in(&process::quiet_output(process::program(program).arg("--version"))?)
}
