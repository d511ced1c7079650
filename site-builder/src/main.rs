//! Builds the site of Ironleaf without cargo-leptos: `cargo xtask serve` and `cargo xtask dev` start it.
//!
//! It does what cargo-leptos does, with the same libraries and from the same description in `Cargo.toml`. These
//! libraries compile in a minute, while cargo-leptos takes half an hour. Releases still use cargo-leptos: it includes
//! the tools that minify a script, which take most of that half hour.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "speaking to the person at the terminal is its purpose"
)]

mod bindings;
mod cargo;
mod compare;
mod javascript;
mod layout;
mod packages;
#[cfg(feature = "release")]
mod release;
mod reload;
mod run;
mod site;
mod sources;
mod style;
mod watch;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use layout::Layout;

const HELP: &str = "\
Builds what the browser loads from Ironleaf.

  site-builder build PROFILE         both halves with this cargo profile, and the site
  site-builder watch                 both halves for development; serves, and builds again whenever a file is saved
  site-builder release               the same for production, in target/release and target/site
  site-builder compare MODULE        compare the site that cargo-leptos built from MODULE in target/site with the one built here
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match command(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(args: &[String]) -> Result<()> {
    run::listen_for_interrupts()?;
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["build", profile] => build(&Layout::read()?, profile),
        ["watch"] => watch::run(&Layout::read()?),
        #[cfg(feature = "release")]
        ["release"] => release::build(&Layout::read()?),
        ["compare", module] => compare_with(&Layout::read()?, Path::new(module)),
        _ => bail!("{HELP}"),
    }
}

fn build(layout: &Layout, profile: &str) -> Result<()> {
    run::until_success(&mut cargo::browser_half(layout, profile))?;
    run::until_success(&mut cargo::server_half(layout, profile))?;
    site::assemble(layout, &cargo::module(layout, profile), &layout.site)
}

/// Builds a separate site and keeps it in `target/compared-site`, so that differences can be examined.
fn compare_with(layout: &Layout, module: &Path) -> Result<()> {
    let ours = layout.target.join("compared-site");
    site::assemble(layout, module, &ours)?;
    let hashes = cargo::program(layout, "release").with_file_name("hash.txt");
    // The file is missing if cargo-leptos was started directly.
    let hashes = std::fs::read_to_string(hashes).unwrap_or_default();
    compare::sites(layout, &layout.site, &hashes, &ours)?;
    println!("cargo-leptos and the builder make the same site.");
    Ok(())
}
