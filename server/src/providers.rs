//! The one table that knows every provider. A new one is an entry here, and a function that reads its part of the configuration.

use std::sync::Arc;

use ironleaf_auth::{Clock, Provider, Random, Transport};
use ironleaf_providers::{CoreApiProvider, CoreApiSettings};
use url::Url;

use crate::config::Config;

/// A provider that can be configured.
#[derive(Debug)]
pub struct ProviderKind {
    /// What `PROVIDER` names it by. It is part of every session's owner: never rename one.
    pub name: &'static str,
    build: fn(&Config, Surroundings) -> Arc<dyn Provider>,
}

/// Every one, the default first.
pub const ALL: &[ProviderKind] = &[ProviderKind { name: "core-api", build: core_api }];

/// What a provider takes from around it.
pub(crate) struct Surroundings {
    pub(crate) core_api_url: Url,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
}

impl ProviderKind {
    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|kind| kind.name == name)
    }

    pub(crate) fn build(&self, config: &Config, surroundings: Surroundings) -> Arc<dyn Provider> {
        (self.build)(config, surroundings)
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
