//! Settings that work but are probably mistakes, with a sentence for each.

use std::net::IpAddr;

use url::{Host, Url};

use super::Config;
use super::environment::{Environment, Variable, environment_variable};
use super::exposed_files::exposed_files;
use crate::providers::Way;

/// The variables from which other programs read a proxy.
const FOREIGN_PROXIES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

impl Config {
    /// The settings that are probably mistakes: in the values, in the files that they name, and in the environment.
    pub fn warnings(&self) -> Vec<String> {
        let variable = &environment_variable;
        let mut warnings = self.doubtful_values();
        warnings.extend(exposed_files(variable));
        warnings.extend(ignored_proxy(self, variable));
        warnings
    }

    pub(super) fn doubtful_values(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.core_api_url.as_ref().is_some_and(is_in_clear) {
            warnings.push(
                "CORE_API_URL is http:// and leads to another machine: whoever is on the way reads tokens, and the passwords of people \
                 who sign in there. Use https://"
                    .to_owned(),
            );
        }
        let tokens_in_clear =
            self.proxy_routes.iter().find(|route| route.token && is_in_clear(&route.upstream));
        if let Some(route) = tokens_in_clear {
            warnings.push(format!(
                "PROXY_ROUTES sends tokens for {} over http:// to another machine: whoever is on the way reads them. Use https://, or \
                 add token=no",
                route.prefix
            ));
        }
        // A name may have a space in it, so this is no problem.
        if let Some(role) = self.sign_in_roles.iter().find(|role| role.contains(char::is_whitespace)) {
            warnings.push(format!(
                "SIGN_IN_ROLES has `{role}`, which is one role with a space in its name: separate roles by commas if several are meant"
            ));
        }
        let is_way_in_clear = |way: &Way| way.url.as_ref().is_some_and(is_in_clear);
        if let Some(way) = self.provider.settings.way().filter(is_way_in_clear) {
            warnings.push(format!(
                "{} is http:// and leads to another machine: whoever is on the way reads passwords and sessions. Use https://",
                way.url_variable
            ));
        }
        warnings.extend(self.provider.settings.doubts());
        warnings.extend(self.provider.doubts());
        let has_password = |url: &&Url| url.password().is_some() && url.scheme() == "redis";
        if self.redis_url.as_ref().filter(has_password).is_some_and(leads_elsewhere) {
            warnings.push(
                "REDIS_URL is redis:// and sends its password in clear to another machine: use rediss://"
                    .to_owned(),
            );
        }
        let metrics = self.metrics_listen_addr.filter(|address| !is_private(address.ip()));
        if let (Some(address), Environment::Production) = (metrics, self.environment) {
            warnings.push(format!(
                "METRICS_LISTEN_ADDR is {address}, which is no private address: whoever reaches it reads how many people sign in and \
                 when. Use a loopback or private address, or keep others out"
            ));
        }
        warnings
    }
}

/// A proxy that other programs would use, but that is not used here.
pub(super) fn ignored_proxy(config: &Config, variable: &Variable<'_>) -> Option<String> {
    let core_api =
        config.core_api_url.as_ref().is_some_and(leads_elsewhere) && config.core_api_client.proxy.is_none();
    let core_api = core_api.then(|| "CORE_API_PROXY names the proxy on the way to the core API".to_owned());
    let is_direct =
        |way: &Way| way.url.as_ref().is_some_and(leads_elsewhere) && way.transport.proxy.is_none();
    let provider = config.provider.settings.way().filter(is_direct);
    let provider =
        provider.map(|way| format!("{} names the proxy on the way to the provider", way.proxy_variable));
    let ways: Vec<_> = core_api.into_iter().chain(provider).collect();
    let is_set = |name: &&&str| variable(name).is_some_and(|value| !value.trim().is_empty());
    let name = FOREIGN_PROXIES.iter().filter(|_| !ways.is_empty()).find(is_set)?;
    Some(format!("{name} is set and not used: {}", ways.join(", and ")))
}

fn is_in_clear(url: &Url) -> bool {
    url.scheme() == "http" && leads_elsewhere(url)
}

fn leads_elsewhere(url: &Url) -> bool {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::from(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::from(address)),
        // The parser treats the address of a Redis as a plain name.
        Some(Host::Domain(name)) => name.parse().ok(),
        None => return false,
    };
    // RFC 6761, section 6.3.
    let is_local_name = |name: &str| name == "localhost" || name.ends_with(".localhost");
    let is_here = address.map(|address| address.to_canonical().is_loopback());
    !is_here.unwrap_or_else(|| url.host_str().is_some_and(is_local_name))
}

/// Loopback, private (RFC 1918, RFC 4193), shared (RFC 6598) or link-local.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && second & 0xc0 == 64;
            address.is_loopback() || address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}
