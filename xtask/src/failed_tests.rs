//! The names of failed tests for the summary, because the output of the tests is thousands of lines above it.

use std::fmt::Write;
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::process;

/// More names than this say no more than their number.
const MOST_NAMES: usize = 30;

/// Runs `cargo test`. A failure names the failed tests.
///
/// # Errors
///
/// As [`process::run`].
pub(crate) fn run_cargo_test(command: &mut Command) -> Result<()> {
    let mut failed = Vec::new();
    let ran = process::run_and_watch(command, |line| failed.extend(failed_test(line).map(str::to_owned)));
    ran.map_err(|failure| with_names(failure, &failed))
}

/// The same failure with the names of the failed tests.
pub(crate) fn with_names(failure: Failure, names: &[String]) -> Failure {
    let Failure::Explained(mut reason) = failure else { return failure };
    for name in names.iter().take(MOST_NAMES) {
        reason.push('\n');
        reason.push_str(name);
    }
    let more = names.len().saturating_sub(MOST_NAMES);
    if more > 0 {
        let _ = write!(reason, "\nand {more} more");
    }
    Failure::Explained(reason)
}

/// The name in a line of the test harness such as `test module::name ... FAILED`, or with `--quiet`
/// `module::name --- FAILED`.
fn failed_test(line: &str) -> Option<&str> {
    let loud = || line.strip_prefix("test ")?.strip_suffix(" ... FAILED");
    loud().or_else(|| line.strip_suffix(" --- FAILED"))
}

/// The tests in the output of `playwright test --list`. Each has a line such as
/// `  [chromium] › home.spec.ts:7:1 › the page has a name`.
pub(crate) fn listed_by_playwright(list: &str) -> Vec<String> {
    list.lines()
        .map(str::trim)
        .filter(|line| line.starts_with('[') && line.contains(" › "))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(failure: &Failure) -> String {
        failure.to_string()
    }

    #[test]
    fn a_failed_test_is_named() {
        assert_eq!(failed_test("test edge::tests::a_host ... FAILED"), Some("edge::tests::a_host"));
        assert_eq!(failed_test("edge::tests::a_host --- FAILED"), Some("edge::tests::a_host"));
        let others = [
            "test edge::tests::a_host ... ok",
            "test result: FAILED. 1 passed; 1 failed",
            "test a::b",
            "FAILED",
        ];
        assert!(others.into_iter().all(|line| failed_test(line).is_none()));
    }

    #[test]
    fn a_failed_browser_test_is_named_with_its_browser_and_place() {
        let list = "Listing tests:\n  [chromium] › home.spec.ts:7:1 › the page has a name\n  \
                    [chromium-no-js] › a/b.spec.ts:9:3 › a group › sends [once]\nTotal: 2 tests in 2 files\n";
        let expected = [
            "[chromium] › home.spec.ts:7:1 › the page has a name",
            "[chromium-no-js] › a/b.spec.ts:9:3 › a group › sends [once]",
        ];
        assert_eq!(listed_by_playwright(list), expected);
        assert!(listed_by_playwright("Listing tests:\nTotal: 0 tests in 0 files\n").is_empty());
    }

    #[test]
    fn a_failure_has_one_name_in_each_line() {
        let names = ["one", "two"].map(str::to_owned);
        let failure = with_names(Failure::new("`npx` ended with 1."), &names);
        assert_eq!(explained(&failure), "`npx` ended with 1.\none\ntwo");
        let failure = with_names(Failure::new("`npx` ended with 1."), &[]);
        assert_eq!(explained(&failure), "`npx` ended with 1.");
        assert!(matches!(with_names(Failure::Interrupted, &names), Failure::Interrupted));
    }

    #[test]
    fn many_names_are_counted() {
        let names: Vec<_> = (0..MOST_NAMES + 5).map(|number| number.to_string()).collect();
        let text = explained(&with_names(Failure::new("x"), &names));
        assert!(text.ends_with("\n29\nand 5 more"), "{text}");
    }
}
