//! The fuzz targets in `crates/*/fuzz/fuzz_targets`: all are built, and then each runs for a while.
//!
//! The inputs in `seeds` are part of the repository: with them, even the first run gets past the first check. An input
//! that fails a target is stored in `artifacts`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::tools::Tools;
use crate::{process, workspace};

/// How long each target runs unless told otherwise.
pub(crate) const DEFAULT_SECONDS: u32 = 60;
/// How many inputs `cargo xtask test` tries, which has much else to do: up to twenty seconds for a target.
const CHECK_INPUTS: u32 = 20_000;
/// Any number does, as long as it stays the same.
const CHECK_SEED: u32 = 1;
/// A thousand times longer than the slowest input takes. An input that reaches this limit does not end.
const TIMEOUT_SECS: u32 = 10;

/// A folder with a fuzz crate, and the names of its targets.
#[derive(Debug)]
struct FuzzCrate {
    folder: PathBuf,
    targets: Vec<String>,
}

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// New inputs, for so many seconds a target. What they find stays in the crate's `corpus` folder, which git ignores,
    /// and the next run starts with it.
    Seconds(u32),
    /// The inputs that one seed draws, so that a check fails for what has changed and for nothing else. Targets whose code
    /// draws random numbers itself differ a little from run to run.
    Check,
}

/// Runs every target, even if an earlier one fails.
///
/// # Errors
///
/// If a program for fuzzing is missing, a target does not build, or one fails.
pub(crate) fn run(settings: &Settings, extent: Extent) -> Result<()> {
    let crates = fuzz_crates(&workspace::root().join("crates"))?;
    let tools = Tools::for_fuzzing(settings)?;
    for fuzz_crate in &crates {
        process::run(&mut cargo_fuzz(&tools, settings, "build", fuzz_crate))?;
    }
    let logs = settings.target.join("fuzz/logs");
    create_folder(&logs)?;
    let mut runs = Vec::new();
    for fuzz_crate in &crates {
        for target in &fuzz_crate.targets {
            let command = run_target(&tools, settings, fuzz_crate, target, extent)?;
            runs.push(Run { target, log: logs.join(format!("{target}.log")), command });
        }
    }
    let each = match extent {
        Extent::Seconds(seconds) => format!("for {seconds} s"),
        Extent::Check => format!("with {CHECK_INPUTS} inputs"),
    };
    println!("--- {} targets, each {each}; what they print is in {}", runs.len(), logs.display());
    let failed = run_beside_each_other(runs)?;
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "Fuzz targets failed: {}. The failing inputs are in crates/*/fuzz/artifacts; the lines above say how to run each again.",
        failed.join(", ")
    )))
}

/// A target before its run.
struct Run<'a> {
    target: &'a str,
    log: PathBuf,
    command: Command,
}

/// Runs as many targets at once as there are processors, because each keeps one busy. Returns the names of the failed
/// ones.
///
/// # Errors
///
/// If Ctrl-C was pressed.
fn run_beside_each_other(runs: Vec<Run<'_>>) -> Result<Vec<&str>> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let left = Mutex::new(runs.into_iter());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || -> Result<Vec<&str>> {
        let mut failed = Vec::new();
        while let Some(run) = next() {
            let target = run.target;
            if !run_to_its_end(run)? {
                failed.push(target);
            }
        }
        Ok(failed)
    };
    let failed: Result<Vec<Vec<&str>>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|_| Err(Failure::new("Waiting for a fuzz target failed.")))
        };
        workers.into_iter().map(join).collect()
    });
    let mut failed = failed?.concat();
    failed.sort_unstable();
    Ok(failed)
}

/// Whether it passed. The output of a failed target is printed here.
fn run_to_its_end(run: Run<'_>) -> Result<bool> {
    let Run { target, log, mut command } = run;
    let unusable = |error: io::Error| Failure::new(format!("{} cannot be used: {error}", log.display()));
    let file = fs::File::create(&log).map_err(unusable)?;
    let errors = file.try_clone().map_err(unusable)?;
    let outcome = process::run(command.stdout(file).stderr(errors));
    match outcome {
        Err(Failure::Explained(reason)) => {
            let printed = fs::read_to_string(&log).map_err(unusable)?;
            println!("--- {target}: FAILED\n{printed}\n{reason}");
            Ok(false)
        }
        Err(interrupted) => Err(interrupted),
        Ok(()) => {
            let printed = fs::read_to_string(&log).map_err(unusable)?;
            println!("--- {target}: ok, {}", executed(&printed).unwrap_or("without its statistics"));
            Ok(true)
        }
    }
}

/// The line of libFuzzer's statistics with the number of tried inputs.
fn executed(printed: &str) -> Option<&str> {
    printed
        .lines()
        .find_map(|line| line.strip_prefix("stat::"))
        .filter(|line| line.starts_with("number_of_executed_units"))
}

fn create_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)
        .map_err(|error| Failure::new(format!("{} cannot be made: {error}", folder.display())))
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
    // A separate folder: the other compiler and flags would otherwise rebuild everything each time.
    command.arg("--target-dir").arg(settings.target.join("fuzz"));
    command
}

fn run_target(
    tools: &Tools,
    settings: &Settings,
    fuzz_crate: &FuzzCrate,
    target: &str,
    extent: Extent,
) -> Result<Command> {
    let seeds = fuzz_crate.folder.join("seeds").join(target);
    let mut command = cargo_fuzz(tools, settings, "run", fuzz_crate);
    command.arg(target);
    match extent {
        Extent::Seconds(seconds) => {
            let corpus = fuzz_crate.folder.join("corpus").join(target);
            create_folder(&corpus)?;
            // libFuzzer writes to the first folder, and only reads the second.
            command.arg(corpus).arg(seeds).arg("--").arg(format!("-max_total_time={seconds}"));
        }
        Extent::Check => {
            let corpus = empty_folder(settings.target.join("fuzz/check").join(target))?;
            command.arg(corpus).arg("--").arg(seed_inputs(&seeds)?);
            command.args([format!("-seed={CHECK_SEED}"), format!("-runs={CHECK_INPUTS}")]);
        }
    }
    command.args([format!("-timeout={TIMEOUT_SECS}"), "-print_final_stats=1".to_owned()]);
    Ok(command)
}

fn empty_folder(folder: PathBuf) -> Result<PathBuf> {
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Failure::new(format!("{} cannot be emptied: {error}", folder.display())));
        }
        _ => create_folder(&folder)?,
    }
    Ok(folder)
}

/// The files by name: libFuzzer would take a folder in the order of the file system, which differs from machine to
/// machine.
fn seed_inputs(folder: &Path) -> Result<OsString> {
    let unreadable = |error: io::Error| Failure::new(format!("{} cannot be read: {error}", folder.display()));
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let paths: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut files = paths.map_err(unreadable)?;
    files.sort_unstable();
    let mut option = OsString::from("-seed_inputs=");
    for (index, file) in files.iter().enumerate() {
        if index > 0 {
            option.push(",");
        }
        option.push(file);
    }
    Ok(option)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_or_a_provider_sends_is_fuzzed() {
        let crates = fuzz_crates(&workspace::root().join("crates")).unwrap();
        let targets: Vec<_> = crates.iter().flat_map(|fuzz_crate| &fuzz_crate.targets).collect();
        for expected in [
            "better_auth_answers",
            "callback",
            "commercetools_answers",
            "cookie_answers",
            "cookie_header",
            "envelope",
            "jwt_sessions_answers",
            "key_set",
            "logout_tokens",
            "oidc_answers",
            "provider_answers",
            "return_to",
            "signed_claims",
            "token",
            "unseal",
        ] {
            assert!(targets.iter().any(|target| *target == expected), "{expected} among {targets:?}");
        }
    }

    #[test]
    fn seeds_are_read_in_the_order_of_their_names() {
        let folder =
            empty_folder(std::env::temp_dir().join(format!("ironleaf-seeds-{}", std::process::id())))
                .unwrap();
        for name in ["c", "a", "b"] {
            fs::write(folder.join(name), name).unwrap();
        }
        let path = |name| folder.join(name).display().to_string();
        let expected = format!("-seed_inputs={},{},{}", path("a"), path("b"), path("c"));
        assert_eq!(seed_inputs(&folder).unwrap(), OsString::from(expected));
        fs::remove_dir_all(&folder).unwrap();
        assert!(seed_inputs(&folder).unwrap_err().to_string().contains("cannot be read"));
    }

    #[test]
    fn each_target_runs_once_and_those_that_fail_are_named() {
        let folder = std::env::temp_dir().join(format!("ironleaf-fuzz-{}", std::process::id()));
        create_folder(&folder).unwrap();
        let run = |target, program: &str| Run {
            target,
            log: folder.join(target),
            command: process::program(program),
        };
        let runs = vec![run("c", "false"), run("b", "true"), run("a", "false")];
        assert_eq!(run_beside_each_other(runs).unwrap(), ["a", "c"]);
        assert!(["a", "b", "c"].iter().all(|target| folder.join(target).is_file()));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_number_of_inputs_is_found() {
        let printed = "#2\tINITED\nstat::number_of_executed_units: 123456\nstat::new_units_added: 3\n";
        assert_eq!(executed(printed), Some("number_of_executed_units: 123456"));
        assert_eq!(executed("#2\tINITED\n"), None);
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
