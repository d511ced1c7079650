//! The two cargo commands that compile the application.
//!
//! They are two, because a single command would unify the features of both halves and compile server code into the
//! front end.

use std::path::PathBuf;
use std::process::Command;

use crate::layout::{Half, Layout};

pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Compiles the browser half in the same folder as everything else, so that the dependencies of both halves are
/// compiled once.
pub(crate) fn browser_half(layout: &Layout, profile: &str) -> Command {
    let mut command = build(&layout.browser, layout, profile);
    command.args(["--lib", "--target", WASM_TARGET]);
    command
}

pub(crate) fn server_half(layout: &Layout, profile: &str) -> Command {
    let mut command = build(&layout.server, layout, profile);
    command.args(["--bin", &layout.program]);
    command
}

/// The module of [`browser_half`].
pub(crate) fn module(layout: &Layout, profile: &str) -> PathBuf {
    let name = layout.browser.package.replace('-', "_");
    layout.target.join(WASM_TARGET).join(folder_of(profile)).join(format!("{name}.wasm"))
}

/// The program of [`server_half`].
pub(crate) fn program(layout: &Layout, profile: &str) -> PathBuf {
    layout.target.join(folder_of(profile)).join(format!("{}{}", layout.program, std::env::consts::EXE_SUFFIX))
}

/// The only profile whose folder has another name.
fn folder_of(profile: &str) -> &str {
    if profile == "dev" { "debug" } else { profile }
}

fn build(half: &Half, layout: &Layout, profile: &str) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(["build", "--profile", profile, "--package", &half.package])
        .current_dir(&layout.root)
        .env("LEPTOS_OUTPUT_NAME", &layout.output_name);
    if !half.features.is_empty() {
        command.args(["--features", &half.features.join(",")]);
    }
    command
}
