//! No two files of a crate need each other: what both need is in a third file below them.
//!
//! Every target of the workspace is parsed. A file needs another one if it uses an item that is defined there, even
//! through a re-export; a re-export itself does not count as a need. Test code inside a file does not count, because it
//! may use what is above. Methods are not resolved: a method that is called from below its own file is only found where
//! its type is named.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "circles/graph.rs"]
mod graph;
#[path = "circles/imports.rs"]
mod imports;
#[path = "circles/mentions.rs"]
mod mentions;
#[path = "circles/modules.rs"]
mod modules;
#[path = "circles/resolve.rs"]
mod resolve;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use modules::Crate;

/// The name of each target of the workspace and its first file.
fn targets() -> Vec<(String, PathBuf)> {
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&asked.stdout).unwrap();
    let mut targets = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let package_name = package["name"].as_str().unwrap();
        for target in package["targets"].as_array().unwrap() {
            let name = format!("{package_name} {} {}", target["kind"][0].as_str().unwrap(), target["name"]);
            targets.push((name, PathBuf::from(target["src_path"].as_str().unwrap())));
        }
    }
    targets
}

fn circles(first_file: &Path) -> Vec<String> {
    let parsed = Crate::read(first_file).unwrap_or_else(|problem| panic!("{problem}"));
    let needs = resolve::needs(&parsed);
    let above = first_file.parent().unwrap();
    let name = |file: usize| {
        let file = &parsed.files[file];
        file.strip_prefix(above).unwrap_or(file).display().to_string()
    };
    let edges: Vec<_> = needs.keys().copied().collect();
    graph::circles(parsed.files.len(), &edges)
        .into_iter()
        .map(|circle| {
            let inside = needs.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
            let lines = inside.map(|((from, to), what)| {
                let what: Vec<_> = what.iter().map(String::as_str).collect();
                format!("\n    {} needs {} for {}", name(*from), name(*to), what.join(", "))
            });
            let names: Vec<String> = circle.iter().map(|file| name(*file)).collect();
            names.join(", ") + &lines.collect::<String>()
        })
        .collect()
}

#[test]
fn no_crate_has_a_circle_of_files() {
    let mut found = 0;
    for (target, first_file) in targets() {
        let circles = circles(&first_file);
        found += circles.len();
        for circle in &circles {
            println!("{target}: {circle}");
        }
    }
    assert_eq!(found, 0, "circles of files");
}

/// The circles of a crate with these files.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    circles(&folder.path().join("lib.rs"))
}

#[test]
fn two_files_that_name_each_other_are_a_circle() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "fn b() -> Vec<super::a::A> { vec![] } pub struct B;"),
    ]);
    assert_eq!(found, ["a.rs, b.rs\n    a.rs needs b.rs for B\n    b.rs needs a.rs for A"]);
}

#[test]
fn a_parent_and_its_child_that_need_each_other_are_a_circle() {
    let child = ("a.rs", "use super::Shared; pub(crate) fn run(_: &Shared) {}");
    let own_item = "mod a; pub struct Shared; impl Shared { fn go(&self) { a::run(self) } }";
    assert_eq!(circles_of(&[("lib.rs", own_item), child]).len(), 1);
    let re_exports = "mod a; mod shared; pub use a::run; pub use shared::Shared;";
    assert_eq!(circles_of(&[("lib.rs", re_exports), child, ("shared.rs", "pub struct Shared;")]), [""; 0]);
}

#[test]
fn a_re_export_hides_no_circle() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod b; pub use a::A; pub use b::*;"),
        ("a.rs", "use crate::B; pub struct A(B);"),
        ("b.rs", "use crate as all; pub struct B(Box<all::A>);"),
    ]);
    assert_eq!(found.len(), 1);
}

#[test]
fn what_a_macro_is_given_counts() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub fn a() { println!(\"{}\", crate::b::b()) }"),
        ("b.rs", "pub fn b() -> u8 { crate::a::a(); 1 }"),
    ]);
    assert_eq!(found.len(), 1);
}

#[test]
fn tests_may_use_what_is_above_them() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::b::B; fn t(_: B) {} }"),
        ("b.rs", "pub struct B(crate::a::A);"),
    ]);
    assert_eq!(found, [""; 0]);
}

#[test]
fn modules_within_a_file_are_of_that_file() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod out { pub mod deep; pub struct Out(deep::Deep); }"),
        ("a.rs", "mod x { use super::y::Y; pub struct X(Y); } mod y { pub struct Y(super::x::X); }"),
        ("out/deep.rs", "pub struct Deep(Box<super::Out>);"),
    ]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("lib.rs, out/deep.rs\n"), "{found:?}");
}
