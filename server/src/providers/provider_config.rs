//! What every provider tells the server of itself.

use std::sync::Arc;
use std::time::Duration;

use ironleaf_auth::{BaseUrl, Clock, HttpSettings, Provider, Random, Transport};
use ironleaf_bff::PublicOrigin;
use url::Url;

use crate::assembly_error::AssemblyError;
use crate::config::{Lines, Reader};

/// A provider that `PROVIDER` can name.
#[derive(Debug)]
pub struct ProviderKind {
    /// The name in `PROVIDER`. It is part of every session's owner, so never rename one.
    pub name: &'static str,
    /// How the names of its own variables begin.
    pub prefix: &'static str,
    /// Reads its variables, and reports what is wrong with them.
    pub read: fn(&mut Reader<'_>) -> Arc<dyn ProviderConfig>,
}

/// The settings of one provider, as its variables say.
pub trait ProviderConfig: Send + Sync {
    /// Adds its variables with their effective values, secrets hidden.
    fn describe(&self, lines: &mut Lines);

    /// Makes the provider. This is called inside a runtime.
    ///
    /// # Errors
    ///
    /// [`AssemblyError::Provider`] if the surroundings lack what the provider needs.
    fn build(&self, surroundings: Surroundings) -> Result<Arc<dyn Provider>, AssemblyError>;

    /// How the provider is reached, if it is not reached like the core API.
    fn way(&self) -> Option<Way> {
        None
    }

    /// Whether the reference core API may stand in for a core API that is not configured. Without it, and without
    /// `CORE_API_URL`, pages have no API to call.
    fn embeds_core_api(&self) -> bool {
        false
    }

    /// The variable without which nobody would have a role, if it is not set.
    fn missing_for_roles(&self) -> Option<&'static str> {
        None
    }

    /// Whether people can have a role at all.
    fn has_roles(&self) -> bool {
        true
    }

    /// Whether people can begin as guests.
    fn has_guests(&self) -> bool {
        false
    }

    /// Why requests of the proxy to an address below this one cannot take a person's credentials along, and what to
    /// write. `None` if they can. `core_api` is `CORE_API_URL`.
    fn without_token(&self, core_api: Option<&Url>, upstream: &Url) -> Option<String> {
        let _ = (core_api, upstream);
        None
    }

    /// Its settings that work but are probably mistakes, with a sentence for each.
    fn doubts(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether the sign-in page leads to the provider without a click.
    fn auto_redirect(&self) -> bool {
        false
    }

    /// What people who start the application need to know, in sentences for the log.
    fn introduction(&self, origin: &PublicOrigin) -> Vec<String> {
        let _ = origin;
        Vec::new()
    }
}

/// How a provider is reached that is not the core API.
pub struct Way {
    /// The address of the provider, if its variable has one.
    pub url: Option<Url>,
    /// The variable with that address.
    pub url_variable: &'static str,
    /// The variable of its proxy.
    pub proxy_variable: &'static str,
    /// The settings of the connection.
    pub transport: HttpSettings,
}

/// What a provider needs from its environment.
pub struct Surroundings {
    /// `PUBLIC_ORIGIN`
    pub public_origin: PublicOrigin,
    /// The address of the core API, if there is one.
    pub core_api_url: Option<Url>,
    /// Whether that is the reference core API in this process.
    pub embeds_core_api: bool,
    /// `REFRESH_LEEWAY`
    pub leeway: Duration,
    /// `REFRESH_TOKEN_MAX_AGE`
    pub refresh_token_max_age: Duration,
    /// How the provider is reached.
    pub transport: Arc<dyn Transport>,
    /// The clock.
    pub clock: Clock,
    /// The random source.
    pub random: Random,
}

impl Surroundings {
    /// The address of the core API.
    ///
    /// # Errors
    ///
    /// [`AssemblyError::Provider`] if there is none.
    pub fn core_api(&self) -> Result<Url, AssemblyError> {
        let missing =
            || AssemblyError::Provider("CORE_API_URL is missing: there is no API to call".to_owned());
        self.core_api_url.clone().ok_or_else(missing)
    }

    /// The core API under the name `api`, if there is one.
    pub fn base_urls(&self) -> Vec<BaseUrl> {
        let api = |url| BaseUrl { name: "api".to_owned(), url };
        self.core_api_url.clone().map(api).into_iter().collect()
    }
}
