//! `cargo xtask bench`: measures all claims about Ironleaf's speed and size, in one run on one machine.
//!
//! The application and the core API are two processes on one machine, and `wrk` is a third. They share its cores, so
//! rates are lower than with one machine each. The processor time per request does not depend on that.

mod criterion;
mod dev;
mod http;
mod load;
mod machine;
mod pages;
mod program;
mod proxy;
mod results;
mod sealing;
mod sessions;
mod storm;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::{application, process, workspace};
use load::{CONNECTIONS, Route, subject};
use machine::Circumstances;
use program::{Pair, Program};
use results::{Measurement, Results, Unit};

/// Seconds of load for each number in each round.
const DEFAULT_SECONDS: u32 = 2;
const DEFAULT_ROUNDS: u32 = 5;
const BASELINE: &str = "docs/benchmarks/baseline.json";

// Multiples of the rates to beat: requests/s on two cores at 1, 16 and 64 connections.
const LOGIN_TARGETS: [f64; 3] = [40.0 * 287.0, 60.0 * 425.0, 60.0 * 430.0];
const ACCOUNT_TARGETS: [f64; 3] = [20.0 * 132.0, 20.0 * 186.0, 20.0 * 191.0];
const P99_TARGET_MS: f64 = 10.0;
const RESIDENT_TARGET_MB: f64 = 40.0;
const START_TARGET_MS: f64 = 50.0;
const FLOOR_TARGET_TIMES: f64 = 6.0;

/// How often the application is started; the median counts.
const STARTS: usize = 5;

const FLOOR: &str = "a bare route";
const LOGIN: &str = "/login";
const ACCOUNT: &str = "/account";
const CORE_API: &str = "the core API's own";

/// The options of the command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    compare: Option<PathBuf>,
    save: Option<PathBuf>,
    rounds: u32,
    seconds: u32,
    build: bool,
    /// Measures the time from saving a file until it is shown, instead of everything else.
    dev: bool,
    /// Measures the API proxy beside other proxies, instead of everything else.
    proxy: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            compare: None,
            save: None,
            rounds: DEFAULT_ROUNDS,
            seconds: DEFAULT_SECONDS,
            build: true,
            dev: false,
            proxy: false,
        }
    }
}

impl Options {
    /// # Errors
    ///
    /// If an argument is unknown.
    pub(crate) fn parse(args: &[String]) -> Result<Self> {
        if args == ["--dev"] {
            return Ok(Self { dev: true, ..Self::default() });
        }
        let mut options = Self::default();
        let mut args = args.iter().map(String::as_str).peekable();
        while let Some(option) = args.next() {
            let value = args.next_if(|value| !value.starts_with('-'));
            match (option, value) {
                ("--compare", file) => options.compare = Some(file.unwrap_or(BASELINE).into()),
                ("--save", Some(file)) => options.save = Some(file.into()),
                ("--rounds", Some(number)) => options.rounds = at_least_one(option, number)?,
                ("--seconds", Some(number)) => options.seconds = at_least_one(option, number)?,
                ("--no-build", None) => options.build = false,
                ("--proxy", None) => options.proxy = true,
                _ => {
                    return Err(Failure::new(format!(
                        "`cargo xtask bench` does not know `{}`: it takes `--compare [FILE]`, `--save FILE`, \
                         `--rounds N`, `--seconds N`, `--no-build` and `--proxy`, or `--dev` alone.",
                        [option].into_iter().chain(value).collect::<Vec<_>>().join(" ")
                    )));
                }
            }
        }
        if options.proxy && (options.compare.is_some() || options.save.is_some()) {
            return Err(Failure::new("`--proxy` goes with `--rounds N`, `--seconds N` and `--no-build`."));
        }
        Ok(options)
    }
}

fn at_least_one(option: &str, number: &str) -> Result<u32> {
    let parsed = number.parse().ok().filter(|number| *number > 0);
    parsed.ok_or_else(|| Failure::new(format!("`{option} {number}`: a number of 1 or more belongs there.")))
}

/// Measures, prints, and writes `target/bench/results.json` and the requested files.
///
/// # Errors
///
/// If something does not run, or if with `--compare` a number is worse than before by more than its tolerance.
pub(crate) fn run(settings: &Settings, options: &Options) -> Result<()> {
    if options.dev {
        return dev::run(settings);
    }
    if options.proxy {
        let Options { rounds, seconds, build, .. } = *options;
        return proxy::run(settings, rounds, seconds, build);
    }
    // Read first, before minutes of work.
    let earlier = options.compare.as_deref().map(at_the_top).map(|path| Results::read(&path)).transpose()?;
    let wrk = program::wrk()?;
    let load_before = machine::load_now();
    if options.build {
        application::build_to_check(settings)?;
    }
    process::run(process::program("cargo").args([
        "build",
        "--release",
        "--quiet",
        "--package",
        "xtask",
        "--example",
        "floor",
    ]))?;
    let folder = settings.target.join("bench");
    let results = Bench { settings, wrk, load_before, folder: folder.clone(), options }.run()?;
    print!("{results}");
    let written = folder.join("results.json");
    results.write(&written)?;
    println!("\nThe same as JSON: {}", written.display());
    if let Some(file) = &options.save {
        results.write(&at_the_top(file))?;
    }
    earlier.map_or(Ok(()), |earlier| compare(&results, &earlier))
}

/// The path of a file from the command line, because `cargo xtask` may run in any folder of the repository.
fn at_the_top(file: &Path) -> PathBuf {
    workspace::root().join(file)
}

fn compare(results: &Results, earlier: &Results) -> Result<()> {
    let comparison = results.since(earlier);
    println!("\nBeside this run:{}\n{comparison}", earlier.circumstances);
    if !results.circumstances.is_same_machine(&earlier.circumstances) {
        println!("That was another machine: the difference says nothing about the code.");
    }
    println!(
        "A number counts as worse by: 30 % of requests/s, 15 % of values in times, 10 % of memory, 40 % and half a \
         millisecond of milliseconds, 30 % and one microsecond of microseconds, 2 % and 64 of bytes, and any change of the rest."
    );
    match comparison.worse() {
        0 => Ok(()),
        worse => {
            println!("\n{worse} numbers are worse than before.");
            Err(Failure::Reported)
        }
    }
}

struct Bench<'a> {
    settings: &'a Settings,
    wrk: PathBuf,
    load_before: f64,
    /// For data folders, which are new in each run.
    folder: PathBuf,
    options: &'a Options,
}

impl Bench<'_> {
    fn run(&self) -> Result<Results> {
        let Options { rounds, seconds, build, .. } = *self.options;
        let circumstances = Circumstances::now(self.load_before, rounds, seconds, build)?;
        if !circumstances.is_quiet() {
            println!("Something else is running on this machine: the numbers will not mean much.");
        }
        let mut results = Results { circumstances, measurements: self.application()? };
        results.circumstances.load_is_over();
        results.measurements.extend(self.starts()?);
        results.measurements.extend(storm::measure(&self.binary(), &self.new_folder("storm")?)?);
        results.measurements.extend(sealing::measure(self.settings)?);
        results.measurements.extend(sessions::measure(self.settings)?);
        let login = beside_the_floor(&results, LOGIN, Some(FLOOR_TARGET_TIMES));
        let account = beside_the_floor(&results, ACCOUNT, None);
        results.measurements.extend(login.into_iter().chain(account));
        Ok(results)
    }

    fn binary(&self) -> PathBuf {
        self.settings.server_binary()
    }

    fn new_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)
            .map_err(|error| Failure::new(format!("{} cannot be made: {error}", folder.display())))?;
        Ok(folder)
    }

    /// Pages, load and memory of one process, from its start on.
    fn application(&self) -> Result<Vec<Measurement>> {
        let pair = Pair::start(&self.binary(), &self.new_folder("load")?, "20m")?;
        let idle = pair.application.resident_megabytes();
        let cookie = pair.sign_in()?;
        let mut measured = self.load(&pair, &cookie)?;
        let loaded = pair.application.resident_megabytes();
        let memory = |quantity, value| Measurement::new("memory", quantity, Unit::Megabytes, value);
        measured.extend(idle.map(|idle| memory("idle", idle)));
        measured.extend(
            loaded.map(|loaded| memory("after all this load", loaded).with_target(RESIDENT_TARGET_MB)),
        );
        for (path, cookie) in [("/", None), (LOGIN, None), (ACCOUNT, Some(cookie.as_str()))] {
            measured.extend(pages::measure(&pair.application, path, cookie)?);
        }
        Ok(measured)
    }

    fn load(&self, pair: &Pair, cookie: &str) -> Result<Vec<Measurement>> {
        let login = Route {
            name: LOGIN,
            program: &pair.application,
            path: "/login",
            headers: &[],
            targets: Some(LOGIN_TARGETS),
            p99_target_ms: Some(P99_TARGET_MS),
        };
        let floor = self.floor(&pair.application)?;
        let bare = Route { name: FLOOR, program: &floor, targets: None, p99_target_ms: None, ..login };
        let bearer = access_token(&pair.core_api)?;
        let account = Route {
            name: ACCOUNT,
            program: &pair.application,
            path: "/account",
            headers: &[("Cookie", cookie)],
            targets: Some(ACCOUNT_TARGETS),
            p99_target_ms: Some(P99_TARGET_MS),
        };
        let core_api = Route {
            name: CORE_API,
            program: &pair.core_api,
            path: "/v1/user/users/current",
            headers: &[("Authorization", &bearer)],
            targets: None,
            p99_target_ms: None,
        };
        let Options { rounds, seconds, .. } = *self.options;
        load::measure(&[bare, login, account, core_api], &self.wrk, rounds, seconds)
    }

    /// A bare route that sends the same answer as the application.
    fn floor(&self, application: &Program) -> Result<Program> {
        let answer = application.get(LOGIN, &[])?;
        let set_by_the_server = ["connection", "content-length", "date", "transfer-encoding"];
        let head: Vec<String> = answer
            .headers
            .iter()
            .filter(|(name, _)| !set_by_the_server.contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let folder = self.new_folder("floor")?;
        fs::write(folder.join("head"), head.join("\n"))
            .and_then(|()| fs::write(folder.join("body"), &answer.body))
            .map_err(|error| Failure::new(format!("{} cannot be written: {error}", folder.display())))?;
        let binary = self.settings.target.join("release/examples/floor");
        let address = program::free_address()?;
        let mut command = program::in_clean_environment(&binary);
        Program::start(command.arg(address.to_string()).arg(folder), address, LOGIN)
    }

    /// The core API is already running, as it is when an application restarts.
    fn starts(&self) -> Result<Vec<Measurement>> {
        println!("{STARTS} starts");
        let folder = self.new_folder("starts")?;
        let mut millis = Vec::new();
        for _ in 0..STARTS {
            let pair = Pair::start(&self.binary(), &folder, "20m")?;
            millis.push(pair.application.first_answer.as_secs_f64() * 1_000.0);
        }
        millis.sort_by(f64::total_cmp);
        let measured = |quantity, value| Measurement::new("start", quantity, Unit::Milliseconds, value);
        Ok(vec![
            measured("first 200 after", millis[STARTS / 2]).with_target(START_TARGET_MS),
            measured("the slowest", millis[STARTS - 1]),
        ])
    }
}

/// The token that the application would get. It is requested here, so that the application does not have to.
fn access_token(core_api: &Program) -> Result<String> {
    let credentials = r#"{"email":"user@test.com","password":"password1"}"#;
    let answer = core_api.post("/v1/auth/tokens", &[("Content-Type", "application/json")], credentials)?;
    let tokens: serde_json::Value = serde_json::from_str(&answer.text()).unwrap_or_default();
    tokens["item"]["accessToken"]
        .as_str()
        .map(|token| format!("Bearer {token}"))
        .ok_or_else(|| Failure::new(format!("The core API answers a sign-in with {}.", answer.status)))
}

/// How much more processor time a page takes than the bare route of the same run, if that is known. The speed of the
/// machine affects both.
fn beside_the_floor(results: &Results, page: &str, target: Option<f64>) -> Vec<Measurement> {
    CONNECTIONS
        .into_iter()
        .filter_map(|connections| {
            let spent = |name| results.value(&subject(name, connections), "processor");
            let times = spent(page)? / spent(FLOOR)?;
            let subject = subject(&format!("{page} beside a bare route"), connections);
            Some(Measurement { target, ..Measurement::new(&subject, "processor", Unit::Times, times) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn nothing_has_to_be_said() {
        let options = parse("").unwrap();
        let nothing_named = Options {
            compare: None,
            save: None,
            rounds: 5,
            seconds: 2,
            build: true,
            dev: false,
            proxy: false,
        };
        assert_eq!(options, nothing_named);
    }

    #[test]
    fn what_is_saved_is_measured_alone() {
        assert!(parse("--dev").unwrap().dev);
        assert!(parse("--dev --rounds 3").unwrap_err().to_string().contains("`--dev` alone"));
        let options = parse("--proxy --rounds 3 --no-build").unwrap();
        assert_eq!((options.proxy, options.rounds, options.build), (true, 3, false));
        assert!(parse("--proxy --compare").unwrap_err().to_string().contains("`--proxy` goes with"));
    }

    #[test]
    fn a_comparison_is_with_the_baseline_unless_a_file_is_named() {
        assert_eq!(parse("--compare").unwrap().compare, Some(BASELINE.into()));
        let options = parse("--compare --save new.json --rounds 3 --seconds 30").unwrap();
        assert_eq!((options.compare, options.rounds, options.seconds), (Some(BASELINE.into()), 3, 30));
        assert_eq!(options.save, Some("new.json".into()));
        assert_eq!(parse("--compare old.json --no-build").unwrap().compare, Some("old.json".into()));
    }

    #[test]
    fn what_means_nothing_is_named() {
        for (line, named) in [
            ("--quick", "`--quick`"),
            ("--save", "`--save`"),
            ("--seconds 0", "`--seconds 0`"),
            ("--rounds -1", "`--rounds`"),
            ("--seconds ten", "`--seconds ten`"),
            ("--no-build x", "`--no-build x`"),
        ] {
            let failure = parse(line).unwrap_err().to_string();
            assert!(failure.contains(named), "{failure}");
        }
    }

    #[test]
    fn the_floor_is_what_the_page_is_measured_in() {
        let spent = |name: &str, micros| {
            Measurement::new(&subject(name, 64), "processor", Unit::Microseconds, micros)
        };
        let measurements = vec![spent(FLOOR, 20.0), spent(LOGIN, 90.0)];
        let results = Results { circumstances: Circumstances::example(), measurements };
        let times = beside_the_floor(&results, LOGIN, Some(6.0));
        let values: Vec<_> =
            times.iter().map(|measured| (measured.subject.as_str(), measured.value)).collect();
        assert_eq!(values, [("/login beside a bare route, 64 at once", 4.5)]);
    }
}
