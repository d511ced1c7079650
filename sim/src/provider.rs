//! The providers of a world: the real one of the core API, and small ones for the other styles.

mod cookies;
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

/// The provider of this style.
pub(crate) fn of(style: Style, network: &Arc<Network>, clock: &Clock, random: &Random) -> Arc<dyn Provider> {
    let (transport, clock) = (Arc::<Network>::clone(network), Arc::clone(clock));
    let base_url = Url::parse(wire::BASE).expect("it is a URL");
    if style.is_core_api() {
        let settings =
            CoreApiSettings { refresh_token_max_age: LIVES.refresh_token, ..CoreApiSettings::at(base_url) };
        return Arc::new(CoreApiProvider::new(settings, transport, clock, Arc::clone(random)));
    }
    let client =
        wire::Client { transport, clock, base_urls: [BaseUrl { name: "api".to_owned(), url: base_url }] };
    match style {
        Style::Cookies => Arc::new(cookies::Cookies(client)),
        style => Arc::new(tokens::Tokens { client, style }),
    }
}
