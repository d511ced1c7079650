//! The real provider of OpenID Connect, with settings for the model of one.

use std::sync::Arc;

use ironleaf_auth::{BaseUrl, Random};
use ironleaf_providers::{ClientAuthentication, Issuer, OidcProvider, OidcSettings};
use url::Url;

use crate::core_api::{CLIENT_ID, CLIENT_SECRET, ISSUER, ROLES_CLAIM};
use crate::network::Network;
use crate::timeline::Clock;
use crate::world::LIVES;

/// A process keeps the provider's metadata and keys fresh in the background, as the server does.
pub(super) fn provider(
    base_url: Url,
    network: &Arc<Network>,
    clock: Clock,
    random: Random,
) -> Arc<OidcProvider> {
    let transport = Arc::<Network>::clone(network);
    let provider = Arc::new(OidcProvider::new(settings(base_url), transport, clock, random));
    let kept = Arc::clone(&provider);
    tokio::spawn(network.process.run(Box::pin(async move { kept.keep_warm().await })));
    provider
}

fn settings(base_url: Url) -> OidcSettings {
    let issuer = Issuer::parse(ISSUER).expect("it is the identifier of an issuer");
    let authentication = ClientAuthentication::SecretBasic(CLIENT_SECRET.into());
    OidcSettings {
        roles_claim: Some(ROLES_CLAIM.to_owned()),
        base_urls: vec![BaseUrl { name: "api".to_owned(), url: base_url }],
        refresh_token_max_age: LIVES.refresh_token,
        ..OidcSettings::of(issuer, CLIENT_ID, authentication)
    }
}

#[cfg(test)]
mod tests;
