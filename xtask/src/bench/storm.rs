//! The load when a browser restores its tabs: many requests at once, all with the same expired access token.

use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use super::http;
use super::program::{Pair, Program};
use super::results::{Measurement, Unit};
use crate::failure::{Failure, Result};

const REQUESTS: u32 = 200;

/// Longer than the storm, so that nothing expires within it, and short enough to wait for.
const TOKEN_LIFE: Duration = Duration::from_secs(5);

/// # Errors
///
/// If a process does not start, or the core API does not report its counts.
pub(super) fn measure(binary: &Path, folder: &Path) -> Result<Vec<Measurement>> {
    println!("a storm of {REQUESTS} requests on one expired session");
    let pair = Pair::start(binary, folder, &format!("{}s", TOKEN_LIFE.as_secs()))?;
    let cookie = pair.sign_in()?;
    thread::sleep(TOKEN_LIFE);
    let before = refreshes(&pair.core_api)?;
    let lost = storm(&pair.application, &cookie)?;
    let refreshes = refreshes(&pair.core_api)? - before;
    let subject = format!("storm of {REQUESTS} on one expired session");
    Ok(vec![
        Measurement::new(&subject, "refreshes", Unit::Count, refreshes).with_target(1.0),
        Measurement::new(&subject, "answers other than 200", Unit::Count, f64::from(lost)).with_target(0.0),
    ])
}

/// How many requests were not answered with the page. Every connection is open before the first request is sent.
fn storm(application: &Program, cookie: &str) -> Result<u32> {
    let address = application.address;
    let request = http::head("GET", address, "/account", &[("Cookie", cookie)]);
    let (request, together) = (Arc::new(request), Arc::new(Barrier::new(REQUESTS as usize)));
    let mut tabs = Vec::new();
    for _ in 0..REQUESTS {
        let connection = http::connect(address)
            .map_err(|error| Failure::new(format!("The application takes no connection: {error}")))?;
        let (request, together) = (Arc::clone(&request), Arc::clone(&together));
        tabs.push(thread::spawn(move || {
            together.wait();
            connection.ask(&request).is_ok_and(|answer| answer.status == 200)
        }));
    }
    let answered = tabs.into_iter().filter_map(|tab| tab.join().ok().filter(|page| *page)).count();
    Ok(REQUESTS - u32::try_from(answered).unwrap_or(REQUESTS))
}

fn refreshes(core_api: &Program) -> Result<f64> {
    let stats: serde_json::Value =
        serde_json::from_str(&core_api.get("/v1/debug/stats", &[])?.text()).unwrap_or_default();
    stats["refreshesAccepted"]
        .as_f64()
        .ok_or_else(|| Failure::new("The core API does not say how many refreshes it has accepted."))
}
