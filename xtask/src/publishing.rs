//! Checks that the library crates could be published: they are packed as for a registry, but not sent.

use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::process;

/// The files that each package must contain besides its code.
const IN_EVERY_PACKAGE: [&str; 3] = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];
/// The fields that a registry shows or searches.
const DESCRIBED_BY: [&str; 5] = ["description", "license", "readme", "keywords", "categories"];

/// # Errors
///
/// If a library lacks a field of the registry, or cargo would not publish it.
pub(crate) fn check() -> Result<()> {
    let metadata =
        process::output(process::program("cargo").args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let packages = published(&metadata)?;
    for package in &packages {
        let listed = process::output(process::program("cargo").args([
            "package",
            "--list",
            "--allow-dirty",
            "--package",
            package,
        ]))?;
        if let Some(missing) = missing_file(&listed) {
            return Err(Failure::new(format!("The package {package} would have no {missing}.")));
        }
    }
    let mut publish = process::program("cargo");
    // The earlier steps have compiled them. Another verification would take minutes for each.
    publish.args(["publish", "--dry-run", "--no-verify", "--allow-dirty"]);
    for package in &packages {
        publish.args(["--package", package]);
    }
    process::run(&mut publish)
}

/// The names of the packages that may be published.
fn published(metadata: &str) -> Result<Vec<String>> {
    let metadata: Value = serde_json::from_str(metadata)
        .map_err(|error| Failure::new(format!("`cargo metadata` is not understood: {error}")))?;
    let mut names = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        // An empty list means `publish = false`.
        if !package["publish"].is_null() {
            continue;
        }
        let name = package["name"].as_str().unwrap_or_default();
        if let Some(missing) = DESCRIBED_BY.iter().find(|field| is_empty(&package[field])) {
            return Err(Failure::new(format!("{name} has no `{missing}` in its Cargo.toml.")));
        }
        names.push(name.to_owned());
    }
    if names.is_empty() {
        return Err(Failure::new("No package can be published: the check misreads `cargo metadata`."));
    }
    Ok(names)
}

fn is_empty(field: &Value) -> bool {
    match field {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    }
}

fn missing_file(listed: &str) -> Option<&'static str> {
    IN_EVERY_PACKAGE.into_iter().find(|name| !listed.lines().any(|line| line == *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIBED: &str =
        r#""description": "d", "license": "MIT", "readme": "README.md", "keywords": ["k"]"#;

    #[test]
    fn what_is_kept_from_registries_is_left_out() {
        let metadata = format!(
            r#"{{"packages": [{{"name": "app", "publish": []}},
               {{"name": "library", "publish": null, {DESCRIBED}, "categories": ["c"]}}]}}"#
        );
        assert_eq!(published(&metadata).unwrap(), ["library"]);
    }

    #[test]
    fn a_library_without_a_category_is_named() {
        let metadata = format!(
            r#"{{"packages": [{{"name": "library", "publish": null, {DESCRIBED}, "categories": []}}]}}"#
        );
        let failure = published(&metadata).unwrap_err().to_string();
        assert_eq!(failure, "library has no `categories` in its Cargo.toml.");
    }

    #[test]
    fn a_package_without_its_licence_is_noticed() {
        assert_eq!(missing_file("Cargo.toml\nLICENSE-MIT\nREADME.md\n"), Some("LICENSE-APACHE"));
        assert_eq!(missing_file("LICENSE-APACHE\nLICENSE-MIT\nREADME.md\nsrc/lib.rs\n"), None);
    }
}
