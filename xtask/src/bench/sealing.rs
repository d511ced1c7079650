//! The cost of sealing and unsealing a session, from the criterion benchmark of the session crate.

use std::fs;

use super::results::{Measurement, Unit};
use crate::failure::{Failure, Result};
use crate::process;
use crate::settings::Settings;

/// The approximate size of a session with a JWT.
const BYTES: &str = "1024";

/// # Errors
///
/// If the benchmark does not run, or leaves no estimate.
pub(super) fn measure(settings: &Settings) -> Result<Vec<Measurement>> {
    println!("sealing and unsealing");
    process::output(process::program("cargo").args([
        "bench",
        "--quiet",
        "--package",
        "ironleaf-session",
        "--bench",
        "session",
        "--",
        "--warm-up-time",
        "1",
        "--measurement-time",
        "2",
        &format!("^(un)?seal/{BYTES}$"),
    ]))?;
    ["seal", "unseal"]
        .into_iter()
        .map(|operation| {
            let path =
                settings.target.join("criterion").join(operation).join(BYTES).join("new/estimates.json");
            let estimates = fs::read_to_string(&path)
                .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
            let micros = median_micros(&estimates)
                .ok_or_else(|| Failure::new(format!("{} has no median.", path.display())))?;
            Ok(Measurement::new("a session of 1 KB", operation, Unit::Microseconds, micros))
        })
        .collect()
}

fn median_micros(estimates: &str) -> Option<f64> {
    let estimates: serde_json::Value = serde_json::from_str(estimates).ok()?;
    Some(estimates["median"]["point_estimate"].as_f64()? / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_in_nanoseconds() {
        let estimates = r#"{"mean":{"point_estimate":9000.0},"median":{"point_estimate":3100.5}}"#;
        assert_eq!(median_micros(estimates), Some(3.1005));
        assert_eq!(median_micros("{}"), None);
    }
}
