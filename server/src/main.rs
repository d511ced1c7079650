//! The command line of Ironleaf.

use std::process::ExitCode;

use server::config::Config;
use server::{serve, telemetry};

const USAGE: &str = "\
usage: ironleaf [serve]        serve the web application (the default)
       ironleaf core-api       serve the reference core API alone
       ironleaf config check   print the effective configuration, secrets hidden
       ironleaf --version

Everything is configured by environment variables; docs/configuration.md lists them.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = match arguments.as_slice() {
        [] | ["serve"] => Command::Serve,
        ["core-api"] => Command::CoreApi,
        ["config", "check"] => Command::ConfigCheck,
        ["--version" | "-V"] => return print(&format!("ironleaf {}", env!("CARGO_PKG_VERSION"))),
        ["--help" | "-h" | "help"] => return print(USAGE),
        unknown => {
            return fail(&format!("`{}` is no command of ironleaf.\n\n{USAGE}", unknown.join(" ")));
        }
    };
    let config = match Config::from_environment() {
        Ok(config) => config,
        Err(problems) => return fail(&problems.to_string()),
    };
    match run {
        Command::ConfigCheck => print(&config.describe()),
        Command::Serve => start(config, serve::serve),
        Command::CoreApi => start(config, serve::serve_core_api),
    }
}

enum Command {
    Serve,
    CoreApi,
    ConfigCheck,
}

fn start<F>(config: Config, run: impl FnOnce(Config) -> F) -> ExitCode
where
    F: Future<Output = Result<(), serve::StartError>>,
{
    telemetry::start(config.log_format, &config.log_filter);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the operating system gives no threads: {error}")),
    };
    match runtime.block_on(run(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

#[expect(clippy::print_stdout, reason = "it is what was asked for")]
fn print(text: &str) -> ExitCode {
    println!("{text}");
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "the log may not be there yet, and a person waits for the reason")]
fn fail(text: &str) -> ExitCode {
    eprintln!("ironleaf: {text}");
    ExitCode::FAILURE
}
