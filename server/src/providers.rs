//! Creates the configured provider. A new one needs a name in `config/provider.rs`, and a function here that reads its
//! part of the configuration.

use std::sync::Arc;

use ironleaf_auth::{BaseUrl, Clock, Provider, Random, Transport};
use ironleaf_providers::{CoreApiProvider, CoreApiSettings, Issuer, OidcProvider, OidcSettings};
use url::Url;

use crate::assembly_error::AssemblyError;
use crate::config::{Config, ProviderKind};
use crate::metrics;

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
        ProviderKind::Oidc => oidc(config, surroundings),
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

/// Metadata and keys of the provider are fetched in the background from here on, so call this inside a runtime. A
/// provider that is down at the start does not stop the application.
fn oidc(config: &Config, surroundings: Surroundings) -> Result<Arc<dyn Provider>, AssemblyError> {
    let Surroundings { core_api_url, transport, clock, random } = surroundings;
    let ours = &config.oidc;
    let issuer = Issuer::parse(ours.issuer.as_deref().unwrap_or_default());
    let issuer = issuer.map_err(|error| AssemblyError::Provider(format!("OIDC_ISSUER: {error}")))?;
    let client_id = ours.client_id.clone().unwrap_or_default();
    let authentication = ours.authentication().map_err(AssemblyError::Provider)?;
    let (prompts, parameters) =
        ours.authorization_params.iter().cloned().partition::<Vec<_>, _>(is_for_consent);
    let settings = OidcSettings {
        display_name: ours.name.clone(),
        scopes: ours.scopes.clone(),
        resources: ours.resources.clone(),
        audience: ours.audience.clone(),
        authorization_parameters: parameters,
        ask_for_consent: !prompts.is_empty(),
        roles_claim: ours.roles_claim.clone(),
        account_url: ours.account_url.clone(),
        reuse_ends: ours.reuse_ends,
        base_urls: core_api_url.map(|url| BaseUrl { name: "api".to_owned(), url }).into_iter().collect(),
        leeway: config.refresh_leeway,
        refresh_token_max_age: config.refresh_token_max_age,
        ..OidcSettings::of(issuer, client_id, authentication)
    };
    let provider = OidcProvider::new(settings, transport, clock, random);
    let provider = Arc::new(provider.with_key_observer(metrics::count_key_fetch));
    let warmed = Arc::clone(&provider);
    tokio::spawn(async move { warmed.keep_warm().await });
    Ok(provider)
}

/// The provider adds `prompt=consent` itself, so that it also stands beside the `prompt=login` of a re-authentication.
fn is_for_consent((name, value): &(String, String)) -> bool {
    name == "prompt" && value == "consent"
}
