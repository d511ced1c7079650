//! The cost of sealing and unsealing a session, from the criterion benchmark of the session crate.

use super::criterion;
use super::results::{Measurement, Unit};
use crate::failure::Result;
use crate::settings::Settings;

/// The approximate size of a session with a JWT.
const BYTES: &str = "1024";

/// # Errors
///
/// If the benchmark does not run, or leaves no estimate.
pub(super) fn measure(settings: &Settings) -> Result<Vec<Measurement>> {
    println!("sealing and unsealing");
    criterion::run("ironleaf-session", "session", &format!("^(un)?seal/{BYTES}$"))?;
    ["seal", "unseal"]
        .into_iter()
        .map(|operation| {
            let micros = criterion::median_micros(settings, operation, BYTES)?;
            Ok(Measurement::new("a session of 1 KB", operation, Unit::Microseconds, micros))
        })
        .collect()
}
