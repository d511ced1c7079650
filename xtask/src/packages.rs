//! Programs of the distribution that the tests start. They are installed if that needs no password; otherwise the
//! person is asked to install them.

use std::ffi::OsStr;
use std::path::PathBuf;

use crate::failure::{Failure, Result};
use crate::{process, tools};

/// Finds the program by one of its names on PATH, or installs the distribution's package.
///
/// # Errors
///
/// Names the package if it is missing and cannot be installed.
pub(crate) fn program(names: &[&str], package: &str) -> Result<PathBuf> {
    let on_path = || names.iter().find_map(|name| tools::on_path(name));
    if let Some(path) = on_path() {
        return Ok(path);
    }
    if can_install() {
        println!("Installing the distribution's package {package}.");
        process::run(process::program("apt-get").args(["update", "--quiet"]))?;
        process::run(process::program("apt-get").args([
            "install",
            "--yes",
            "--no-install-recommends",
            package,
        ]))?;
    }
    on_path().ok_or_else(|| {
        Failure::new(format!(
            "The tests need {}: install it, for example with `apt-get install {package}`.",
            names[0]
        ))
    })
}

/// Whether packages of the distribution can be installed without a password.
pub(crate) fn can_install() -> bool {
    tools::on_path("apt-get").is_some() && is_root()
}

fn is_root() -> bool {
    process::quiet_output(process::program("id").arg(OsStr::new("-u"))).is_some_and(|id| id.trim() == "0")
}
