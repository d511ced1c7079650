//! Starts programs and waits for them. None of them outlives this one.

use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How often a running program is checked.
const INTERVAL: Duration = Duration::from_millis(10);
/// How long a program may take to end after it was told to stop.
const PATIENCE: Duration = Duration::from_secs(8);

/// # Errors
///
/// If the operating system refuses the handler.
pub(crate) fn listen_for_interrupts() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst)).context("Ctrl-C cannot be watched")
}

pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// # Errors
///
/// If the program cannot be started or ends with another code than 0, or if Ctrl-C was pressed.
pub(crate) fn until_success(command: &mut Command) -> Result<()> {
    Running::start(command)?.wait_for_success()
}

/// A running program. It is stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    name: String,
}

impl Running {
    /// # Errors
    ///
    /// If it cannot be started.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = shown(command);
        let child = command.spawn().with_context(|| format!("`{name}` cannot be started"))?;
        Ok(Self { child, name })
    }

    /// Waits until it ends.
    ///
    /// # Errors
    ///
    /// If it ends with another code than 0, or if Ctrl-C was pressed.
    pub(crate) fn wait_for_success(mut self) -> Result<()> {
        loop {
            if let Some(succeeded) = self.ended()? {
                if !succeeded {
                    bail!("`{}` has failed", self.name);
                }
                return Ok(());
            }
            if interrupted() {
                bail!("Stopped.");
            }
            thread::sleep(INTERVAL);
        }
    }

    /// Whether it has ended, and if so, whether successfully.
    ///
    /// # Errors
    ///
    /// If its state cannot be read.
    pub(crate) fn ended(&mut self) -> Result<Option<bool>> {
        let status =
            self.child.try_wait().with_context(|| format!("the state of `{}` cannot be read", self.name))?;
        Ok(status.map(|status| status.success()))
    }

    /// Kills it, because another build of it replaces it.
    pub(crate) fn kill(mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        ask_to_stop(&mut self.child);
        let asked_at = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if asked_at.elapsed() > PATIENCE {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            thread::sleep(INTERVAL);
        }
    }
}

#[cfg(unix)]
fn ask_to_stop(child: &mut Child) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    if let Ok(id) = i32::try_from(child.id()) {
        // An error means that it ended meanwhile.
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
    }
}

#[cfg(not(unix))]
fn ask_to_stop(child: &mut Child) {
    let _ = child.kill();
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_is_shown_with_its_arguments() {
        let failure = until_success(Command::new("cargo").args(["--no-such-option", "--quiet"])).unwrap_err();
        assert_eq!(failure.to_string(), "`cargo --no-such-option --quiet` has failed");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = until_success(&mut Command::new("ironleaf-no-such-program")).unwrap_err().to_string();
        assert_eq!(failure, "`ironleaf-no-such-program` cannot be started");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_dropped_has_ended() {
        let running = Running::start(Command::new("sleep").arg("600")).unwrap();
        let id = nix::unistd::Pid::from_raw(i32::try_from(running.child.id()).unwrap());
        drop(running);
        assert!(nix::sys::signal::kill(id, None).is_err());
    }
}
