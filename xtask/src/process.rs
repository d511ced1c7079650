//! Starts programs and waits for them, and ends them on Ctrl-C.
//!
//! A Ctrl-C at the terminal also reaches the children, because they are in the same process group. A signal to this
//! process alone does not. So a child that still runs after a second is told to stop, and is killed if it does not end
//! within ten. No process is left behind in either case.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Result};
use crate::workspace;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How often a running child is checked: short compared with the shortest build, long compared with the cost of a
/// check.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Long enough for the terminal's own SIGINT to work, so that a second signal does not interrupt an orderly stop.
const PATIENCE_BEFORE_ASKING: Duration = Duration::from_secs(1);
/// Longer than cargo-leptos waits for its server.
const PATIENCE_BEFORE_KILLING: Duration = Duration::from_secs(10);

/// # Errors
///
/// If the operating system refuses the handler.
pub(crate) fn listen_for_interrupts() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst))
        .map_err(|error| Failure::new(format!("Ctrl-C cannot be watched: {error}")))
}

pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// A program that starts at the top of the repository.
///
/// The variables that `cargo run` sets about this package are removed from its environment. Otherwise build scripts
/// that watch those variables would run again after every switch between `cargo` and `cargo xtask`.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(workspace::root());
    for (name, _) in std::env::vars_os() {
        let of_this_package = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "OUT_DIR"
        });
        if of_this_package {
            command.env_remove(name);
        }
    }
    command
}

/// Starts the program in this terminal and waits until it ends.
///
/// # Errors
///
/// If it cannot be started, ends with another code than 0, or Ctrl-C is pressed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = shown(command);
    let status = wait(spawn(command)?)?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{name}` ended with {status}."))) }
}

/// As [`run`]. `watch` also gets each line of the program's standard output, which still goes to the terminal.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn run_and_watch(command: &mut Command, watch: impl FnMut(&str) + Send) -> Result<()> {
    let name = shown(command);
    let mut child = spawn(command.stdout(Stdio::piped()))?;
    let lines = child.stdout.take();
    let status = thread::scope(|scope| {
        scope.spawn(|| pass_on(lines, watch));
        wait(child)
    })?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{name}` ended with {status}."))) }
}

fn pass_on(lines: Option<ChildStdout>, mut watch: impl FnMut(&str)) {
    for line in
        lines.into_iter().flat_map(|lines| BufReader::new(lines).split(b'\n')).map_while(io::Result::ok)
    {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        watch(&line);
    }
}

/// Returns the program's standard output. Its standard error goes to the terminal.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = shown(command);
    let not_started = |error| Failure::new(format!("`{name}` cannot be started: {error}"));
    let output = command.stderr(Stdio::inherit()).output().map_err(not_started)?;
    if interrupted() {
        return Err(Failure::Interrupted);
    }
    if !output.status.success() {
        return Err(Failure::new(format!("`{name}` ended with {}.", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns the program's output, or nothing if it fails to run. Neither stream reaches the terminal.
pub(crate) fn quiet_output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// # Errors
///
/// If it cannot be started.
pub(crate) fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().map_err(|error| Failure::new(format!("`{}` cannot be started: {error}", shown(command))))
}

/// Waits for the child, and stops it when Ctrl-C is pressed.
///
/// # Errors
///
/// [`Failure::Interrupted`] after Ctrl-C, once the child has ended.
pub(crate) fn wait(mut child: Child) -> Result<ExitStatus> {
    let mut interrupted_at = None;
    let mut asked = false;
    loop {
        let ended = child
            .try_wait()
            .map_err(|error| Failure::new(format!("The state of a child process cannot be read: {error}")))?;
        if let Some(status) = ended {
            return if interrupted() { Err(Failure::Interrupted) } else { Ok(status) };
        }
        if interrupted() {
            let waited = interrupted_at.get_or_insert_with(Instant::now).elapsed();
            if waited >= PATIENCE_BEFORE_KILLING {
                // An error means that it has ended meanwhile; the next iteration sees that.
                let _ = child.kill();
            } else if waited >= PATIENCE_BEFORE_ASKING && !asked {
                ask_to_stop(&mut child);
                asked = true;
            }
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Does nothing if it has ended.
#[cfg(unix)]
pub(crate) fn ask_to_stop(child: &mut Child) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    if let Ok(id) = i32::try_from(child.id()) {
        // An error means that it has ended meanwhile.
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
    }
}

#[cfg(not(unix))]
pub(crate) fn ask_to_stop(child: &mut Child) {
    let _ = child.kill();
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let failure = run(&mut program("ironleaf-no-such-program")).unwrap_err().to_string();
        assert!(failure.starts_with("`ironleaf-no-such-program` cannot be started"), "{failure}");
    }

    #[test]
    fn a_failing_program_is_shown_with_its_arguments() {
        let failure = run(program("cargo").args(["--no-such-option"]).stderr(Stdio::null())).unwrap_err();
        assert!(failure.to_string().starts_with("`cargo --no-such-option` ended with"), "{failure}");
    }

    #[test]
    fn each_line_is_seen_whatever_its_bytes() {
        let mut seen = Vec::new();
        run_and_watch(program("printf").arg("one\\n\\377two\\n\\nlast"), |line| seen.push(line.to_owned()))
            .unwrap();
        assert_eq!(seen, ["one", "\u{fffd}two", "", "last"]);
    }

    #[test]
    fn children_do_not_see_the_package_of_these_commands() {
        let removed: Vec<_> = program("cargo").get_envs().map(|(name, _)| name.to_owned()).collect();
        assert!(removed.iter().any(|name| name == "CARGO_MANIFEST_DIR"), "{removed:?}");
        assert!(removed.iter().any(|name| name == "CARGO_PKG_NAME"), "{removed:?}");
    }
}
