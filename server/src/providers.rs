//! Creates the configured provider. A new one needs a name in `config/provider.rs`, and a function here that reads its
//! part of the configuration.

use std::sync::Arc;

use ironleaf_auth::{Clock, Provider, Random, Transport};
use ironleaf_providers::{CoreApiProvider, CoreApiSettings};
use url::Url;

use crate::assembly_error::AssemblyError;
use crate::config::{Config, ProviderKind};

/// What a provider needs from its environment.
pub(crate) struct Surroundings {
    /// The address of the core API, if there is one.
    pub(crate) core_api_url: Option<Url>,
    /// How the provider is reached.
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
}

/// The provider that the configuration names.
///
/// # Errors
///
/// [`AssemblyError::Provider`] if the environment lacks what the provider needs.
pub(crate) fn build(config: &Config, surroundings: Surroundings) -> Result<Arc<dyn Provider>, AssemblyError> {
    match config.provider {
        ProviderKind::CoreApi => core_api(config, surroundings),
        ProviderKind::Oidc => Err(AssemblyError::Provider("this build has no provider `oidc`".to_owned())),
    }
}

fn core_api(config: &Config, surroundings: Surroundings) -> Result<Arc<dyn Provider>, AssemblyError> {
    let Surroundings { core_api_url, transport, clock, random } = surroundings;
    let core_api_url =
        core_api_url.ok_or_else(|| AssemblyError::Provider("there is no core API to call".to_owned()))?;
    let settings = CoreApiSettings {
        leeway: config.refresh_leeway,
        refresh_token_max_age: config.refresh_token_max_age,
        normalize_passwords: config.core_api_normalizes_passwords,
        ..CoreApiSettings::at(core_api_url)
    };
    Ok(Arc::new(CoreApiProvider::new(settings, transport, clock, random)))
}
