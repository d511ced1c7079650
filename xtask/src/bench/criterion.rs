//! The medians of criterion benchmarks.

use std::fs;

use crate::failure::{Failure, Result};
use crate::process;
use crate::settings::Settings;

/// Runs the benchmarks of a package whose names match.
///
/// # Errors
///
/// If they do not run.
pub(super) fn run(package: &str, bench: &str, matching: &str) -> Result<()> {
    let words = ["bench", "--quiet", "--package", package, "--bench", bench];
    let options = ["--", "--warm-up-time", "1", "--measurement-time", "2", matching];
    process::output(process::program("cargo").args(words).args(options)).map(drop)
}

/// The median of the last run of a benchmark.
///
/// # Errors
///
/// If it has left no estimate.
pub(super) fn median_micros(settings: &Settings, group: &str, function: &str) -> Result<f64> {
    let path = settings.target.join("criterion").join(group).join(function).join("new/estimates.json");
    let estimates = fs::read_to_string(&path)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
    median_of(&estimates).ok_or_else(|| Failure::new(format!("{} has no median.", path.display())))
}

fn median_of(estimates: &str) -> Option<f64> {
    let estimates: serde_json::Value = serde_json::from_str(estimates).ok()?;
    Some(estimates["median"]["point_estimate"].as_f64()? / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_in_nanoseconds() {
        let estimates = r#"{"mean":{"point_estimate":9000.0},"median":{"point_estimate":3100.5}}"#;
        assert_eq!(median_of(estimates), Some(3.1005));
        assert_eq!(median_of("{}"), None);
    }
}
