//! The two cargo commands that compile the application.
//!
//! They are two because in one the features of both halves would be unified, and server code be compiled under the front end.

use std::path::PathBuf;
use std::process::Command;

use crate::layout::{Half, Layout};

pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Compiles the browser half, in the same folder as everything else: what both halves need on the way is compiled once.
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

/// Where [`browser_half`] leaves its module.
pub(crate) fn module(layout: &Layout, profile: &str) -> PathBuf {
    let name = layout.browser.package.replace('-', "_");
    layout.target.join(WASM_TARGET).join(folder_of(profile)).join(format!("{name}.wasm"))
}

/// Where [`server_half`] leaves its program.
pub(crate) fn program(layout: &Layout, profile: &str) -> PathBuf {
    layout.target.join(folder_of(profile)).join(format!("{}{}", layout.program, std::env::consts::EXE_SUFFIX))
}

/// The one profile that is not called as its folder.
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
