//! The core API.

use std::sync::Arc;

use ironleaf_auth::Provider;
use ironleaf_bff::PublicOrigin;
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
    /// `CORE_API_PASSKEYS`: whether people can have passkeys there. At the embedded one they can, under a domain.
    has_passkeys: bool,
}

impl CoreApi {
    fn read(read: &mut Reader<'_>) -> Self {
        let is_embedded = read.optional("CORE_API_URL").is_none();
        let shape = "true or false";
        // A malformed one is reported elsewhere.
        let has_domain = read
            .optional("PUBLIC_ORIGIN")
            .and_then(|origin| origin.parse().ok())
            .is_some_and(|origin: PublicOrigin| origin.has_domain());
        let has_passkeys = read.parsed("CORE_API_PASSKEYS", &(is_embedded && has_domain).to_string(), shape);
        if has_passkeys && !has_domain {
            read.problem("CORE_API_PASSKEYS is true, and PUBLIC_ORIGIN has no domain: browsers have passkeys for domains only");
        }
        Self {
            normalizes_passwords: read.parsed("CORE_API_NORMALIZE_PASSWORDS", "true", shape),
            sends_sign_in_links: read.parsed("CORE_API_SIGN_IN_LINKS", &is_embedded.to_string(), shape),
            has_passkeys,
        }
    }
}

impl ProviderConfig for CoreApi {
    fn describe(&self, lines: &mut Lines) {
        lines.add("CORE_API_NORMALIZE_PASSWORDS", &self.normalizes_passwords);
        lines.add("CORE_API_SIGN_IN_LINKS", &self.sends_sign_in_links);
        lines.add("CORE_API_PASSKEYS", &self.has_passkeys);
    }

    fn build(&self, surroundings: Surroundings) -> Result<Arc<dyn Provider>, AssemblyError> {
        let settings = CoreApiSettings {
            leeway: surroundings.leeway,
            refresh_token_max_age: surroundings.refresh_token_max_age,
            normalize_passwords: self.normalizes_passwords,
            sends_sign_in_links: self.sends_sign_in_links,
            has_passkeys: self.has_passkeys,
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
