//! The way to the core API.

use std::path::PathBuf;

use ironleaf_auth::{HttpSettings, HttpTransport};
use url::Url;

use super::describe::Lines;
use super::reader::Reader;

/// How the core API of `CORE_API_URL` is reached.
#[derive(Clone)]
pub struct CoreApiClient {
    /// `CORE_API_PROXY`; `None` goes there directly.
    pub proxy: Option<Url>,
    /// `CORE_API_CA_FILE`; `None` trusts the certificates of the system.
    pub ca_file: Option<PathBuf>,
    /// What is in that file, in PEM.
    root_certificates: Option<Vec<u8>>,
}

impl CoreApiClient {
    pub(super) fn read(read: &mut Reader<'_>, core_api: Option<&Url>) -> Self {
        let client = Self {
            proxy: read.proxy("CORE_API_PROXY"),
            ca_file: read.optional("CORE_API_CA_FILE").map(PathBuf::from),
            root_certificates: read.file("CORE_API_CA_FILE").map(String::into_bytes),
        };
        client.check(read, core_api);
        client
    }

    fn check(&self, read: &mut Reader<'_>, core_api: Option<&Url>) {
        // SECURITY: whoever names a certificate believes that the connection is encrypted.
        if self.ca_file.is_some() && core_api.is_none_or(|url| url.scheme() != "https") {
            read.problem(
                "CORE_API_CA_FILE is set, and CORE_API_URL does not begin with https://: without TLS nothing is checked",
            );
        }
        if self.proxy.is_some() && core_api.is_none() {
            read.problem("CORE_API_PROXY is set and CORE_API_URL is not: nothing leads to the embedded core API but itself");
        }
        if let Some(Err(error)) =
            self.root_certificates.as_ref().map(|_| HttpTransport::new(&self.settings()))
        {
            read.problem(format!("CORE_API_CA_FILE holds no certificates that can be used, in PEM: {error}"));
        }
    }

    /// What the transport is told.
    pub fn settings(&self) -> HttpSettings {
        HttpSettings {
            proxy: self.proxy.clone(),
            root_certificates: self.root_certificates.clone(),
            ..HttpSettings::default()
        }
    }

    pub(super) fn describe(&self, lines: &mut Lines) {
        lines.add("CORE_API_PROXY", &if self.proxy.is_some() { "(hidden)" } else { "(none)" });
        let ca_file = self.ca_file.as_ref().map(|path| path.display().to_string());
        lines.add("CORE_API_CA_FILE", &ca_file.as_deref().unwrap_or("(those of the system)"));
    }
}
