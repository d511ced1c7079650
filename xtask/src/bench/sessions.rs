//! The cost of the list of a person's thousand sessions, from the criterion benchmark of the records crate.

use super::criterion;
use super::results::{Measurement, Unit};
use crate::failure::Result;
use crate::settings::Settings;

const STORES: [&str; 3] = ["memory", "sqlite", "redis"];

/// A page that takes longer is felt.
const TARGET_MS: f64 = 50.0;

/// # Errors
///
/// If the benchmark does not run, as without a `redis-server`, or leaves no estimate.
pub(super) fn measure(settings: &Settings) -> Result<Vec<Measurement>> {
    println!("the list of a person's sessions");
    criterion::run("ironleaf-records", "sessions", "/list$")?;
    STORES
        .into_iter()
        .map(|store| {
            let millis = criterion::median_micros(settings, store, "list")? / 1_000.0;
            let measured = Measurement::new("the list of 1,000 sessions", store, Unit::Milliseconds, millis);
            Ok(measured.with_target(TARGET_MS))
        })
        .collect()
}
