use std::path::{Path, PathBuf};

use super::lines::Lines;
use super::reader::Reader;

/// A file with certificates of an authority, used instead of those of the system.
#[derive(Clone)]
pub struct CaFile {
    variable: &'static str,
    path: Option<PathBuf>,
    /// The content of that file, in PEM.
    pem: Option<Vec<u8>>,
}

impl CaFile {
    /// The file that this variable names, with its content.
    pub(crate) fn read(read: &mut Reader<'_>, variable: &'static str) -> Self {
        let path = read.optional(variable).map(PathBuf::from);
        Self { variable, path, pem: read.file(variable).map(String::into_bytes) }
    }

    /// SECURITY: whoever configures a certificate relies on an encrypted connection.
    pub(crate) fn must_be_of_use(
        &self,
        read: &mut Reader<'_>,
        is_encrypted: bool,
        url_variable: &str,
        scheme: &str,
    ) {
        if self.path.is_some() && !is_encrypted {
            let variable = self.variable;
            read.problem(format!(
                "{variable} is set, and {url_variable} does not begin with {scheme}://: without TLS nothing is checked"
            ));
        }
    }

    /// The path of the file. `None` trusts the certificates of the system.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The certificates, in PEM.
    pub fn pem(&self) -> Option<&[u8]> {
        self.pem.as_deref()
    }

    pub(crate) fn describe(&self, lines: &mut Lines) {
        let path = self.path.as_ref().map(|path| path.display().to_string());
        lines.add(self.variable, &path.as_deref().unwrap_or("(those of the system)"));
    }
}
