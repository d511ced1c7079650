//! The connection to the core API.

use ironleaf_auth::{HttpSettings, HttpTransport};
use url::Url;

use super::ca_file::CaFile;
use super::lines::Lines;
use super::reader::Reader;

/// How the core API of `CORE_API_URL` is reached.
#[derive(Clone)]
pub struct CoreApiClient {
    /// `CORE_API_PROXY`; `None` connects directly.
    pub proxy: Option<Url>,
    /// `CORE_API_CA_FILE`
    pub ca_file: CaFile,
}

impl CoreApiClient {
    pub(super) fn read(read: &mut Reader<'_>, core_api: Option<&Url>) -> Self {
        let client =
            Self { proxy: read.proxy("CORE_API_PROXY"), ca_file: CaFile::read(read, "CORE_API_CA_FILE") };
        client.check(read, core_api);
        client
    }

    fn check(&self, read: &mut Reader<'_>, core_api: Option<&Url>) {
        let is_encrypted = core_api.is_some_and(|url| url.scheme() == "https");
        self.ca_file.must_be_of_use(read, is_encrypted, "CORE_API_URL", "https");
        if self.proxy.is_some() && core_api.is_none() {
            read.problem(
                "CORE_API_PROXY is set and CORE_API_URL is not: no core API is called through a proxy",
            );
        }
        if let Some(Err(error)) = self.ca_file.pem().map(|_| HttpTransport::new(&self.settings())) {
            read.problem(format!("CORE_API_CA_FILE contains no usable certificates in PEM format: {error}"));
        }
    }

    /// The settings of the transport.
    pub fn settings(&self) -> HttpSettings {
        HttpSettings {
            proxy: self.proxy.clone(),
            root_certificates: self.ca_file.pem().map(<[u8]>::to_vec),
            ..HttpSettings::default()
        }
    }

    pub(super) fn describe(&self, lines: &mut Lines) {
        lines.add("CORE_API_PROXY", &if self.proxy.is_some() { "(hidden)" } else { "(none)" });
        self.ca_file.describe(lines);
    }
}
