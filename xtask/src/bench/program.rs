//! The measured processes: with their own environment, on free ports, stopped when the value is dropped.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use super::http::{self, Answer};
use crate::failure::{Failure, Result};
use crate::{process, tools};

/// Longer than a start takes on a slow machine.
const START_LIMIT: Duration = Duration::from_secs(20);
/// The possible error of the time to the first answer.
const ASK_EVERY: Duration = Duration::from_micros(500);
/// Longer than a server takes to end once it is asked to.
const STOP_LIMIT: Duration = Duration::from_secs(5);
/// Linux counts processor time in hundredths of a second, whatever the kernel's own tick is (`man 5 proc`).
const TICKS_PER_SEC: u64 = 100;

pub(super) struct Program {
    child: Child,
    name: String,
    pub(super) address: SocketAddr,
    /// From before the start until the first 200.
    pub(super) first_answer: Duration,
    has_children: bool,
}

impl Program {
    /// Starts it and waits until it answers `path` with 200.
    ///
    /// # Errors
    ///
    /// If it cannot be started, ends, or is not up in time.
    pub(super) fn start(command: &mut Command, address: SocketAddr, path: &str) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        // The log is written but discarded, so its cost is included.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let started = Instant::now();
        let child = process::spawn(command)?;
        let mut program = Self { child, name, address, first_answer: Duration::ZERO, has_children: false };
        loop {
            if http::get(address, path, &[]).is_ok_and(|answer| answer.status == 200) {
                program.first_answer = started.elapsed();
                return Ok(program);
            }
            program.expect_alive(started)?;
            thread::sleep(ASK_EVERY);
        }
    }

    /// As [`start`](Self::start), for a server that starts processes of its own.
    ///
    /// # Errors
    ///
    /// As `start`.
    pub(super) fn start_with_children(
        command: &mut Command,
        address: SocketAddr,
        path: &str,
    ) -> Result<Self> {
        let mut program = Self::start(command, address, path)?;
        program.has_children = true;
        Ok(program)
    }

    fn expect_alive(&mut self, started: Instant) -> Result<()> {
        if process::interrupted() {
            return Err(Failure::Interrupted);
        }
        if let Ok(Some(status)) = self.child.try_wait() {
            return Err(Failure::new(format!("`{}` ended with {status} at its start.", self.name)));
        }
        if started.elapsed() > START_LIMIT {
            return Err(Failure::new(format!("`{}` does not answer on {}.", self.name, self.address)));
        }
        Ok(())
    }

    /// # Errors
    ///
    /// If there is no answer.
    pub(super) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        http::get(self.address, path, headers).map_err(|error| self.silent(path, &error))
    }

    /// # Errors
    ///
    /// If there is no answer.
    pub(super) fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
        http::post(self.address, path, headers, body).map_err(|error| self.silent(path, &error))
    }

    fn silent(&self, path: &str, error: &std::io::Error) -> Failure {
        Failure::new(format!("{path} of `{}` has no answer: {error}", self.name))
    }

    /// Resident memory in megabytes, if the operating system shows it.
    pub(super) fn resident_megabytes(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        resident_megabytes(&status)
    }

    /// The processor time since its start, with that of the processes it has started, if the operating system shows it.
    pub(super) fn processor_time(&self) -> Option<Duration> {
        let mut stats = Vec::new();
        for entry in fs::read_dir("/proc").ok()?.flatten() {
            // One that has ended meanwhile is counted by the one that has waited for it.
            stats.extend(fs::read_to_string(entry.path().join("stat")).ok().as_deref().and_then(Stat::parse));
        }
        processor_time(self.child.id(), &stats)
    }

    /// Asks it to end and waits for that. A server that is killed leaves its own processes behind.
    fn stop(&mut self) {
        process::ask_to_stop(&mut self.child);
        let asked = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && asked.elapsed() < STOP_LIMIT {
            thread::sleep(ASK_EVERY);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.has_children {
            self.stop();
        }
        // An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The reference core API and the application as two processes, as in production, so that each is measured separately.
pub(super) struct Pair {
    pub(super) core_api: Program,
    pub(super) application: Program,
}

impl Pair {
    /// Starts both in their own folder, with nobody signed in.
    ///
    /// # Errors
    ///
    /// If one does not start.
    pub(super) fn start(binary: &Path, folder: &Path, access_token_life: &str) -> Result<Self> {
        let [core_api_address, address] = [free_address()?, free_address()?];
        let origin = format!("http://{address}");
        let command = |argument: &str| {
            let mut command = in_clean_environment(binary);
            command.arg(argument);
            command.env("LOG_FORMAT", "json").env("DATA_DIR", folder).env("PUBLIC_ORIGIN", &origin);
            command
        };
        let mut core_api = command("core-api");
        core_api.env("CORE_API_LISTEN_ADDR", core_api_address.to_string());
        core_api.env("CORE_API_ACCESS_TOKEN_TTL", access_token_life);
        let core_api = Program::start(&mut core_api, core_api_address, "/v1/health")?;
        let mut application = command("serve");
        application.env("LISTEN_ADDR", address.to_string());
        application.env("CORE_API_URL", format!("http://{core_api_address}/v1"));
        let application = Program::start(&mut application, address, "/login")?;
        Ok(Self { core_api, application })
    }

    /// Signs the seeded person in. Returns the value of the Cookie header that a browser would send then.
    ///
    /// # Errors
    ///
    /// If the answer contains no session.
    pub(super) fn sign_in(&self) -> Result<String> {
        let origin = format!("http://{}", self.application.address);
        let headers = [
            ("Origin", origin.as_str()),
            ("Accept", "application/json"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let form = "email=user%40test.com&password=password1";
        let answer = self.application.post("/api/sign-in", &headers, form)?;
        let cookies: Vec<&str> = answer
            .all("set-cookie")
            .filter_map(|line| line.split(';').next())
            .filter(|pair| !pair.ends_with('='))
            .collect();
        if answer.status != 200 || cookies.is_empty() {
            return Err(Failure::new(format!("The sign-in was answered with {}.", answer.status)));
        }
        Ok(cookies.join("; "))
    }
}

/// The environment of this terminal does not reach it.
pub(super) fn in_clean_environment(binary: &Path) -> Command {
    let mut command = process::program(binary);
    command.env_clear();
    command
}

/// A free address.
///
/// # Errors
///
/// If the operating system has none.
pub(super) fn free_address() -> Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(|error| Failure::new(format!("There is no free port: {error}")))
}

/// The load generator, from the distribution.
///
/// # Errors
///
/// If it is not installed and cannot be installed.
pub(super) fn wrk() -> Result<std::path::PathBuf> {
    match tools::on_path("wrk") {
        Some(path) => Ok(path),
        None => crate::packages::program(&["wrk"], "wrk"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "no process has 2^52 bytes")]
fn resident_megabytes(status: &str) -> Option<f64> {
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = kibibytes.trim().strip_suffix(" kB")?.parse().ok()?;
    Some((kibibytes * 1_024) as f64 / 1_000_000.0)
}

/// What `/proc/PID/stat` says of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    process: u32,
    parent: u32,
    /// Of itself and of those of its children that have ended and that it has waited for.
    ticks: u64,
}

impl Stat {
    /// The parent is the fourth field, and the times are the 14th to 17th. The second field is a name in parentheses that
    /// may contain any character.
    fn parse(stat: &str) -> Option<Self> {
        let (name, rest) = stat.rsplit_once(')')?;
        let process = name.split_once(' ')?.0.parse().ok()?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = fields.get(11..15)?.iter().map(|ticks| ticks.parse::<u64>().ok()).sum::<Option<u64>>()?;
        Some(Self { process, parent: fields.get(1)?.parse().ok()?, ticks })
    }
}

/// The time of a process and of all that descend from it.
fn processor_time(process: u32, stats: &[Stat]) -> Option<Duration> {
    let mut family = vec![*stats.iter().find(|stat| stat.process == process)?];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        family.extend(stats.iter().filter(|stat| stat.parent == parent.process));
        next += 1;
    }
    let ticks: u64 = family.iter().map(|stat| stat.ticks).sum();
    Some(Duration::from_millis(ticks * 1_000 / TICKS_PER_SEC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        let status = "Name:\tironleaf\nVmHWM:\t   40000 kB\nVmRSS:\t   25000 kB\n";
        assert_eq!(resident_megabytes(status), Some(25.6));
        assert_eq!(resident_megabytes("Name:\tkthreadd\n"), None);
    }

    #[test]
    fn processor_time_is_read_past_a_name_with_spaces() {
        let stat = "4711 (iron) leaf) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 9";
        assert_eq!(Stat::parse(stat), Some(Stat { process: 4711, parent: 1, ticks: 200 }));
        assert_eq!(Stat::parse("4711 (ironleaf) S 1"), None);
    }

    #[test]
    fn the_time_of_a_program_is_that_of_all_its_processes() {
        let stat = |process, parent, ticks| Stat { process, parent, ticks };
        let stats = [stat(1, 0, 900), stat(30, 20, 5), stat(10, 1, 100), stat(20, 10, 50), stat(40, 1, 700)];
        assert_eq!(processor_time(10, &stats), Some(Duration::from_millis(1_550)));
        assert_eq!(processor_time(11, &stats), None);
    }

    #[test]
    fn a_program_that_ends_at_once_is_named_with_how() {
        let mut command = process::program("false");
        let started = Program::start(&mut command, free_address().unwrap(), "/");
        let failure = started.err().unwrap().to_string();
        assert!(failure.starts_with("`false` ended with"), "{failure}");
    }
}
