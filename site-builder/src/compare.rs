//! Compares what two sites serve: the addresses, rules, exports and imports, and the public files.
//!
//! A script may be minified and a module optimised, so those two are compared by their exports and imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wasmparser::{Parser, Payload};

use crate::layout::Layout;
use crate::{javascript, site, style};

/// The file names of a site without hashes, and the content of each. Compressed files are left out, because they are
/// only copies.
type Files = BTreeMap<String, Vec<u8>>;

/// Compares a site whose names may contain `hashes` (the text of `hash.txt`) with one without hashes.
///
/// # Errors
///
/// Lists every difference.
pub(crate) fn sites(layout: &Layout, with_hashes: &Path, hashes: &str, plain: &Path) -> Result<()> {
    let (theirs, ours) = (files(with_hashes, hashes)?, files(plain, "")?);
    let mut differences = Vec::new();
    expect_same("addresses", &keys(&theirs), &keys(&ours), &mut differences);
    for (name, content) in &theirs {
        if let Some(other) = ours.get(name) {
            compare_file(layout, name, (content, other), &mut differences)
                .with_context(|| format!("{name} cannot be compared"))?;
        }
    }
    for (who, files) in [("cargo-leptos", &theirs), ("the builder", &ours)] {
        differences.extend(unanswered_imports(who, files)?);
    }
    if !differences.is_empty() {
        bail!("cargo-leptos and the builder make different sites:\n  {}", differences.join("\n  "));
    }
    Ok(())
}

fn files(folder: &Path, hashes: &str) -> Result<Files> {
    let mut files = Files::new();
    for path in site::files_in(folder)? {
        let mut name = path.strip_prefix(folder)?.to_string_lossy().replace('\\', "/");
        if [".br", ".gz"].iter().any(|end| name.ends_with(end)) {
            continue;
        }
        for hash in hashes.lines().filter_map(|line| line.split_once(": ")).map(|(_, hash)| hash) {
            name = name.replace(&format!(".{}.", hash.trim()), ".");
        }
        files.insert(name, fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?);
    }
    Ok(files)
}

fn keys(files: &Files) -> BTreeSet<String> {
    files.keys().cloned().collect()
}

fn compare_file(
    layout: &Layout,
    name: &str,
    (theirs, ours): (&[u8], &[u8]),
    differences: &mut Vec<String>,
) -> Result<()> {
    let in_package = Path::new(name).starts_with(&layout.package_folder);
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("css") if in_package => {
            let rules = |css: &[u8]| style::rules(&String::from_utf8_lossy(css), &layout.browsers);
            expect_same(&format!("rules of {name}"), &rules(theirs)?, &rules(ours)?, differences);
        }
        Some("js") if in_package => {
            let exports = |script: &[u8]| javascript::exports(&String::from_utf8_lossy(script));
            expect_same(&format!("exports of {name}"), &exports(theirs), &exports(ours), differences);
        }
        Some("wasm") if in_package => {
            let (theirs, ours) = (Module::read(theirs)?, Module::read(ours)?);
            expect_same(&format!("exports of {name}"), &theirs.exports, &ours.exports, differences);
            expect_same(&format!("imports of {name}"), &theirs.imports, &ours.imports, differences);
        }
        _ if theirs != ours => differences.push(format!("{name} has another content")),
        _ => {}
    }
    Ok(())
}

fn expect_same<T: Ord + Debug>(
    what: &str,
    theirs: &BTreeSet<T>,
    ours: &BTreeSet<T>,
    differences: &mut Vec<String>,
) {
    for (who, one) in [
        ("cargo-leptos alone has", theirs.difference(ours).collect::<Vec<_>>()),
        ("the builder alone has", ours.difference(theirs).collect()),
    ] {
        if !one.is_empty() {
            differences.push(format!("{what}: {who} {one:?}"));
        }
    }
}

/// Imports of the module that the script beside it does not provide. A browser would refuse to start such a module.
fn unanswered_imports(who: &str, files: &Files) -> Result<Vec<String>> {
    let mut unanswered = Vec::new();
    for (name, content) in files {
        let Some(stem) = name.strip_suffix(".wasm") else { continue };
        let script = files.get(&format!("{stem}.js")).map(|script| String::from_utf8_lossy(script));
        let script = script.with_context(|| format!("{name} has no script beside it"))?;
        let missing: Vec<_> = Module::read(content)?
            .imports
            .into_iter()
            .filter(|import| !javascript::names(&script, import))
            .collect();
        if !missing.is_empty() {
            unanswered.push(format!("{who}: the script beside {name} does not provide {missing:?}"));
        }
    }
    Ok(unanswered)
}

/// The exports and imports of a compiled module.
#[derive(Debug, PartialEq, Eq)]
struct Module {
    exports: BTreeSet<String>,
    imports: BTreeSet<String>,
}

impl Module {
    fn read(bytes: &[u8]) -> Result<Self> {
        let mut module = Self { exports: BTreeSet::new(), imports: BTreeSet::new() };
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::ExportSection(section) => {
                    for export in section {
                        module.exports.insert(export?.name.to_owned());
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        module.imports.insert(import?.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(module)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module that imports `m.__wbg_f` and exports it as `hydrate`.
    const MODULE: &[u8] =
        b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x0d\x01\x01m\x07__wbg_f\0\0\x07\x0b\x01\x07hydrate\0\0";

    fn site(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("pkg")).unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    fn compare(theirs: &[(&str, &[u8])], ours: &[(&str, &[u8])]) -> Result<()> {
        let hashes = "css: abc\n";
        sites(&Layout::read().unwrap(), site(theirs).path(), hashes, site(ours).path())
    }

    const SCRIPT: &[u8] = b"imports.m.__wbg_f = f; export function hydrate() {} export default init;";

    #[test]
    fn forms_that_mean_the_same_are_the_same() {
        compare(
            &[
                ("robots.txt", b"robots"),
                ("robots.txt.br", b"compressed"),
                ("pkg/a.abc.css", b"a{color:red}"),
                ("pkg/a.wasm", MODULE),
                ("pkg/a.js", b"x.m.__wbg_f=y;function z(){}export{z as hydrate,i as default};"),
            ],
            &[
                ("robots.txt", b"robots"),
                ("pkg/a.css", b"a {\n  color: #f00;\n}\n"),
                ("pkg/a.wasm", MODULE),
                ("pkg/a.js", SCRIPT),
            ],
        )
        .unwrap();
    }

    #[test]
    fn every_difference_is_named() {
        let renamed = MODULE.to_vec();
        let renamed = String::from_utf8_lossy(&renamed).replace("hydrate", "dehydra").into_bytes();
        let refused = compare(
            &[
                ("only-theirs.txt", b""),
                ("robots.txt", b"a"),
                ("pkg/a.abc.css", b"a{color:red}"),
                ("pkg/a.wasm", MODULE),
                ("pkg/a.js", b"x.m.__wbg_f=y;export{z as hydrate}"),
            ],
            &[
                ("robots.txt", b"b"),
                ("pkg/a.css", b"a{color:blue}"),
                ("pkg/a.wasm", &renamed),
                ("pkg/a.js", b"imports.m.__wbg_f_2 = f; export function wake() {}"),
            ],
        )
        .unwrap_err()
        .to_string();
        for part in [
            "addresses: cargo-leptos alone has [\"only-theirs.txt\"]",
            "robots.txt has another content",
            "rules of pkg/a.css",
            "exports of pkg/a.js: cargo-leptos alone has [\"hydrate\"]",
            "exports of pkg/a.wasm: the builder alone has [\"dehydra\"]",
            "the builder: the script beside pkg/a.wasm does not provide [\"__wbg_f\"]",
        ] {
            assert!(refused.contains(part), "{part} is not in {refused}");
        }
    }
}
