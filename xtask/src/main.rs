//! The commands of this repository: `cargo xtask dev | serve | build | test | guide | e2e | peers | size | shots | lighthouse |
//! bench | sim | fuzz`.
//!
//! It starts programs and waits for them. It contains nothing of the application and does not depend on the
//! application's crates, so it builds in a second.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "speaking to the person at the terminal is its purpose"
)]

mod application;
mod bench;
mod browser;
mod builder;
mod documented_page;
mod failed_tests;
mod failure;
mod frontend_tree;
mod fuzz;
mod npm;
mod own_provider;
mod packages;
mod peers;
mod ports;
mod prerequisites;
mod process;
mod publishing;
mod report;
mod room;
mod settings;
mod simulation;
mod site_marks;
mod steps;
mod tools;
mod version;
mod workspace;

use std::process::ExitCode;

use browser::Shots;
use failure::{Failure, Result};
use peers::BackEnd;
use prerequisites::Need;
use settings::Settings;

const HELP: &str = "\
The commands of this repository.

  cargo xtask dev              build, serve on http://127.0.0.1:3000 and rebuild what is changed
  cargo xtask serve            build quickly and serve on http://127.0.0.1:3000, to try it; `--with NAME`: with another back end
                               beside it, and people to sign in as; `dev` has the option as well. Names: oidc, oidc-better-auth,
                               better-auth, cookie-api, jwt-sessions, commercetools
  cargo xtask build            build for production: target/release/ironleaf and target/site
  cargo xtask test             everything: format, clippy, docs, tests, dependencies, publishing, release build, browser, sizes,
                               simulation, fuzzing
  cargo xtask test --fast      the same without the release build, the browser, the simulation and fuzzing
  cargo xtask guide            follow docs/adding-a-page.md in a copy and test it there, and docs/providers/your-own.md;
                               `--browser`: the page in a browser as well
  cargo xtask e2e [ARGS..]     the browser tests; arguments go to Playwright (--ui, --headed, -g NAME)
  cargo xtask peers            the tests before real providers that others wrote; needs Node
  cargo xtask size             bytes per page, and whether they are within end2end/measure/budget.json
  cargo xtask shots [DIR]      pictures of every page in every state into target/shots; `--readme`: the four of the README
  cargo xtask lighthouse       the Lighthouse results of the main pages on a slow phone
  cargo xtask bench            speed, memory, start and bytes, with their targets; `--compare [FILE]`, `--save FILE`, `--rounds N`,
                               `--seconds N`, `--no-build`; `--dev`: from a saved file until it is shown;
                               `--proxy`: the API proxy beside Apache with mod_auth_openidc and nginx
  cargo xtask fuzz             each fuzz target for a minute, or for `--seconds N`; needs a nightly toolchain;
                               `--check`: with the inputs that `cargo xtask test` tries
  cargo xtask sim [ARGS..]     the simulation for two minutes; `--help` lists seeds, sizes and `--mutants`
  cargo xtask help             this text

Missing tools are installed first, into ~/.cache/ironleaf-tools, and each is announced.
LISTEN_ADDR, CORE_API_LISTEN_ADDR and the server's other variables are passed on.
";

/// The request on the command line.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    Dev(BackEnd),
    Serve(BackEnd),
    Build,
    Test {
        fast: bool,
    },
    Guide {
        in_browser: bool,
    },
    EndToEnd {
        playwright_args: Vec<String>,
    },
    /// Started by `cargo leptos end-to-end`.
    EndToEndOfCargoLeptos,
    Peers,
    Size,
    Shots(Shots),
    Lighthouse,
    Bench(bench::Options),
    Fuzz(fuzz::Extent),
    Simulate {
        args: Vec<String>,
    },
    Help,
}

impl Request {
    fn parse(args: &[String]) -> Result<Self> {
        let Some((command, rest)) = args.split_first() else {
            return Ok(Self::Help);
        };
        let request = match command.as_str() {
            // `end2end-cmd` in the root Cargo.toml.
            "e2e" if rest == ["--built-by-cargo-leptos"] => return Ok(Self::EndToEndOfCargoLeptos),
            "e2e" => {
                return Ok(Self::EndToEnd { playwright_args: rest.to_vec() });
            }
            "sim" => {
                return Ok(Self::Simulate { args: rest.to_vec() });
            }
            "shots" => return shots(rest).map(Self::Shots),
            "bench" => return bench::Options::parse(rest).map(Self::Bench),
            "guide" if rest == ["--browser"] => return Ok(Self::Guide { in_browser: true }),
            "test" if rest == ["--fast"] => return Ok(Self::Test { fast: true }),
            "fuzz" if rest == ["--check"] => return Ok(Self::Fuzz(fuzz::Extent::Check)),
            "fuzz" if rest.first().is_some_and(|option| option == "--seconds") => {
                return Ok(Self::Fuzz(fuzz::Extent::Seconds(seconds(&rest[1..])?)));
            }
            "dev" => return back_end(rest).map(Self::Dev),
            "serve" => return back_end(rest).map(Self::Serve),
            "peers" => Self::Peers,
            "build" => Self::Build,
            "test" => Self::Test { fast: false },
            "guide" => Self::Guide { in_browser: false },
            "size" => Self::Size,
            "lighthouse" => Self::Lighthouse,
            "fuzz" => Self::Fuzz(fuzz::Extent::Seconds(fuzz::DEFAULT_SECONDS)),
            "help" | "--help" | "-h" => Self::Help,
            unknown => {
                return Err(Failure::new(format!(
                    "There is no command `{unknown}`. `cargo xtask help` lists what there is."
                )));
            }
        };
        match rest.first() {
            None => Ok(request),
            Some(extra) => Err(Failure::new(format!(
                "`cargo xtask {command}` does not know `{extra}`. `cargo xtask help` lists what there is."
            ))),
        }
    }

    /// What the request needs and cannot install.
    fn needs(&self) -> &'static [Need] {
        match self {
            Self::Dev(BackEnd::CoreApi) | Self::Serve(BackEnd::CoreApi) | Self::Build | Self::Bench(_) => {
                prerequisites::FOR_BUILDING
            }
            Self::Test { fast: true } | Self::Guide { in_browser: false } => prerequisites::FOR_FAST_TESTS,
            Self::Test { fast: false } => prerequisites::FOR_ALL_TESTS,
            Self::Dev(_)
            | Self::Serve(_)
            | Self::EndToEnd { .. }
            | Self::EndToEndOfCargoLeptos
            | Self::Peers
            | Self::Guide { in_browser: true }
            | Self::Size
            | Self::Shots(_)
            | Self::Lighthouse => prerequisites::FOR_BROWSER_TESTS,
            Self::Fuzz(_) => prerequisites::FOR_FUZZING,
            Self::Simulate { .. } | Self::Help => &[],
        }
    }

    fn run(self) -> Result<()> {
        if self == Self::Help {
            print!("{HELP}");
            return Ok(());
        }
        process::listen_for_interrupts()?;
        let settings = Settings::from_environment()?;
        prerequisites::check(self.needs())?;
        match self {
            Self::Dev(back_end) => application::dev(&settings, back_end),
            Self::Serve(back_end) => application::serve(&settings, back_end),
            Self::Peers => peers::test(),
            Self::Build => application::build(&settings),
            Self::Test { fast } => steps::run_all(&settings, fast),
            Self::Guide { in_browser } => {
                documented_page::check(&settings)?;
                own_provider::check(&settings)?;
                if in_browser { documented_page::check_in_browser(&settings) } else { Ok(()) }
            }
            Self::EndToEnd { playwright_args } => {
                application::build_to_check(&settings)?;
                browser::run_playwright(&settings, &playwright_args)
            }
            Self::EndToEndOfCargoLeptos => browser::run_playwright_for_cargo_leptos(&settings),
            Self::Size => {
                application::build_to_check(&settings)?;
                browser::measure_sizes(&settings)
            }
            Self::Shots(shots) => {
                application::build_to_check(&settings)?;
                browser::take_shots(&settings, &shots)
            }
            Self::Lighthouse => {
                application::build_to_check(&settings)?;
                browser::run_lighthouse(&settings)
            }
            Self::Bench(options) => bench::run(&settings, &options),
            Self::Fuzz(extent) => fuzz::run(&settings, extent),
            Self::Simulate { args } => simulation::run(&args),
            Self::Help => Ok(()),
        }
    }
}

fn back_end(args: &[String]) -> Result<BackEnd> {
    match args {
        [] => Ok(BackEnd::default()),
        [option, name] if option == "--with" => BackEnd::named(name),
        _ => Err(Failure::new(
            "`cargo xtask serve` and `dev` take `--with NAME`, such as `--with oidc`, or nothing.",
        )),
    }
}

fn shots(args: &[String]) -> Result<Shots> {
    match args {
        [] => Ok(Shots::Everything { folder: None }),
        [option] if option == "--readme" => Ok(Shots::Readme),
        [folder] if !folder.starts_with('-') => Ok(Shots::Everything { folder: Some(folder.into()) }),
        _ => Err(Failure::new("`cargo xtask shots` takes one folder, or `--readme`.")),
    }
}

/// At least 1, because 0 would mean forever.
fn seconds(args: &[String]) -> Result<u32> {
    match args {
        [seconds] => seconds.parse().ok().filter(|seconds| *seconds > 0),
        _ => None,
    }
    .ok_or_else(|| Failure::new("`--seconds` takes one number, such as `cargo xtask fuzz --seconds 600`."))
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match Request::parse(&args).and_then(Request::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, Failure::Reported) {
                eprintln!("{failure}");
            }
            failure.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Request> {
        Request::parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn no_command_shows_the_help() {
        assert_eq!(parse("").unwrap(), Request::Help);
    }

    #[test]
    fn playwright_gets_its_arguments_as_they_are() {
        let playwright_args = vec!["--headed".to_owned(), "-g".to_owned(), "login".to_owned()];
        assert_eq!(parse("e2e --headed -g login").unwrap(), Request::EndToEnd { playwright_args });
    }

    #[test]
    fn cargo_leptos_says_who_it_is() {
        assert_eq!(parse("e2e --built-by-cargo-leptos").unwrap(), Request::EndToEndOfCargoLeptos);
        let description = std::fs::read_to_string(workspace::root().join("Cargo.toml")).unwrap();
        assert!(description.contains("end2end-cmd = \"cargo xtask e2e --built-by-cargo-leptos\""));
    }

    #[test]
    fn pictures_go_where_they_are_asked_to_go() {
        assert_eq!(parse("shots").unwrap(), Request::Shots(Shots::Everything { folder: None }));
        assert_eq!(
            parse("shots /tmp/pictures").unwrap(),
            Request::Shots(Shots::Everything { folder: Some("/tmp/pictures".into()) })
        );
        assert_eq!(parse("shots --readme").unwrap(), Request::Shots(Shots::Readme));
        for line in ["shots --reedme", "shots one two"] {
            assert!(parse(line).unwrap_err().to_string().contains("takes one folder"), "{line}");
        }
    }

    #[test]
    fn what_measures_pages_takes_nothing() {
        assert_eq!(parse("size").unwrap(), Request::Size);
        assert_eq!(parse("lighthouse").unwrap(), Request::Lighthouse);
        assert!(parse("size --fast").unwrap_err().to_string().contains("`--fast`"));
    }

    #[test]
    fn the_help_names_every_command() {
        let commands = "dev serve build test e2e peers size shots lighthouse bench fuzz sim help";
        for command in commands.split(' ') {
            assert!(HELP.contains(&format!("cargo xtask {command} ")), "{command}");
        }
    }

    #[test]
    fn the_help_names_every_back_end() {
        for name in "oidc oidc-better-auth better-auth cookie-api jwt-sessions commercetools".split(' ') {
            assert!(BackEnd::named(name).is_ok() && HELP.contains(name), "{name}");
        }
    }

    #[test]
    fn fast_is_an_option_of_test_alone() {
        assert_eq!(parse("test --fast").unwrap(), Request::Test { fast: true });
        assert_eq!(parse("test").unwrap(), Request::Test { fast: false });
        assert!(parse("build --fast").unwrap_err().to_string().contains("`--fast`"));
    }

    #[test]
    fn a_back_end_is_chosen_by_name() {
        assert_eq!(parse("serve").unwrap(), Request::Serve(BackEnd::CoreApi));
        assert_eq!(parse("serve --with oidc").unwrap(), Request::Serve(BackEnd::named("oidc").unwrap()));
        assert_eq!(parse("dev --with oidc").unwrap(), Request::Dev(BackEnd::named("oidc").unwrap()));
        for line in ["serve --with", "serve oidc", "dev --with a b", "serve --with nothing"] {
            assert!(parse(line).unwrap_err().to_string().contains("--with"), "{line}");
        }
    }

    #[test]
    fn fuzzing_takes_a_minute_unless_told_otherwise() {
        assert_eq!(parse("fuzz").unwrap(), Request::Fuzz(fuzz::Extent::Seconds(60)));
        assert_eq!(parse("fuzz --seconds 600").unwrap(), Request::Fuzz(fuzz::Extent::Seconds(600)));
        assert_eq!(parse("fuzz --check").unwrap(), Request::Fuzz(fuzz::Extent::Check));
    }

    #[test]
    fn a_time_that_is_no_time_is_refused() {
        for line in ["fuzz --seconds", "fuzz --seconds 0", "fuzz --seconds ten", "fuzz --seconds 1 2"] {
            assert!(
                parse(line).unwrap_err().to_string().starts_with("`--seconds` takes one number"),
                "{line}"
            );
        }
        assert!(parse("fuzz 600").unwrap_err().to_string().contains("`600`"));
    }

    #[test]
    fn an_unknown_command_is_named() {
        let failure = parse("sevre").unwrap_err().to_string();
        assert_eq!(failure, "There is no command `sevre`. `cargo xtask help` lists what there is.");
    }
}
