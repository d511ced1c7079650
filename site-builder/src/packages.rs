//! The packages of this workspace, and their dependencies on each other.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// The fields of a package that this program needs.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Clone, Deserialize)]
struct Dependency {
    kind: Option<String>,
    path: Option<PathBuf>,
}

/// The folders of a package and of all its path dependencies, except those for tests.
pub(crate) fn folders_below(name: &str, packages: &[Package]) -> Result<Vec<PathBuf>> {
    let root = packages
        .iter()
        .find(|package| package.name == name)
        .with_context(|| format!("there is no package `{name}` in this workspace"))?;
    let mut folders = Vec::new();
    let mut left = vec![root];
    while let Some(package) = left.pop() {
        let folder = package.manifest_path.parent().unwrap_or(Path::new("")).to_owned();
        if folders.contains(&folder) {
            continue;
        }
        folders.push(folder);
        for dependency in package.dependencies.iter().filter(|it| it.kind.as_deref() != Some("dev")) {
            let path = dependency.path.as_ref().map(|path| path.join("Cargo.toml"));
            left.extend(packages.iter().filter(|package| Some(&package.manifest_path) == path.as_ref()));
        }
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        Package {
            name: name.to_owned(),
            manifest_path: PathBuf::from(format!("/w/{name}/Cargo.toml")),
            dependencies: dependencies
                .iter()
                .map(|(name, kind)| Dependency {
                    kind: kind.map(str::to_owned),
                    path: Some(PathBuf::from(format!("/w/{name}"))),
                })
                .collect(),
        }
    }

    #[test]
    fn a_half_is_made_of_all_that_it_depends_on_by_path_but_for_its_tests() {
        let packages = [
            package("server", &[("app", None), ("sim", Some("dev"))]),
            package("app", &[("types", None)]),
            package("types", &[]),
            package("sim", &[]),
        ];
        let folders = folders_below("server", &packages).unwrap();
        assert_eq!(folders, ["/w/server", "/w/app", "/w/types"].map(PathBuf::from));
    }
}
