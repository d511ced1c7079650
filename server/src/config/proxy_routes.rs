//! `PROXY_ROUTES`.

use ironleaf_proxy::{Routes, StreamLimits, Who};
use url::Url;

use super::reader::Reader;

/// The settings with which routes have to agree.
pub(super) struct Beside<'a> {
    pub(super) streams: &'a StreamLimits,
    pub(super) max_connections: usize,
    /// The name of the provider whose people have no roles.
    pub(super) without_roles: Option<&'a str>,
    /// The name of the provider that begins no sessions of guests.
    pub(super) without_guests: Option<&'a str>,
    /// Why the credentials of a person cannot go along to an address, and what to write.
    pub(super) without_token: &'a dyn Fn(&Url) -> Option<String>,
    /// The origins at which this application is reached.
    pub(super) own_origins: [String; 2],
}

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
pub(super) fn check(routes: &Routes, beside: &Beside<'_>, read: &mut Reader<'_>) {
    let Beside { streams, max_connections, without_roles, without_guests, without_token, own_origins } =
        beside;
    let of_role = routes.iter().find(|route| matches!(route.who, Who::Role(_)));
    if let Some((route, provider)) = of_role.zip(*without_roles) {
        read.problem(format!(
            "PROXY_ROUTES asks for a role at {}, and {provider} has no roles: nobody could call it, so write who=signed-in",
            route.prefix
        ));
    }
    let of_guests = routes.iter().find(|route| route.who == Who::Guest);
    if let Some((route, provider)) = of_guests.zip(*without_guests) {
        read.problem(format!(
            "PROXY_ROUTES lets guests in at {}, and {provider} has no guests: nobody could begin as one, so write who=anyone or \
             who=signed-in",
            route.prefix
        ));
    }
    for route in routes.iter().filter(|route| route.token) {
        if let Some(reason) = without_token(&route.upstream) {
            read.problem(format!(
                "PROXY_ROUTES sends a token for {} to {}: {reason}",
                route.prefix, route.upstream
            ));
        }
    }
    if streams.in_total >= *max_connections && !routes.is_empty() {
        read.problem(format!(
            "PROXY_MAX_STREAMS is {}, and MAX_CONNECTIONS is {max_connections}: streams could take every connection, so allow fewer \
             of them",
            streams.in_total
        ));
    }
    let circle =
        routes.iter().find(|route| own_origins.contains(&route.upstream.origin().ascii_serialization()));
    if let Some(route) = circle {
        read.problem(format!(
            "PROXY_ROUTES forwards {} to {}, which is this application: write the address of the API",
            route.prefix, route.upstream
        ));
    }
}
