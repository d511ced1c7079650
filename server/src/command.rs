//! The command line of Ironleaf.

use std::process::ExitCode;

use crate::config::{self, Config, CoreApiConfig, Log, Problems};
use crate::health::{self, Question};
use crate::providers::ProviderKind;
use crate::serve::{self, StartError};
use crate::telemetry;

const USAGE: &str = "\
usage: ironleaf [serve]                 serve the web application (the default)
       ironleaf core-api                serve the reference core API alone
       ironleaf config check            print the effective configuration, secrets hidden
       ironleaf config check core-api   the same for a core API alone
       ironleaf health [live | ready]   ask the application at LISTEN_ADDR how it is
       ironleaf pages                   print the path of every page
       ironleaf --version

Everything is configured by environment variables; docs/configuration.md lists them.";

/// Does what the command line says. `own` are providers of the caller's that `PROVIDER` can name beside those of this
/// repository (`docs/providers/your-own.md`).
pub fn run(own: &'static [ProviderKind]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] | ["serve"] => {
            start(Config::from_environment_with(own), |config| (&config.log, config.warnings()), serve::serve)
        }
        ["core-api"] => start(
            CoreApiConfig::from_environment(),
            |config| (&config.log, config.warnings()),
            serve::serve_core_api,
        ),
        ["config", "check"] => {
            check(Config::from_environment_with(own).map(|config| (config.describe(), config.warnings())))
        }
        ["config", "check", "core-api"] => {
            check(CoreApiConfig::from_environment().map(|config| (config.describe(), config.warnings())))
        }
        ["health"] | ["health", "live"] => ask(Question::IsAlive),
        ["health", "ready"] => ask(Question::IsReady),
        ["pages"] => print(&app::pages().guards().map(page_line).collect::<Vec<_>>().join("\n")),
        ["--version" | "-V"] => print(&format!("ironleaf {}", env!("CARGO_PKG_VERSION"))),
        ["--help" | "-h" | "help"] => print(USAGE),
        unknown => fail(&format!("`{}` is not a command of ironleaf.\n\n{USAGE}", unknown.join(" "))),
    }
}

/// The path of a page, and the role that it takes to see it.
fn page_line((path, role): (&str, Option<&str>)) -> String {
    role.map_or_else(|| path.to_owned(), |role| format!("{path} {role}"))
}

fn start<C, F>(
    config: Result<C, Problems>,
    first: impl FnOnce(&C) -> (&Log, Vec<String>),
    run: impl FnOnce(C) -> F,
) -> ExitCode
where
    F: Future<Output = Result<(), StartError>>,
{
    let config = match config {
        Ok(config) => config,
        Err(problems) => return fail(&problems.to_string()),
    };
    let (log, warnings) = first(&config);
    let _telemetry = match telemetry::start(log) {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(&error.to_string()),
    };
    for warning in config::suspicious_variables().into_iter().chain(warnings) {
        tracing::warn!("{warning}");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the operating system refuses to start threads: {error}")),
    };
    match runtime.block_on(run(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

/// Problems and warnings go to standard error, so that standard output can be saved.
fn check(described: Result<(String, Vec<String>), Problems>) -> ExitCode {
    for warning in config::suspicious_variables() {
        complain(&warning);
    }
    match described {
        Ok((text, warnings)) => {
            for warning in &warnings {
                complain(warning);
            }
            print(&text)
        }
        Err(problems) => fail(&problems.to_string()),
    }
}

fn ask(question: Question) -> ExitCode {
    let address = match config::listen_addr() {
        Ok(address) => address,
        Err(problems) => return fail(&problems.to_string()),
    };
    match health::ask(address, question) {
        Ok(answer) => print(&answer),
        Err(problem) => fail(&format!("LISTEN_ADDR {address}: {problem}")),
    }
}

#[expect(clippy::print_stdout, reason = "it is what was asked for")]
fn print(text: &str) -> ExitCode {
    println!("{text}");
    ExitCode::SUCCESS
}

fn fail(text: &str) -> ExitCode {
    complain(text);
    ExitCode::FAILURE
}

#[expect(clippy::print_stderr, reason = "the log may not be there yet, and a person waits for the reason")]
fn complain(text: &str) {
    eprintln!("ironleaf: {text}");
}
