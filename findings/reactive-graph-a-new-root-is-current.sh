#!/usr/bin/env bash
# reactive_graph 0.2.16 (the owners of Leptos 0.8), run with Rust 1.95.
#
# `Owner::new()` creates an owner under the current one and leaves the current one where it is. `Owner::new_root()` also makes the new owner
# the current one, which its name and its documentation do not say:
#
# - Before any `with`, the contexts of the owner around it are out of reach.
# - `root.with(..)` then restores the root and not the owner that was current before, and `unset_with_forced_cleanup()` leaves no owner at
#   all.
#
# So a function that renders something apart, under a root of its own, takes the owner away from its caller. The caller's next context is
# `None`; a view of Leptos that needs an owner panics there. Workaround: keep `Owner::current()` before, and call `set()` on it afterwards.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "owners"
version = "0.0.0"
edition = "2024"

[dependencies]
reactive_graph = { version = "=0.2.16", features = ["hydration"] }
TOML
cat >"$folder/src/main.rs" <<'RUST'
use reactive_graph::owner::{Owner, provide_context, use_context};

fn page() -> Option<&'static str> {
    use_context()
}

fn main() {
    let request = Owner::new();
    request.with(|| {
        provide_context("the page");
        println!("at first: {:?}", page());
        let child = Owner::new();
        println!("after Owner::new: {:?}", page());
        child.with(|| ());
        println!("after its with: {:?}", page());
        child.unset_with_forced_cleanup();
        println!("after its cleanup: {:?}", page());
        let root = Owner::new_root(None);
        println!("after Owner::new_root: {:?}", page());
        root.with(|| ());
        println!("after its with: {:?}", page());
        root.unset_with_forced_cleanup();
        println!("after its cleanup: {:?}, an owner: {}", page(), Owner::current().is_some());
        request.set();
        println!("after set: {:?}", page());
    });
}
RUST
cargo run --quiet --manifest-path "$folder/Cargo.toml" --target-dir "$folder/target" | tee "$folder/said"
diff "$folder/said" - <<'EXPECTED'
at first: Some("the page")
after Owner::new: Some("the page")
after its with: Some("the page")
after its cleanup: Some("the page")
after Owner::new_root: None
after its with: None
after its cleanup: None, an owner: false
after set: Some("the page")
EXPECTED
