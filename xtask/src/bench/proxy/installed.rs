//! What this comparison needs of the distribution.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::tools;

/// Debian keeps servers here. It is not on everybody's PATH.
const SERVERS: &str = "/usr/sbin";
const APACHE_MODULES: &str = "/usr/lib/apache2/modules";

pub(super) struct Installed {
    pub(super) apache: PathBuf,
    pub(super) apache_modules: PathBuf,
    pub(super) nginx: PathBuf,
    pub(super) wrk: PathBuf,
}

impl Installed {
    /// # Errors
    ///
    /// Names every package that is missing.
    pub(super) fn find() -> Result<Self> {
        let program = |name: &str| {
            tools::on_path(name).or_else(|| Some(Path::new(SERVERS).join(name)).filter(|path| path.is_file()))
        };
        let (apache, nginx, wrk) = (program("apache2"), program("nginx"), program("wrk"));
        let modules = PathBuf::from(APACHE_MODULES);
        let has_module = modules.join("mod_auth_openidc.so").is_file();
        let found = [
            ("apache2", apache.is_some()),
            ("libapache2-mod-auth-openidc", has_module),
            ("nginx", nginx.is_some()),
            ("wrk", wrk.is_some()),
        ];
        match (apache, nginx, wrk) {
            (Some(apache), Some(nginx), Some(wrk)) if has_module => {
                Ok(Self { apache, apache_modules: modules, nginx, wrk })
            }
            _ => Err(Failure::new(what_to_install(&found))),
        }
    }
}

fn what_to_install(found: &[(&str, bool)]) -> String {
    let missing: Vec<&str> = found.iter().filter(|(_, is_there)| !is_there).map(|(name, _)| *name).collect();
    format!(
        "`cargo xtask bench --proxy` compares Ironleaf with programs of Debian that are not here. Install them with \
         `apt-get install {}`; none of them has to run by itself.",
        missing.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let text = what_to_install(&[("apache2", false), ("nginx", true), ("wrk", false)]);
        assert!(text.contains("`apt-get install apache2 wrk`"), "{text}");
    }
}
