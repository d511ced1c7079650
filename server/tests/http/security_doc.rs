//! Checks `docs/security.md` against the tests that it names.

use std::path::Path;

/// The number of statements in the document's list.
const STATEMENTS: usize = 28;

/// All `file::test` in backticks of a line.
fn references(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|quoted| quoted.split_once("::"))
        .filter(|(file, _)| file.contains('/'))
}

fn is_test(file: &str, source: &str, name: &str) -> bool {
    if Path::new(file).extension().is_some_and(|extension| extension == "ts") {
        return source.contains(&format!("test('{name}'"));
    }
    let lines: Vec<&str> = source.lines().collect();
    let is_function = |line: &str| line.contains(&format!("fn {name}("));
    let at = lines.iter().position(|line| is_function(line));
    at.is_some_and(|at| {
        lines[at.saturating_sub(3)..at].iter().any(|line| line.contains("test]") || line.contains("test("))
    })
}

#[test]
fn every_statement_has_a_test_and_every_test_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let document = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let mut next = 1;
    for line in document.lines().filter(|line| line.starts_with("| ")) {
        let number = line.trim_start_matches("| ").split(' ').next().unwrap().parse::<usize>();
        let found: Vec<_> = references(line).collect();
        if number == Ok(next) {
            assert!(!found.is_empty(), "statement {next} has no test");
            next += 1;
        }
        for (file, name) in found {
            let source = std::fs::read_to_string(root.join(file));
            let source = source.unwrap_or_else(|error| panic!("{file} of statement {number:?}: {error}"));
            assert!(is_test(file, &source, name), "{file} has no test `{name}`");
        }
    }
    assert_eq!(next, STATEMENTS + 1, "a statement is missing, or they are out of order");
}

/// The manifests of this workspace's crates.
fn manifests(root: &Path) -> Vec<std::path::PathBuf> {
    let folders = [root.to_owned(), root.join("crates")];
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    entries
        .map(|entry| entry.unwrap().path().join("Cargo.toml"))
        .filter(|manifest| manifest.is_file())
        .collect()
}

#[test]
fn no_crate_may_use_unsafe_code_or_openssl() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    assert!(read(&root.join("Cargo.toml")).contains("\nunsafe_code = \"forbid\"\n"));
    let manifests = manifests(root);
    assert!(manifests.len() > 10, "{manifests:?}");
    for manifest in manifests {
        assert!(read(&manifest).contains("[lints]\nworkspace = true\n"), "{}", manifest.display());
    }
    let lock = read(&root.join("Cargo.lock"));
    for banned in ["openssl", "openssl-sys", "native-tls"] {
        assert!(!lock.contains(&format!("name = \"{banned}\"\n")), "{banned}");
        assert!(read(&root.join("deny.toml")).contains(&format!("{{ crate = \"{banned}\" }}")), "{banned}");
    }
}
