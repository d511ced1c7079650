//! What a new password must not be.

use std::path::Path;

use ironleaf_bff::{Blocklist, PasswordPolicy, Strength};

use super::lines::Lines;
use super::reader::Reader;

/// `PASSWORD_BLOCKLIST` and `PASSWORD_MIN_STRENGTH`. The file is not read into memory, but checked.
pub(super) fn read(read: &mut Reader<'_>, app_name: &str) -> PasswordPolicy {
    // People try things out with simple passwords.
    let default = if read.is_production() { Strength::MODERATE } else { Strength::default() };
    PasswordPolicy {
        blocklist: blocklist(read, "PASSWORD_BLOCKLIST"),
        min_strength: read.parsed(
            "PASSWORD_MIN_STRENGTH",
            &default.to_string(),
            "a number from 0 (every password) to 4 (very hard to guess)",
        ),
        expected_words: vec![app_name.to_owned()],
    }
}

fn blocklist(read: &mut Reader<'_>, name: &str) -> Option<Blocklist> {
    let path = read.optional(name)?;
    let blocklist = Blocklist::open(Path::new(&path));
    if let Err(error) = &blocklist {
        read.problem(format!(
            "{name} names {path}, which cannot be used: {error}. It must be a list of SHA-1 hashes, ordered by hash, as Have I Been \
             Pwned publishes it"
        ));
    }
    blocklist.ok()
}

pub(super) fn describe(policy: &PasswordPolicy, lines: &mut Lines) {
    let path = policy.blocklist.as_ref().map(|blocklist| blocklist.path().display().to_string());
    lines.add("PASSWORD_BLOCKLIST", &path.as_deref().unwrap_or("(none)"));
    lines.add("PASSWORD_MIN_STRENGTH", &policy.min_strength);
}
