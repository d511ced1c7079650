//! Programs of the distribution that the tests start: installed where nobody would have to be asked for a password, else
//! asked for.

use std::ffi::OsStr;
use std::path::PathBuf;

use crate::failure::{Failure, Result};
use crate::{process, tools};

/// The program by one of its names, from PATH or from the distribution's package.
///
/// # Errors
///
/// Names the package where it is not there and cannot be installed.
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

/// Whether packages of the distribution can be installed without asking anybody for a password.
pub(crate) fn can_install() -> bool {
    tools::on_path("apt-get").is_some() && is_root()
}

fn is_root() -> bool {
    process::quiet_output(process::program("id").arg(OsStr::new("-u"))).is_some_and(|id| id.trim() == "0")
}
