//! The fuzz targets in `crates/*/fuzz/fuzz_targets`: all built, then each run for a while.
//!
//! What a run learns stays in the crate's `corpus` folder, which git does not see, and the next one begins there. The
//! inputs in `seeds` belong to the repository: with them the first run already gets past the first check. An input that
//! fails a target is left in `artifacts`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::tools::Tools;
use crate::{process, workspace};

/// How long each target runs in `cargo xtask test`.
pub(crate) const DEFAULT_SECONDS: u32 = 60;
/// A thousand times what the slowest input takes: one that hits it does not end.
const TIMEOUT_SECS: u32 = 10;

/// A folder with a fuzz crate, and the names of its targets.
#[derive(Debug)]
struct FuzzCrate {
    folder: PathBuf,
    targets: Vec<String>,
}

/// Runs every target, also those after one that fails.
///
/// # Errors
///
/// When something that fuzzing needs is missing, when a target does not build, or when one fails.
pub(crate) fn run(settings: &Settings, seconds: u32) -> Result<()> {
    let crates = fuzz_crates(&workspace::root().join("crates"))?;
    let tools = Tools::for_fuzzing(settings)?;
    for fuzz_crate in &crates {
        process::run(&mut cargo_fuzz(&tools, settings, "build", fuzz_crate))?;
    }
    let mut failed = Vec::new();
    for fuzz_crate in &crates {
        for target in &fuzz_crate.targets {
            println!("--- {target}, for {seconds} s");
            match process::run(&mut run_target(&tools, settings, fuzz_crate, target, seconds)?) {
                Err(Failure::Explained(reason)) => {
                    println!("{reason}");
                    failed.push(target.as_str());
                }
                passed_or_interrupted => passed_or_interrupted?,
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "Fuzz targets failed: {}. The failing inputs are in crates/*/fuzz/artifacts; the lines above say how to run each again.",
        failed.join(", ")
    )))
}

fn fuzz_crates(crates: &Path) -> Result<Vec<FuzzCrate>> {
    let mut found = Vec::new();
    for folder in workspace::folders_in(crates)? {
        let folder = folder.join("fuzz");
        if !folder.join("Cargo.toml").is_file() {
            continue;
        }
        let sources = workspace::files_with_extension(&folder.join("fuzz_targets"), &["rs"])?;
        let names = sources.iter().filter_map(|source| source.file_stem()?.to_str());
        found.push(FuzzCrate { targets: names.map(str::to_owned).collect(), folder });
    }
    Ok(found)
}

fn cargo_fuzz(tools: &Tools, settings: &Settings, action: &str, fuzz_crate: &FuzzCrate) -> Command {
    let mut command = tools.program("cargo");
    command.args(["fuzz", action, "--fuzz-dir"]).arg(&fuzz_crate.folder);
    // A folder of its own: another compiler and other flags would build everything again, every time.
    command.arg("--target-dir").arg(settings.target.join("fuzz"));
    command
}

fn run_target(
    tools: &Tools,
    settings: &Settings,
    fuzz_crate: &FuzzCrate,
    target: &str,
    seconds: u32,
) -> Result<Command> {
    let [corpus, seeds] = ["corpus", "seeds"].map(|kind| fuzz_crate.folder.join(kind).join(target));
    fs::create_dir_all(&corpus)
        .map_err(|error| Failure::new(format!("{} cannot be made: {error}", corpus.display())))?;
    let mut command = cargo_fuzz(tools, settings, "run", fuzz_crate);
    // The first folder is written to, the second only read.
    command.arg(target).arg(corpus);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    command.arg("--").args(libfuzzer_options(seconds));
    Ok(command)
}

fn libfuzzer_options(seconds: u32) -> [OsString; 3] {
    [
        format!("-max_total_time={seconds}").into(),
        format!("-timeout={TIMEOUT_SECS}").into(),
        "-print_final_stats=1".into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_or_a_provider_sends_is_fuzzed() {
        let crates = fuzz_crates(&workspace::root().join("crates")).unwrap();
        let targets: Vec<_> = crates.iter().flat_map(|fuzz_crate| &fuzz_crate.targets).collect();
        for expected in ["cookie_header", "envelope", "provider_answers", "return_to", "unseal"] {
            assert!(targets.iter().any(|target| *target == expected), "{expected} among {targets:?}");
        }
    }

    #[test]
    fn every_target_has_seeds() {
        for fuzz_crate in fuzz_crates(&workspace::root().join("crates")).unwrap() {
            for target in fuzz_crate.targets {
                let seeds = fuzz_crate.folder.join("seeds").join(&target);
                assert!(fs::read_dir(seeds).unwrap().next().is_some(), "{target}");
            }
        }
    }
}
