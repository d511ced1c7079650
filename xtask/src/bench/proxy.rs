//! `cargo xtask bench --proxy`: the API proxy beside the programs that people would take instead, in one run on one
//! machine: Debian's Apache with `mod_auth_openidc`, which does the same, and nginx, which only forwards.

mod apache;
mod browser;
mod comparison;
mod installed;
mod ironleaf;
mod nginx;
mod place;
mod provider;
mod storm;

use self::apache::Sessions;
use self::comparison::{Comparison, NGINX, SIDES, name};
use self::installed::Installed;
use self::place::{ANSWERS, Place};
use self::provider::{Provider, RefreshTokens};
use super::load::{self, CONNECTIONS, Route};
use super::machine::{self, Circumstances};
use super::program::{Program, free_address};
use super::results::{Measurement, Results, number};
use crate::application;
use crate::failure::{Failure, Result};
use crate::settings::Settings;

/// Longer than the whole run, so that no refresh disturbs it.
const TOKEN_SECS: u64 = 3_600;
const BARE: &str = "no proxy";

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
    for storm in &storms {
        println!("{storm}");
    }
    let path = settings.target.join("bench/proxy.json");
    results.write(&path)?;
    println!("\nThe same as JSON, without the storms: {}", path.display());
    Ok(())
}

/// Everything under load, with somebody signed in.
struct Proxies {
    api: Program,
    /// In the order of [`SIDES`], with the cookies of the person.
    sides: [(Program, String); 3],
    _provider: Provider,
}

impl Proxies {
    fn start(place: &Place<'_>) -> Result<Self> {
        let [ironleaf, apache] = [free_address()?, free_address()?];
        let back = [ironleaf::redirect_uri(ironleaf), apache::redirect_uri(apache)];
        let provider = Provider::start(&back, TOKEN_SECS, RefreshTokens::Once)?;
        let api = nginx::api(place.installed, &place.folder("api")?, None)?;
        let (folder, to) = (place.folder("ironleaf")?, api.address);
        let ours = ironleaf::start(place.binary, &folder, ironleaf, ironleaf, &provider, to)?;
        let (folder, sessions) = (place.folder("apache")?, Sessions::ClientCookie);
        let theirs = apache::start(place.installed, &folder, apache, &provider, to, sessions)?;
        let nginx = nginx::proxy(place.installed, &place.folder("nginx")?, to)?;
        let signed_in = provider::sign_in_at_ironleaf(ironleaf)?.cookies(ironleaf);
        let signed_in_there = provider::sign_in_at(apache, "/api/1k")?.cookies(apache);
        let sides = [(ours, signed_in), (theirs, signed_in_there), (nginx, String::new())];
        Ok(Self { api, sides, _provider: provider })
    }
}

fn speed(place: &Place<'_>, rounds: u32, seconds: u32) -> Result<Vec<Measurement>> {
    let proxies = Proxies::start(place)?;
    let cookies = proxies.sides.each_ref().map(|(_, cookies)| [("Cookie", cookies.as_str())]);
    let mut measured = Vec::new();
    // One answer at all of them, and then the next: what disturbs the machine for seconds disturbs all.
    for (answer, _) in ANSWERS {
        for (side, (program, _)) in proxies.sides.iter().enumerate() {
            let headers: &[_] = if SIDES[side] == NGINX { &[] } else { &cookies[side] };
            measured.push((name(SIDES[side], answer), program, format!("/api/{answer}"), headers));
        }
        measured.push((name(BARE, answer), &proxies.api, format!("/{answer}"), &[]));
    }
    let routes = measured.iter().map(|(name, program, path, headers)| Route {
        name,
        program,
        path,
        headers,
        targets: None,
        p99_target_ms: None,
    });
    load::measure(&routes.collect::<Vec<_>>(), &place.installed.wrk, rounds, seconds)
}

/// How fast the API is by itself.
fn bare_rates(results: &Results) -> String {
    let of_answer = |(answer, _)| {
        let rates = CONNECTIONS.map(|connections| {
            let subject = load::subject(&name(BARE, answer), connections);
            results.value(&subject, "rate").map_or_else(|| "?".to_owned(), number)
        });
        format!("{answer}: {}", rates.join(" / "))
    };
    let rates = ANSWERS.map(of_answer).join(", ");
    format!("\n  The API without a proxy, requests/s at 1 / 16 / 64 at once: {rates}\n")
}
