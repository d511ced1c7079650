//! Checks that no server crate is below the front end, even if a feature is enabled by mistake.

use crate::failure::{Failure, Result};
use crate::process;

/// The browser gets only the shared types of our own crates. All others are refused by their prefix, including future
/// ones.
const OUR_PREFIX: &str = "ironleaf-";
const ALLOWED_OF_OURS: &[&str] = &["ironleaf-api-types"];

/// Crates that only a server uses: runtimes, sockets, TLS, databases, password hashes and the cipher of the cookie.
const SERVER_ONLY: &[&str] = &[
    "server",
    "aes-gcm",
    "argon2",
    "aws-lc-rs",
    "axum",
    "axum-core",
    "hkdf",
    "hyper",
    "hyper-util",
    "jsonwebtoken",
    "leptos_axum",
    "libsqlite3-sys",
    "mio",
    "openssl",
    "redis",
    "reqwest",
    "ring",
    "rustls",
    "sqlx",
    "sqlx-core",
    "tokio",
    "tower-http",
    "xaes-256-gcm",
];

/// # Errors
///
/// If the front end's tree for the browser contains a crate of the server.
pub(crate) fn check() -> Result<()> {
    let tree = process::output(process::program("cargo").args([
        "tree",
        "--package",
        "frontend",
        "--target",
        "wasm32-unknown-unknown",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]))?;
    let packages = packages(&tree);
    if !packages.contains(&"leptos") {
        return Err(Failure::new(
            "The front end's tree does not contain Leptos: the check misreads the tree.",
        ));
    }
    let misplaced = server_packages(&packages);
    if misplaced.is_empty() {
        println!("{} packages below the front end, none of them for servers only.", packages.len());
        return Ok(());
    }
    Err(Failure::new(format!(
        "The front end depends on what belongs on the server: {}. `cargo tree -p frontend --target \
         wasm32-unknown-unknown -i NAME` shows the way.",
        misplaced.join(", ")
    )))
}

/// The names in `cargo tree --prefix none`, without duplicates.
fn packages(tree: &str) -> Vec<&str> {
    let mut names: Vec<_> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn server_packages<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    let misplaced = |name: &&str| {
        SERVER_ONLY.contains(name) || (name.starts_with(OUR_PREFIX) && !ALLOWED_OF_OURS.contains(name))
    };
    packages.iter().copied().filter(misplaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAN: &str = "frontend v0.1.0 (/somewhere/frontend)\napp v0.1.0 (/somewhere/app)\n\
        ironleaf-api-types v0.1.0 (/somewhere/crates/api-types)\nleptos v0.8.23\nleptos v0.8.23 (*)\n\
        serde_derive v1.0.228 (proc-macro)\n";

    #[test]
    fn a_clean_tree_passes() {
        assert_eq!(packages(CLEAN), ["app", "frontend", "ironleaf-api-types", "leptos", "serde_derive"]);
        assert!(server_packages(&packages(CLEAN)).is_empty());
    }

    #[test]
    fn every_server_crate_is_found() {
        let ours = ["session", "store", "auth", "bff", "core-api", "a-crate-of-tomorrow"]
            .map(|n| format!("ironleaf-{n}"));
        for name in SERVER_ONLY.iter().copied().chain(ours.iter().map(String::as_str)) {
            let tree = format!("{CLEAN}{name} v1.2.3\n");
            assert_eq!(server_packages(&packages(&tree)), [name]);
        }
    }

    #[test]
    fn a_name_that_only_begins_like_a_server_crate_passes() {
        let tree = format!("{CLEAN}tokio-macros-lookalike v1.0.0\nhyperlink v0.1.0\n");
        assert!(server_packages(&packages(&tree)).is_empty());
    }
}
