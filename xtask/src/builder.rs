//! The builder of the site. It is a separate package, because its libraries would add a minute to the compilation of
//! these commands.

use std::path::PathBuf;

use crate::failure::Result;
use crate::process;
use crate::settings::{Settings, TRY_PROFILE};
use crate::tools;

pub(crate) const PACKAGE: &str = "site-builder";
/// The additional feature for a release. Everything else is compiled once, with or without it.
pub(crate) const FEATURES: &str = "release";

/// Compiles the builder. This takes a second if it has not changed.
///
/// # Errors
///
/// If the target for the browser cannot be added, or the builder does not compile.
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
