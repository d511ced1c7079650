//! `PROXY_ROUTES`.

use ironleaf_proxy::{Routes, Who};

use super::Config;
use super::reader::Reader;

/// The routes, or nothing with a problem for each that cannot be used.
pub(super) fn read(read: &mut Reader<'_>) -> Routes {
    let text = read.optional("PROXY_ROUTES").unwrap_or_default();
    Routes::parse(&text).unwrap_or_else(|problems| {
        for problem in problems {
            read.problem(format!("PROXY_ROUTES cannot be used: {problem}"));
        }
        Routes::default()
    })
}

/// Checks the routes together with other settings.
pub(super) fn check(config: &Config, read: &mut Reader<'_>) {
    let roles = config.proxy_routes.iter().find(|route| matches!(route.who, Who::Role(_)));
    if let Some(route) = roles.filter(|_| !config.provider.settings.has_roles()) {
        read.problem(format!(
            "PROXY_ROUTES asks for a role at {}, and {} has no roles: nobody could call it, so write who=signed-in",
            route.prefix, config.provider.kind.name
        ));
    }
    if config.proxy_streams.in_total >= config.max_connections && !config.proxy_routes.is_empty() {
        read.problem(format!(
            "PROXY_MAX_STREAMS is {}, and MAX_CONNECTIONS is {}: streams could take every connection, so allow fewer of them",
            config.proxy_streams.in_total, config.max_connections
        ));
    }
    let ours = [config.public_origin.to_string(), format!("http://{}", config.listen_addr)];
    let circle = config
        .proxy_routes
        .iter()
        .find(|route| ours.contains(&route.upstream.origin().ascii_serialization()));
    if let Some(route) = circle {
        read.problem(format!(
            "PROXY_ROUTES forwards {} to {}, which is this application: write the address of the API",
            route.prefix, route.upstream
        ));
    }
}
