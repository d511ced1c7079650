//! Searches the release build for the browser for words that only server code contains.
//!
//! The dependency tree shows that there is no server crate; this shows that there is no server code of `app` itself.

use std::fs;
use std::path::Path;

use crate::failure::{Failure, Result};
use crate::workspace;

/// Field names of the core API's token answer, purposes of the key derivation, names of secrets, and the beginning of
/// every JWT. None of them belongs in the browser.
const SERVER_ONLY: &[&str] = &[
    "accessToken",
    "access_token",
    "refreshToken",
    "refresh_token",
    "Idempotency-Key",
    "ironleaf/v1/",
    "__Host-",
    "SESSION_SECRETS",
    "CORE_API_URL",
    "argon2id",
    "/v1/auth/",
    "eyJhbGciOi",
    "user@test.com",
];

/// # Errors
///
/// If a built `.wasm` or `.js` contains one of them, or nothing is built.
pub(crate) fn check() -> Result<()> {
    let files = workspace::files_with_extension(&workspace::site(), &["wasm", "js"])?;
    if !files.iter().any(|path| path.extension().is_some_and(|extension| extension == "wasm")) {
        return Err(Failure::new(format!("There is no .wasm under {}.", workspace::site().display())));
    }
    let mut found = Vec::new();
    for path in &files {
        let bytes = fs::read(path)
            .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
        found.extend(marks_in(&bytes).map(|mark| format!("`{mark}` in {}", name(path))));
    }
    if found.is_empty() {
        println!("{} files for the browser, without any word of server code.", files.len());
        return Ok(());
    }
    Err(Failure::new(format!("Server code reached the browser: {}.", found.join(", "))))
}

fn marks_in(bytes: &[u8]) -> impl Iterator<Item = &'static str> + '_ {
    SERVER_ONLY
        .iter()
        .copied()
        .filter(move |mark| bytes.windows(mark.len()).any(|window| window == mark.as_bytes()))
}

fn name(path: &Path) -> String {
    path.strip_prefix(workspace::site()).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_is_found_between_bytes_that_are_not_text() {
        for mark in SERVER_ONLY {
            let mut module = b"\0asm\x01\0\0\0\xff\xfe".to_vec();
            module.extend_from_slice(mark.as_bytes());
            module.extend_from_slice(b"\xff\0");
            assert!(marks_in(&module).any(|found| found == *mark), "{mark}");
        }
    }

    #[test]
    fn a_module_without_marks_passes() {
        assert_eq!(marks_in(b"\0asm\x01\0\0\0 email password data-hydrated").count(), 0);
    }
}
