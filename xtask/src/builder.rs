//! The builder of the site, a package of this repository: it brings libraries that these commands would take a minute longer with.

use std::path::PathBuf;

use crate::failure::Result;
use crate::process;
use crate::settings::{Settings, TRY_PROFILE};
use crate::tools;

pub(crate) const PACKAGE: &str = "site-builder";
/// What a release needs besides; the rest is compiled once, with it or without.
pub(crate) const FEATURES: &str = "release";

/// Compiles the builder, which takes a second where nothing of it has changed.
///
/// # Errors
///
/// When the target for the browser cannot be added, or the builder not be compiled.
pub(crate) fn ready(settings: &Settings) -> Result<PathBuf> {
    tools::ensure_wasm_target()?;
    process::run(process::program("cargo").args([
        "build",
        "--profile",
        TRY_PROFILE,
        "--package",
        PACKAGE,
        "--features",
        FEATURES,
    ]))?;
    Ok(settings.target.join(TRY_PROFILE).join(format!("{PACKAGE}{}", std::env::consts::EXE_SUFFIX)))
}
