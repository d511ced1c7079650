//! The provider of `docs/providers/your-own.md`. Its files are taken from the document and put into a folder outside of
//! the workspace. They are built and tested there as a team would, with the intermediate files of the workspace.

use std::fs;
use std::path::Path;

use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::{failed_tests, process, workspace};

const DOCUMENT: &str = "docs/providers/your-own.md";

/// Where the document says that the checkout is.
const CHECKOUT: &str = "../ironleaf/";

/// Tests, lints and formats the crate of the document.
///
/// # Errors
///
/// If a file cannot be written, or the crate fails.
pub(crate) fn check(settings: &Settings) -> Result<()> {
    let target = std::path::absolute(&settings.target).unwrap_or_else(|_| settings.target.clone());
    let folder = target.join("own-provider");
    let failed = |error| Failure::new(format!("{} cannot be written: {error}", folder.display()));
    let document = read(DOCUMENT)?;
    let files = files(&document);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed)?;
    }
    let checkout = workspace::root().display().to_string().replace('\\', "/");
    for (path, text) in &files {
        let text = text.replace(CHECKOUT, &format!("{checkout}/"));
        write(&folder.join(path), &text).map_err(failed)?;
    }
    println!("{DOCUMENT}: {} files in {}", files.len(), folder.display());
    // The same versions and profiles as here, so that nothing is fetched, and little is compiled again.
    write(&folder.join("Cargo.lock"), &read("Cargo.lock")?).map_err(failed)?;
    write(&folder.join("rustfmt.toml"), &read("rustfmt.toml")?).map_err(failed)?;
    let configuration = format!("{}\n{}", read(".cargo/config.toml")?, profiles(&read("Cargo.toml")?));
    write(&folder.join(".cargo/config.toml"), &configuration).map_err(failed)?;
    let cargo = || {
        let mut cargo = process::program("cargo");
        cargo
            .current_dir(&folder)
            .env("CARGO_BUILD_BUILD_DIR", &target)
            .env("CARGO_TARGET_DIR", folder.join("target"));
        cargo
    };
    process::run(cargo().args(["fmt", "--check"]))?;
    process::run(cargo().args(["clippy", "--all-targets", "--", "-D", "warnings"]))?;
    failed_tests::run_cargo_test(cargo().arg("test"))
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(workspace::root().join(path))
        .map_err(|error| Failure::new(format!("{path} cannot be read: {error}")))
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, text)
}

/// The blocks whose file the line above names: `` `src/main.rs`: ``, an empty line, and the block.
fn files(document: &str) -> Vec<(&str, String)> {
    let lines: Vec<_> = document.lines().collect();
    let named = lines.windows(3).enumerate().filter_map(|(index, window)| match window {
        [name, "", fence] if fence.starts_with("```") => {
            Some((index + 3, name.strip_prefix('`')?.strip_suffix("`:")?))
        }
        _ => None,
    });
    let block = |start: usize| {
        let lines = lines[start..].iter().take_while(|line| !line.starts_with("```"));
        lines.fold(String::new(), |text, line| text + line + "\n")
    };
    named.map(|(start, name)| (name, block(start))).collect()
}

/// The profiles of a manifest. A configuration may have them as well.
fn profiles(manifest: &str) -> String {
    let mut is_profile = false;
    let lines = manifest.lines().filter(|line| {
        if line.starts_with('[') {
            is_profile = line.starts_with("[profile.dev");
        }
        is_profile
    });
    lines.fold(String::new(), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_one_folder_and_one_line() {
        let document = read(DOCUMENT).unwrap();
        let files = files(&document);
        let own = |path: &&str| path.starts_with("src/shop");
        assert_eq!(files.iter().filter(|(path, _)| own(path)).count(), 2);
        let (_, main) = files.iter().find(|(path, _)| *path == "src/main.rs").unwrap();
        let naming = main.lines().filter(|line| line.contains("shop"));
        assert_eq!(naming.count(), 1, "one line of `main` knows of the provider");
    }

    #[test]
    fn a_block_belongs_to_the_file_above_it() {
        let document = "`a.rs`:\n\n```rust\nfn a() {}\n```\n\nwords\n\n```sh\nls\n```\n";
        assert_eq!(files(document), [("a.rs", "fn a() {}\n".to_owned())]);
    }

    #[test]
    fn only_the_profiles_of_development_are_taken_along() {
        let manifest = "[package]\nname = \"x\"\n[profile.dev]\ndebug = 1\n[profile.release]\nlto = true\n";
        assert_eq!(profiles(manifest), "[profile.dev]\ndebug = 1\n");
    }
}
