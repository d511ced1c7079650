//! The providers of a world: the real ones of the core API and of OpenID Connect, and small ones for the other styles.

mod better_auth;
#[cfg(feature = "mutants")]
mod mistaken;
mod openid;
mod tokens;
mod wire;

use std::sync::Arc;

use ironleaf_auth::{BaseUrl, Provider, Random};
use ironleaf_providers::{CoreApiProvider, CoreApiSettings};
use url::Url;

use crate::network::Network;
use crate::style::Style;
use crate::timeline::Clock;
use crate::world::LIVES;

/// The provider of this style. In a build with mistakes it can make them.
pub(crate) fn of(style: Style, network: &Arc<Network>, clock: &Clock, random: &Random) -> Arc<dyn Provider> {
    let provider = correct(style, network, clock, random);
    #[cfg(feature = "mutants")]
    let provider = Arc::new(mistaken::Mistaken(provider));
    provider
}

fn correct(style: Style, network: &Arc<Network>, clock: &Clock, random: &Random) -> Arc<dyn Provider> {
    let base_url = Url::parse(wire::BASE).expect("it is a URL");
    if style.is_openid() {
        return openid::provider(base_url, network, Arc::clone(clock), Arc::clone(random));
    }
    let (transport, clock) = (Arc::<Network>::clone(network), Arc::clone(clock));
    if style.is_core_api() {
        let settings =
            CoreApiSettings { refresh_token_max_age: LIVES.refresh_token, ..CoreApiSettings::at(base_url) };
        return Arc::new(CoreApiProvider::new(settings, transport, clock, Arc::clone(random)));
    }
    let client =
        wire::Client { transport, clock, base_urls: [BaseUrl { name: "api".to_owned(), url: base_url }] };
    match style {
        Style::BetterAuth => Arc::new(better_auth::BetterAuth(client)),
        style => Arc::new(tokens::Tokens { client, style }),
    }
}
