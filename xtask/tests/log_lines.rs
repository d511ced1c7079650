//! The lines of the log that `docs/operations.md` quotes are in the source, word for word.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

/// Logged by a library.
const NOT_OURS: [&str; 1] = ["Error loading CA root certificate"];

/// The quotations in the first column of the table under `## Log`.
fn quoted(handbook: &str) -> Vec<&str> {
    let (_, log) = handbook.split_once("\n## Log\n").unwrap();
    let rows = log.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.flat_map(|row| row.split('|').next().unwrap_or_default().split('`').step_by(2)).collect()
}

/// The source of the server, without its line breaks inside of texts.
fn source(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() && name != "target" && name != "tests" {
            source(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
            found.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_line_that_the_handbook_quotes_is_logged() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut code = String::new();
    for folder in ["app/src", "crates", "server/src"] {
        source(&root.join(folder), &mut code);
    }
    let handbook = fs::read_to_string(root.join("docs/operations.md")).unwrap();
    let quoted = quoted(&handbook);
    assert!(quoted.len() > 60, "only {} quotations were found", quoted.len());
    // A quotation is the beginning of a text.
    let is_logged = |line: &&str| NOT_OURS.contains(line) || code.contains(&format!("\"{line}"));
    let unknown: Vec<_> = quoted.into_iter().filter(|line| !is_logged(line)).collect();
    assert!(unknown.is_empty(), "docs/operations.md quotes lines that nothing logs: {unknown:#?}");
}

#[test]
fn quotations_are_read_from_the_first_column() {
    let handbook = "| `before` | x |\n## Log\n\n| line | level |\n|---|---|\n| `one`, `two` | info | `three` |\n| `four` | warn | |\n";
    assert_eq!(quoted(handbook), ["one", "two", "four"]);
}
