//! A release: small, compressed, and with hashes in its names. It equals the result of
//! `cargo leptos build --release --precompress`, except for the script of the islands, which stays as wasm-bindgen wrote it.

use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::layout::Layout;
use crate::{cargo, run, site};

const SERVER_PROFILE: &str = "release";
/// The file beside the program in which the server looks for the hashes.
const HASHES: &str = "hash.txt";
/// The file types that have a hash in their name.
const HASHED: [&str; 3] = ["js", "wasm", "css"];

/// # Errors
///
/// If a half does not compile, wasm-opt is missing, or a file cannot be written.
pub(crate) fn build(layout: &Layout) -> Result<()> {
    let profile = &layout.release_profile;
    run::until_success(&mut cargo::browser_half(layout, profile))?;
    run::until_success(&mut cargo::server_half(layout, SERVER_PROFILE))?;
    site::assemble(layout, &cargo::module(layout, profile), &layout.site)?;
    let package = layout.package_in(&layout.site);
    shrink(&package.join(&layout.output_name).with_extension("wasm"))?;
    let hashes = put_hashes_into_names(&package, &layout.output_name)?;
    let beside = cargo::program(layout, SERVER_PROFILE).with_file_name(HASHES);
    site::write(&beside, hashes.as_bytes())?;
    for file in site::files_in(&layout.site)? {
        compress(&file)?;
    }
    Ok(())
}

/// The same options as in cargo-leptos.
fn shrink(module: &Path) -> Result<()> {
    let mut command = Command::new("wasm-opt");
    command.args(["-Oz", "--enable-bulk-memory", "--enable-nontrapping-float-to-int"]);
    run::until_success(command.arg(module).arg("-o").arg(module))
}

/// Renames the files and returns the text of `hash.txt`: a line such as `css: 0123456789abcdef` for each.
fn put_hashes_into_names(package: &Path, name: &str) -> Result<String> {
    let mut lines = String::new();
    for extension in HASHED {
        let path = package.join(name).with_extension(extension);
        let content = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let hash = hash_of(&content);
        fs::rename(&path, package.join(format!("{name}.{hash}.{extension}")))
            .with_context(|| format!("{} cannot be renamed", path.display()))?;
        // Writing to a String does not fail.
        let _ = writeln!(lines, "{extension}: {hash}");
    }
    Ok(lines)
}

/// Not cryptographic: it only has to change when the content does.
fn hash_of(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Writes the `.br` and `.gz` versions of a file beside it.
fn compress(path: &Path) -> Result<()> {
    let content = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut brotli = Vec::new();
    let smallest = brotli::enc::BrotliEncoderParams::default();
    brotli::BrotliCompress(&mut content.as_slice(), &mut brotli, &smallest)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&content)?;
    for (extension, compressed) in [("br", brotli), ("gz", gzip.finish()?)] {
        let mut name = path.as_os_str().to_owned();
        name.push(".");
        name.push(extension);
        site::write(Path::new(&name), &compressed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn names_get_the_hash_of_their_content() {
        let folder = tempfile::tempdir().unwrap();
        for extension in HASHED {
            fs::write(folder.path().join(format!("out.{extension}")), extension).unwrap();
        }
        let lines = put_hashes_into_names(folder.path(), "out").unwrap();
        let hash = hash_of(b"css");
        assert_eq!(hash.len(), 16);
        assert!(lines.contains(&format!("css: {hash}\n")), "{lines}");
        assert_eq!(fs::read(folder.path().join(format!("out.{hash}.css"))).unwrap(), b"css");
        assert!(!folder.path().join("out.css").exists());
    }

    #[test]
    fn both_compressed_files_hold_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.css");
        fs::write(&path, "a{color:red}".repeat(50)).unwrap();
        compress(&path).unwrap();
        let (mut br, mut gz) = (Vec::new(), String::new());
        let compressed = fs::read(folder.path().join("a.css.br")).unwrap();
        brotli::BrotliDecompress(&mut compressed.as_slice(), &mut br).unwrap();
        let compressed = fs::read(folder.path().join("a.css.gz")).unwrap();
        flate2::read::GzDecoder::new(compressed.as_slice()).read_to_string(&mut gz).unwrap();
        assert_eq!((br, gz.into_bytes()), (fs::read(&path).unwrap(), fs::read(&path).unwrap()));
    }
}
