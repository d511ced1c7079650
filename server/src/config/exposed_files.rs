//! Files with secrets that other accounts may read.

use super::environment::Variable;

/// The variables for secrets in files.
const SECRET_FILES: [&str; 5] = [
    "SESSION_SECRETS_FILE",
    "REDIS_URL_FILE",
    "SMTP_URL_FILE",
    "OIDC_CLIENT_SECRET_FILE",
    "OIDC_CLIENT_KEY_FILE",
];

/// Finds files with secrets that every account of this machine may read.
pub(super) fn exposed_files(variable: &Variable<'_>) -> Vec<String> {
    let named = SECRET_FILES.iter().filter_map(|name| Some((name, variable(name)?)));
    named
        .filter(|(_, path)| is_readable_by_others(path.trim()))
        .map(|(name, path)| {
            format!("{name} names {path}, which every account of this machine may read: `chmod o-r {path}`")
        })
        .collect()
}

#[cfg(unix)]
fn is_readable_by_others(path: &str) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    const READ_BY_OTHERS: u32 = 0o004;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & READ_BY_OTHERS != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &str) -> bool {
    false
}
