//! Builds the application and runs it.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Result};
use crate::peers::{self, BackEnd};
use crate::settings::{CoreApi, DEFAULT_PROVIDER, Settings, TRY_PROFILE};
use crate::tools::{self, Tools};
use crate::{builder, ports, process, workspace};

/// How often a starting server is asked whether it is up, and how long an answer may take.
const PROBE_INTERVAL: Duration = Duration::from_millis(200);
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// The health endpoint answers with one line of JSON. A longer answer of another program is not read to its end.
const LONGEST_ANSWER_BYTES: u64 = 16 * 1024;

/// Builds, serves, and builds again whenever a file is saved.
pub(crate) fn dev(settings: &Settings, back_end: BackEnd) -> Result<()> {
    ports::check_application(settings, back_end == BackEnd::CoreApi)?;
    ports::check_reload(settings)?;
    let builder = builder::ready(settings)?;
    run_with(settings, back_end, process::program(builder).arg("watch"))
}

/// Builds quickly and serves until Ctrl-C.
pub(crate) fn serve(settings: &Settings, back_end: BackEnd) -> Result<()> {
    ports::check_application(settings, back_end == BackEnd::CoreApi)?;
    let started = Instant::now();
    let builder = builder::ready(settings)?;
    process::run(process::program(builder).args(["build", TRY_PROFILE]))?;
    println!("The build took {} s.", started.elapsed().as_secs());
    run_with(settings, back_end, process::program(settings.program_to_try()).arg("serve"))
}

/// Runs the application until Ctrl-C, with its back end beside it.
fn run_with(settings: &Settings, back_end: BackEnd, application: &mut Command) -> Result<()> {
    let application = with_addresses(settings, application);
    let peer = match back_end {
        BackEnd::CoreApi => None,
        BackEnd::Peer(peer) => {
            peer.introduce(application);
            Some(peers::start(settings, peer)?)
        }
    };
    announce_when_up(settings, back_end);
    let ended = process::run(application);
    drop(peer);
    ended
}

/// Builds `target/release/ironleaf` and `target/site`, by cargo-leptos.
pub(crate) fn build(settings: &Settings) -> Result<()> {
    let tools = Tools::for_a_release(settings)?;
    let started = Instant::now();
    // Otherwise it would add hashes to the file names of an earlier build again.
    remove_site()?;
    process::run(cargo_leptos(&tools).args(["build", "--release", "--precompress"]).envs(HASHES_IN_NAMES))?;
    remove_type_declarations()?;
    put_hashes_beside_the_site(settings)?;
    println!("The release build took {} s.", started.elapsed().as_secs());
    Ok(())
}

/// The builder of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MadeBy {
    CargoLeptos,
    SiteBuilder,
}

/// A release for tests: as [`build`] if cargo-leptos is already installed, or else by the builder of this repository.
/// That builder leaves the script of the islands as wasm-bindgen wrote it; everything else is the same.
pub(crate) fn build_to_check(settings: &Settings) -> Result<MadeBy> {
    if tools::has_cargo_leptos(settings) {
        build(settings)?;
        return Ok(MadeBy::CargoLeptos);
    }
    println!(
        "cargo-leptos is not installed, and compiling it takes half an hour. So the builder of this repository \
         makes the release. `cargo xtask build` installs cargo-leptos."
    );
    let tools = Tools::without_cargo_leptos(settings)?;
    let builder = builder::ready(settings)?;
    let started = Instant::now();
    process::run(tools.program(&builder.to_string_lossy()).arg("release"))?;
    put_hashes_beside_the_site(settings)?;
    println!("The release build took {} s.", started.elapsed().as_secs());
    Ok(MadeBy::SiteBuilder)
}

/// The file with the hashes of names, beside the program.
const HASHES: &str = "hash.txt";
/// Makes files immutable for browsers. This is not in `Cargo.toml`, because while cargo-leptos watches, it hashes the
/// names of the first build only.
const HASHES_IN_NAMES: [(&str, &str); 2] = [("LEPTOS_HASH_FILES", "true"), ("LEPTOS_HASH_FILE_NAME", HASHES)];

/// A program of another repository that serves this site has no such file beside it.
fn put_hashes_beside_the_site(settings: &Settings) -> Result<()> {
    let (from, to) =
        (settings.server_binary().with_file_name(HASHES), workspace::site().with_file_name(HASHES));
    let copied = fs::copy(&from, &to);
    copied.map(drop).map_err(|error| {
        Failure::new(format!("{} cannot be copied to {}: {error}", from.display(), to.display()))
    })
}

fn remove_site() -> Result<()> {
    let site = workspace::site();
    match fs::remove_dir_all(&site) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::new(format!("{} cannot be removed: {error}", site.display())))
        }
        _ => Ok(()),
    }
}

/// wasm-bindgen writes the type declarations beside the files for the browser. Nothing loads them, so they are not
/// served, compressed or not.
fn remove_type_declarations() -> Result<()> {
    for path in workspace::files_with_extension(&workspace::site().join("pkg"), &["ts", "br", "gz"])? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if ![".ts", ".ts.br", ".ts.gz"].iter().any(|end| name.ends_with(end)) {
            continue;
        }
        fs::remove_file(&path)
            .map_err(|error| Failure::new(format!("{} cannot be removed: {error}", path.display())))?;
    }
    Ok(())
}

/// Runs the program itself instead of `cargo leptos`, because cargo would not pass on a signal.
fn cargo_leptos(tools: &Tools) -> Command {
    tools.program("cargo-leptos")
}

/// cargo-leptos waits for the server at an address from its own setting, so that setting follows ours. An origin that
/// is not set follows the address. Otherwise every request would be refused because of its Host.
fn with_addresses<'a>(settings: &Settings, command: &'a mut Command) -> &'a mut Command {
    command
        .env("LISTEN_ADDR", settings.listen_addr.to_string())
        .env("LEPTOS_SITE_ADDR", settings.listen_addr.to_string())
        .env("PUBLIC_ORIGIN", &settings.public_origin)
}

/// Prints the addresses once the server is up.
fn announce_when_up(settings: &Settings, back_end: BackEnd) {
    let settings = settings.clone();
    thread::spawn(move || {
        while !process::interrupted() {
            if is_live(settings.listen_addr) {
                print!("{}", announcement(&settings, back_end));
                return;
            }
            thread::sleep(PROBE_INTERVAL);
        }
    });
}

fn is_live(address: SocketAddr) -> bool {
    health(address).is_ok_and(|answer| answer.split_whitespace().nth(1) == Some("200"))
}

/// Returns the whole answer, so that the server is not interrupted. The health check needs no more of HTTP than this,
/// and an HTTP client would be the largest dependency here.
fn health(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PROBE_TIMEOUT)?;
    stream.set_read_timeout(Some(PROBE_TIMEOUT))?;
    let request = format!("GET /health/live HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.take(LONGEST_ANSWER_BYTES).read_to_string(&mut answer)?;
    Ok(answer)
}

fn announcement(settings: &Settings, back_end: BackEnd) -> String {
    let application = &settings.public_origin;
    if let BackEnd::Peer(peer) = back_end {
        return format!(
            "\n  Application  {application}\n  Provider     {}\n\n  {}\n  Ctrl-C stops both.\n\n",
            peer.issuer(),
            peer.way_in()
        );
    }
    let provider = &settings.provider;
    match &settings.core_api {
        CoreApi::None => {
            format!("\n  Application  {application}\n  Provider     {provider}\n\n  Ctrl-C stops it.\n\n")
        }
        CoreApi::External { url } => {
            let is_default = provider == DEFAULT_PROVIDER;
            let provider = if is_default { String::new() } else { format!("  Provider     {provider}\n") };
            format!(
                "\n  Application  {application}\n{provider}  Core API     {url}\n\n  Ctrl-C stops it.\n\n"
            )
        }
        CoreApi::Embedded { listen_addr } => format!(
            "\n  Application  {application}\n  Core API     http://{listen_addr}\n\n  \
             Sign in as   user@test.com / password1\n               admin@test.com / password1 (ADMIN)\n\n  \
             Ctrl-C stops both.\n\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    use super::*;

    fn settings(core_api: CoreApi) -> Settings {
        Settings {
            listen_addr: "127.0.0.1:4000".parse().unwrap(),
            public_origin: "http://localhost:4000".to_owned(),
            provider: DEFAULT_PROVIDER.to_owned(),
            core_api,
            reload_port: 4002,
            chromium: None,
            tools: "/tools".into(),
            target: "/target".into(),
        }
    }

    #[test]
    fn the_announcement_shows_both_addresses_and_both_people() {
        let text = announcement(
            &settings(CoreApi::Embedded { listen_addr: "127.0.0.1:4001".parse().unwrap() }),
            BackEnd::CoreApi,
        );
        for part in
            ["http://localhost:4000", "http://127.0.0.1:4001", "user@test.com / password1", "admin@test.com"]
        {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }

    #[test]
    fn an_external_core_api_is_not_said_to_have_our_people() {
        let text = announcement(
            &settings(CoreApi::External { url: "https://api.example.com/v1".to_owned() }),
            BackEnd::CoreApi,
        );
        assert!(text.contains("https://api.example.com/v1"));
        assert!(!text.contains("test.com"));
    }

    #[test]
    fn another_provider_is_named_and_nobody_of_ours_with_it() {
        let with = |core_api| Settings { provider: "better-auth".to_owned(), ..settings(core_api) };
        let alone = announcement(&with(CoreApi::None), BackEnd::CoreApi);
        assert_eq!(
            alone,
            "\n  Application  http://localhost:4000\n  Provider     better-auth\n\n  Ctrl-C stops it.\n\n"
        );
        let url = "https://api.example.com/v1".to_owned();
        let both = announcement(&with(CoreApi::External { url }), BackEnd::CoreApi);
        assert!(
            both.contains("Provider     better-auth\n  Core API     https://api.example.com/v1"),
            "{both}"
        );
    }

    #[test]
    fn children_get_the_address_under_both_names() {
        let settings = settings(CoreApi::External { url: "https://api.example.com/v1".to_owned() });
        let mut command = Command::new("ironleaf");
        let environment: Vec<_> = with_addresses(&settings, &mut command)
            .get_envs()
            .map(|(name, value)| (name.to_str().unwrap(), value.unwrap().to_str().unwrap()))
            .collect();
        assert!(environment.contains(&("LISTEN_ADDR", "127.0.0.1:4000")));
        assert!(environment.contains(&("LEPTOS_SITE_ADDR", "127.0.0.1:4000")));
        assert!(environment.contains(&("PUBLIC_ORIGIN", "http://localhost:4000")));
    }

    #[test]
    fn a_server_is_live_when_it_answers_200_and_not_before() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            for status in ["503 Service Unavailable", "200 OK"] {
                let (mut stream, _) = listener.accept().unwrap();
                let request: Vec<String> = BufReader::new(stream.try_clone().unwrap())
                    .lines()
                    .map_while(|line| line.ok().filter(|line| !line.is_empty()))
                    .collect();
                assert_eq!(request[0], "GET /health/live HTTP/1.1");
                let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        assert!(!is_live(address));
        assert!(is_live(address));
        server.join().unwrap();
        assert!(!is_live(address));
    }
}
