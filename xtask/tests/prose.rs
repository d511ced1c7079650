//! Prose is wrapped: no comment and no line of a document is longer than 140 characters. Tables, code and test values
//! do not count.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

const LONGEST: usize = 140;

/// What is not ours, or is made by a tool.
const LEFT_OUT: [&str; 5] = [".git", "target", "node_modules", "test-results", "playwright-report"];

/// What a line of prose begins with, by the kind of file.
const COMMENTS: [(&str, &[&str]); 9] = [
    ("rs", &["//"]),
    ("ts", &["//", "/*", "*"]),
    ("js", &["//", "/*", "*"]),
    ("css", &["/*", "*"]),
    ("c", &["//", "/*", "*"]),
    ("toml", &["#"]),
    ("yml", &["#"]),
    ("sh", &["#"]),
    ("Containerfile", &["#"]),
];

/// Whether this line of the file is prose.
fn is_prose(file: &str, line: &str) -> bool {
    let line = line.trim_start();
    let kind = file.rsplit(['.', '/']).next().unwrap_or_default();
    if kind == "md" {
        // A value without a space cannot be wrapped.
        return !line.starts_with('|') && line.contains(' ');
    }
    let comments = COMMENTS.iter().find(|(known, _)| *known == kind);
    comments.is_some_and(|(_, begins)| begins.iter().any(|begin| line.starts_with(begin)))
}

fn files_in(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if LEFT_OUT.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.is_dir() { files_in(&path, found) } else { found.push(path) }
    }
}

#[test]
fn no_line_of_prose_is_longer_than_140_characters() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    files_in(root, &mut files);
    let mut prose = 0;
    let mut too_long = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap().display().to_string();
        // Pictures and test data need not be text.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for (number, line) in text.lines().enumerate().filter(|(_, line)| is_prose(&name, line)) {
            prose += 1;
            if line.chars().count() > LONGEST {
                too_long.push(format!("{name}:{}: {}", number + 1, line.chars().count()));
            }
        }
    }
    assert!(prose > 5_000, "only {prose} lines of prose were found");
    assert!(too_long.is_empty(), "wrap these lines at {LONGEST} characters:\n{}", too_long.join("\n"));
}

#[test]
fn comments_and_documents_are_prose_and_code_is_not() {
    for (file, line) in [
        ("a/b.rs", "    /// Words."),
        ("a.ts", "  // words"),
        ("Cargo.toml", "# words"),
        ("docs/a.md", "Words of a paragraph"),
        ("deploy/Containerfile", "# words"),
    ] {
        assert!(is_prose(file, line), "{file}: {line}");
    }
    for (file, line) in [
        ("a.rs", r#"let text = "words";"#),
        ("Cargo.toml", "tokio = \"1\""),
        ("docs/a.md", "| a | row |"),
        ("docs/a.md", "    v1.AAAA"),
        ("a.json", "// words"),
    ] {
        assert!(!is_prose(file, line), "{file}: {line}");
    }
}
