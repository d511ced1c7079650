//! `cargo xtask bench --proxy`: the API proxy beside the programs that people would take instead, in one run on one
//! machine: Debian's Apache with mod_auth_openidc, which does the same, and nginx, which only forwards.

mod apache;
mod browser;
mod comparison;
mod installed;
mod ironleaf;
mod nginx;
mod provider;
mod storm;

use std::fs;
use std::path::{Path, PathBuf};

use self::apache::Sessions;
use self::comparison::{APACHE, Comparison, IRONLEAF, NGINX, SIDES, name};
use self::installed::Installed;
use self::provider::{Provider, RefreshTokens};
use self::storm::Storm;
use super::load::{self, CONNECTIONS, Route};
use super::machine::{self, Circumstances};
use super::program::{Program, free_address};
use super::results::{Measurement, Results, number};
use crate::application;
use crate::failure::{Failure, Result};
use crate::settings::Settings;

/// The answers of the API: their names, and their lengths in bytes.
const ANSWERS: [(&str, usize); 2] = [("1k", 1_024), ("100k", 102_400)];
/// Of nginx and of Apache. Ironleaf has as many threads as there are cores.
const PROCESSES: usize = 2;
/// As many as there are connections under the largest load.
const CONNECTIONS_TO_THE_API: u32 = CONNECTIONS[2];
/// Longer than the whole run, so that no refresh disturbs it.
const TOKEN_SECS: u64 = 3_600;
const BARE: &str = "no proxy";

/// What each part of a run needs.
struct Place<'a> {
    installed: &'a Installed,
    binary: &'a Path,
    folder: PathBuf,
}

impl Place<'_> {
    /// A new folder. What is in one of an earlier run is removed.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)
            .map_err(|error| Failure::new(format!("{} cannot be made: {error}", folder.display())))?;
        Ok(folder)
    }
}

/// Measures, prints, and writes `target/bench/proxy.json`.
///
/// # Errors
///
/// If something is not installed, does not run or does not answer.
pub(super) fn run(settings: &Settings, rounds: u32, seconds: u32, build: bool) -> Result<()> {
    let installed = Installed::find()?;
    let load_before = machine::load_now();
    if build {
        application::build_to_check(settings)?;
    }
    let binary = settings.server_binary();
    let folder = settings.target.join("bench/proxy");
    let place = Place { installed: &installed, binary: &binary, folder };
    let circumstances = Circumstances::now(load_before, rounds, seconds, build)?;
    let mut results = Results { circumstances, measurements: speed(&place, rounds, seconds)? };
    results.circumstances.load_is_over();
    let comparison = Comparison::of(&results)
        .ok_or_else(|| Failure::new("This system does not show the processor time of programs."))?;
    results.measurements.extend(comparison.measurements());
    let storms = storm::measure(&place)?;
    print!("{}{}{comparison}", results.circumstances, bare_rates(&results));
    println!("\nStorms:\n");
    storms.iter().for_each(|storm: &Storm| println!("{storm}"));
    let path = settings.target.join("bench/proxy.json");
    results.write(&path)?;
    println!("\nThe same as JSON, without the storms: {}", path.display());
    Ok(())
}

fn speed(place: &Place<'_>, rounds: u32, seconds: u32) -> Result<Vec<Measurement>> {
    let [ironleaf_address, apache_address] = [free_address()?, free_address()?];
    let back = [ironleaf::redirect_uri(ironleaf_address), apache::redirect_uri(apache_address)];
    let provider = Provider::start(&back, TOKEN_SECS, RefreshTokens::Once)?;
    let api = nginx::api(place.installed, &place.folder("api")?, None)?;
    let ironleaf = ironleaf::start(
        place.binary,
        &place.folder("ironleaf")?,
        ironleaf_address,
        ironleaf_address,
        &provider,
        api.address,
    )?;
    let apache = apache::start(
        place.installed,
        &place.folder("apache")?,
        apache_address,
        &provider,
        api.address,
        Sessions::ClientCookie,
    )?;
    let nginx = nginx::proxy(place.installed, &place.folder("nginx")?, api.address)?;
    let cookies = [
        provider::sign_in_at_ironleaf(ironleaf_address)?.cookies(ironleaf_address),
        provider::sign_in_at(apache_address, "/api/1k")?.cookies(apache_address),
        String::new(),
    ];
    let headers = cookies.each_ref().map(|cookies| [("Cookie", cookies.as_str())]);
    let programs: [&Program; 3] = [&ironleaf, &apache, &nginx];
    debug_assert_eq!(SIDES, [IRONLEAF, APACHE, NGINX]);
    let names = |side| ANSWERS.map(|(answer, _)| (name(side, answer), answer));
    let sides: Vec<_> = SIDES.into_iter().map(names).collect();
    let bare = names(BARE);
    let mut routes = Vec::new();
    // One answer at all of them, and then the next: what disturbs the machine for seconds disturbs all.
    for position in 0..ANSWERS.len() {
        for (side, program) in programs.into_iter().enumerate() {
            let (name, answer) = &sides[side][position];
            let sent: &[_] = if cookies[side].is_empty() { &[] } else { &headers[side] };
            routes.push((name.as_str(), program, format!("/api/{answer}"), sent));
        }
        let (name, answer) = &bare[position];
        routes.push((name.as_str(), &api, format!("/{answer}"), &[]));
    }
    let routes: Vec<_> = routes
        .iter()
        .map(|(name, program, path, headers)| Route {
            name,
            program,
            path,
            headers,
            targets: None,
            p99_target_ms: None,
        })
        .collect();
    load::measure(&routes, &place.installed.wrk, rounds, seconds)
}

/// How fast the API is by itself.
fn bare_rates(results: &Results) -> String {
    let mut text = String::from("\n  The API without a proxy, requests/s at 1 / 16 / 64 at once:");
    for (answer, _) in ANSWERS {
        let rates = CONNECTIONS.map(|connections| {
            let subject = load::subject(&name(BARE, answer), connections);
            results.value(&subject, "rate").map_or_else(|| "?".to_owned(), number)
        });
        text += &format!(" {answer} {}.", rates.join(" / "));
    }
    text + "\n"
}

/// Writes a configuration, and returns its path.
fn written(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, text)
        .map_err(|error| Failure::new(format!("{} cannot be written: {error}", path.display())))?;
    Ok(path)
}
