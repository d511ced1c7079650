//! Two hundred requests at once when the access token has expired.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use super::apache::{self, Sessions};
use super::browser::Browser;
use super::comparison::{APACHE, IRONLEAF};
use super::place::Place;
use super::provider::{self, Provider, RefreshTokens};
use super::{ironleaf, nginx};
use crate::bench::http::{self, Answer};
use crate::bench::program::{Program, free_address};
use crate::failure::{Failure, Result};

const REQUESTS: usize = 200;
/// Longer than the storm, and short enough to wait for.
const TOKEN_SECS: u64 = 6;
/// The answer is there for whoever shows a token that lives.
const PATH: &str = "/api/live/1k";

/// What became of one storm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Storm {
    name: String,
    refreshes: u64,
    /// How often each status was answered; 0 stands for no answer.
    answers: BTreeMap<u16, usize>,
    /// The status of one more request, with the cookies that the storm has left.
    afterwards: u16,
}

/// # Errors
///
/// If a program does not start, or a sign-in fails.
pub(super) fn measure(place: &Place<'_>) -> Result<Vec<Storm>> {
    println!("storms of {REQUESTS} requests on an expired token");
    let mut storms = Vec::new();
    for refresh_tokens in [RefreshTokens::Once, RefreshTokens::Often] {
        storms.push(at_ironleaf(place, refresh_tokens)?);
        for sessions in [Sessions::ClientCookie, Sessions::ServerCache] {
            storms.push(at_apache(place, refresh_tokens, sessions)?);
        }
    }
    Ok(storms)
}

fn at_ironleaf(place: &Place<'_>, refresh_tokens: RefreshTokens) -> Result<Storm> {
    let addresses = [free_address()?, free_address()?];
    let provider = Provider::start(&[ironleaf::redirect_uri(addresses[0])], TOKEN_SECS, refresh_tokens)?;
    let api = nginx::api(place.installed, &place.folder("storm-api")?, Some(&provider))?;
    let folder = place.folder("storm-ironleaf")?;
    let replica =
        |address| ironleaf::start(place.binary, &folder, address, addresses[0], &provider, api.address);
    let replicas = [replica(addresses[0])?, replica(addresses[1])?];
    let browser = provider::sign_in_at_ironleaf(addresses[0])?;
    storm(named(&format!("{IRONLEAF}, two replicas"), refresh_tokens), &replicas, browser, &provider)
}

fn at_apache(place: &Place<'_>, refresh_tokens: RefreshTokens, sessions: Sessions) -> Result<Storm> {
    let address = free_address()?;
    let provider = Provider::start(&[apache::redirect_uri(address)], TOKEN_SECS, refresh_tokens)?;
    let api = nginx::api(place.installed, &place.folder("storm-api")?, Some(&provider))?;
    let folder = place.folder("storm-apache")?;
    let apache = apache::start(place.installed, &folder, address, &provider, api.address, sessions)?;
    let browser = provider::sign_in_at(address, PATH)?;
    storm(named(&format!("{APACHE}, {sessions}"), refresh_tokens), &[apache], browser, &provider)
}

fn named(side: &str, refresh_tokens: RefreshTokens) -> String {
    let times = match refresh_tokens {
        RefreshTokens::Once => "once",
        RefreshTokens::Often => "often",
    };
    format!("{side}, refresh tokens for use {times}")
}

fn storm(name: String, servers: &[Program], mut browser: Browser, provider: &Provider) -> Result<Storm> {
    let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.address).collect();
    let origin = addresses[0];
    thread::sleep(Duration::from_secs(TOKEN_SECS));
    let before = provider.refreshes()?;
    let answered = at_once(origin, &addresses, &browser.cookies(origin))?;
    let refreshes = provider.refreshes()? - before;
    for answer in answered.iter().flatten() {
        browser.keep(&origin.to_string(), answer);
    }
    let afterwards = servers[0].get(PATH, &[("Cookie", &browser.cookies(origin))])?.status;
    Ok(Storm { name, refreshes, answers: by_status(&answered), afterwards })
}

/// Every connection is open before the first request is sent. The replicas take turns.
fn at_once(origin: SocketAddr, servers: &[SocketAddr], cookies: &str) -> Result<Vec<Option<Answer>>> {
    let headers = [("Cookie", cookies), ("Sec-Fetch-Site", "same-origin"), ("Accept", "application/json")];
    let (request, together) = (http::head("GET", origin, PATH, &headers), Barrier::new(REQUESTS));
    let shared = Arc::new((request, together));
    let mut tabs = Vec::new();
    for server in servers.iter().cycle().take(REQUESTS) {
        let connection = http::connect(*server)
            .map_err(|error| Failure::new(format!("{server} takes no connection: {error}")))?;
        let shared = Arc::clone(&shared);
        tabs.push(thread::spawn(move || {
            let (request, together) = &*shared;
            together.wait();
            connection.ask(request).ok()
        }));
    }
    Ok(tabs.into_iter().map(|tab| tab.join().ok().flatten()).collect())
}

fn by_status(answers: &[Option<Answer>]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.as_ref().map_or(0, |answer| answer.status)).or_default() += 1;
    }
    counts
}

impl fmt::Display for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, refreshes, answers, afterwards } = self;
        let counts = answers.iter().map(|(status, count)| match status {
            0 => format!("{count} without an answer"),
            _ => format!("{count} × {status}"),
        });
        let counts = counts.collect::<Vec<_>>().join(", ");
        let calls = if *refreshes == 1 { "refresh" } else { "refreshes" };
        write!(f, "{name:<66}{refreshes:>4} {calls:<10} {counts}; the next request: {afterwards}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_their_status_also_those_that_never_came() {
        let answer = |status| Some(Answer { status, headers: Vec::new(), body: Vec::new() });
        let counted = by_status(&[answer(200), None, answer(401), answer(200)]);
        assert_eq!(counted, BTreeMap::from([(0, 1), (200, 2), (401, 1)]));
    }

    #[test]
    fn a_storm_is_told_in_one_line() {
        let answers = BTreeMap::from([(0, 3), (200, 197)]);
        let storm = Storm { name: "x".to_owned(), refreshes: 1, answers, afterwards: 200 };
        let told = storm.to_string();
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(told, "x 1 refresh 3 without an answer, 197 × 200; the next request: 200");
    }
}
