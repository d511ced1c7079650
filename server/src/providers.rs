//! Creates the configured provider. A new one needs a name in `config/provider.rs`, and a function here that reads its
//! part of the configuration.

use std::sync::Arc;

use ironleaf_auth::{Clock, Provider, Random, Transport};
use ironleaf_providers::{CoreApiProvider, CoreApiSettings};
use url::Url;

use crate::config::{Config, ProviderKind};

/// What a provider needs from its environment.
pub(crate) struct Surroundings {
    pub(crate) core_api_url: Url,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
}

pub(crate) fn build(config: &Config, surroundings: Surroundings) -> Arc<dyn Provider> {
    match config.provider {
        ProviderKind::CoreApi => core_api(config, surroundings),
    }
}

fn core_api(config: &Config, surroundings: Surroundings) -> Arc<dyn Provider> {
    let Surroundings { core_api_url, transport, clock, random } = surroundings;
    let settings = CoreApiSettings {
        leeway: config.refresh_leeway,
        refresh_token_max_age: config.refresh_token_max_age,
        normalize_passwords: config.core_api_normalizes_passwords,
        ..CoreApiSettings::at(core_api_url)
    };
    Arc::new(CoreApiProvider::new(settings, transport, clock, random))
}
