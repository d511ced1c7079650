//! The providers of a world: the finished ones, with settings for the model of their back ends.

#[cfg(feature = "mutants")]
mod mistaken;
mod openid;

use std::sync::Arc;
use std::time::Duration;

use ironleaf_auth::{Provider, Random, Transport};
use ironleaf_providers::{
    AccessTransport, BetterAuthProvider, BetterAuthSettings, CommercetoolsProvider, CommercetoolsSettings,
    CookieApiProvider, CookieApiSettings, CoreApiProvider, CoreApiSettings, JwtSessionsProvider,
    JwtSessionsSettings, RefreshReuse,
};
use url::Url;

use crate::core_api::{CLIENT_ID, CLIENT_SECRET, GRACE};
use crate::network::Network;
use crate::style::Style;
use crate::timeline::Clock;
use crate::world::LIVES;

const API: &str = "http://core.test/v1";

/// The provider of this style. In a build with mistakes it can make them.
pub(crate) fn of(style: Style, network: &Arc<Network>, clock: &Clock, random: &Random) -> Arc<dyn Provider> {
    let provider = correct(style, network, Arc::clone(clock), Arc::clone(random));
    #[cfg(feature = "mutants")]
    let provider = Arc::new(mistaken::Mistaken(provider));
    provider
}

fn correct(style: Style, network: &Arc<Network>, clock: Clock, random: Random) -> Arc<dyn Provider> {
    if style.is_openid() {
        return openid::provider(url(API), network, clock, random);
    }
    of_password(style, Arc::<Network>::clone(network), clock, random)
}

/// The provider of a style in which people sign in with a password.
fn of_password(
    style: Style,
    transport: Arc<dyn Transport>,
    clock: Clock,
    random: Random,
) -> Arc<dyn Provider> {
    match style {
        Style::Ours | Style::Recorded => {
            let settings = CoreApiSettings {
                refresh_token_max_age: LIVES.refresh_token,
                ..CoreApiSettings::at(url(API))
            };
            Arc::new(CoreApiProvider::new(settings, transport, clock, random))
        }
        Style::OpenId => unreachable!("people sign in by redirect there"),
        Style::CookieApi | Style::Graced => {
            Arc::new(CookieApiProvider::new(cookie_api(style), transport, clock, random))
        }
        Style::JwtSessions => Arc::new(JwtSessionsProvider::new(jwt_sessions(), transport, clock)),
        Style::BetterAuth => Arc::new(BetterAuthProvider::new(better_auth(), transport, clock)),
        Style::Commercetools => Arc::new(CommercetoolsProvider::new(commercetools(), transport, clock)),
    }
}

/// A spent cookie costs all of a person's sessions, or one after a time of grace.
fn cookie_api(style: Style) -> CookieApiSettings {
    let (reuse_ends, reuse_grace) = match style {
        Style::Graced => (RefreshReuse::Session, GRACE),
        _ => (RefreshReuse::Person, Duration::ZERO),
    };
    CookieApiSettings {
        reuse_ends,
        reuse_grace,
        refresh_token_max_age: LIVES.refresh_token,
        ..CookieApiSettings::at(url(API))
    }
}

/// The access token goes in a cookie, which needs the value against forged requests.
fn jwt_sessions() -> JwtSessionsSettings {
    JwtSessionsSettings {
        me_path: Some("me".to_owned()),
        access_transport: AccessTransport::Cookie,
        roles_field: Some("roles".to_owned()),
        ..JwtSessionsSettings::at(url(API))
    }
}

fn better_auth() -> BetterAuthSettings {
    let auth_url = url("http://auth.test/api/v1/auth");
    BetterAuthSettings { api_url: Some(url(API)), ..BetterAuthSettings::at(auth_url) }
}

fn commercetools() -> CommercetoolsSettings {
    let (auth_url, api_url) = (url("http://auth.test"), url("http://core.test"));
    CommercetoolsSettings {
        scopes: vec!["manage_my_profile:sim".to_owned()],
        refresh_token_max_age: LIVES.refresh_token,
        ..CommercetoolsSettings::of(auth_url, api_url, "sim", CLIENT_ID, CLIENT_SECRET.into())
    }
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("it is a URL")
}

#[cfg(test)]
mod tests;
