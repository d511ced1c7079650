//! The core API.

use std::sync::Arc;

use ironleaf_auth::Provider;
use ironleaf_providers::{CoreApiProvider, CoreApiSettings};

use super::provider_config::{ProviderConfig, ProviderKind, Surroundings};
use crate::assembly_error::AssemblyError;
use crate::config::{Lines, Reader};

pub(super) const KIND: ProviderKind =
    ProviderKind { name: "core-api", prefix: "CORE_API_", read: |read| Arc::new(CoreApi::read(read)) };

struct CoreApi {
    /// `CORE_API_NORMALIZE_PASSWORDS`: whether passwords are sent to it in their normal form.
    normalizes_passwords: bool,
    /// `CORE_API_SIGN_IN_LINKS`: whether it sends e-mails with a link that signs in. The embedded one does.
    sends_sign_in_links: bool,
}

impl CoreApi {
    fn read(read: &mut Reader<'_>) -> Self {
        let is_embedded = read.optional("CORE_API_URL").is_none();
        let shape = "true or false";
        Self {
            normalizes_passwords: read.parsed("CORE_API_NORMALIZE_PASSWORDS", "true", shape),
            sends_sign_in_links: read.parsed("CORE_API_SIGN_IN_LINKS", &is_embedded.to_string(), shape),
        }
    }
}

impl ProviderConfig for CoreApi {
    fn describe(&self, lines: &mut Lines) {
        lines.add("CORE_API_NORMALIZE_PASSWORDS", &self.normalizes_passwords);
        lines.add("CORE_API_SIGN_IN_LINKS", &self.sends_sign_in_links);
    }

    fn build(&self, surroundings: Surroundings) -> Result<Arc<dyn Provider>, AssemblyError> {
        let settings = CoreApiSettings {
            leeway: surroundings.leeway,
            refresh_token_max_age: surroundings.refresh_token_max_age,
            normalize_passwords: self.normalizes_passwords,
            sends_sign_in_links: self.sends_sign_in_links,
            // The embedded one may be at another address after a restart. It is for development only.
            marks_grants: !surroundings.embeds_core_api,
            ..CoreApiSettings::at(surroundings.core_api()?)
        };
        let Surroundings { transport, clock, random, .. } = surroundings;
        Ok(Arc::new(CoreApiProvider::new(settings, transport, clock, random)))
    }

    fn embeds_core_api(&self) -> bool {
        true
    }
}
