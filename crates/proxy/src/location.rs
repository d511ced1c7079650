//! Places that an API names in an answer.

use http::Uri;
use url::Url;

use crate::Route;

/// Where a browser finds what the API's `Location` names. `None` if it is nowhere that a browser reaches.
pub(crate) fn mapped(route: &Route, asked: &Uri, location: &str) -> Option<String> {
    let place = Url::parse(&asked.to_string()).ok()?.join(location).ok()?;
    if place.origin() == route.upstream.origin() {
        return route.path_of(&place);
    }
    Some(location.to_owned()).filter(|_| matches!(place.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_of_the_api_never_becomes_another_site() {
        let whole: Route = "/=http://api.internal/".parse().unwrap();
        let folder: Route = "/=http://api.internal/v2/".parse().unwrap();
        let asked = "http://api.internal/v2/7".parse().unwrap();
        for location in [
            "http://api.internal//evil.example/x",
            "http://api.internal/\\evil.example/x",
            "http://api.internal/.//evil.example",
            "http://api.internal/a/..//evil.example",
            "http://api.internal/\t/evil.example",
        ] {
            assert_eq!(mapped(&whole, &asked, location), None, "{location}");
            let below = location.replace("internal/", "internal/v2/");
            assert_eq!(mapped(&folder, &asked, &below), None, "{below}");
        }
        assert_eq!(mapped(&whole, &asked, "/a//b").as_deref(), Some("/a//b"));
    }

    #[test]
    fn a_place_is_named_as_the_browser_reaches_it_or_not_at_all() {
        let route: Route = "/api/orders/=http://orders.internal/v2/".parse().unwrap();
        let asked = "http://orders.internal/v2/7?x=1".parse().unwrap();
        for (location, named) in [
            ("http://orders.internal/v2/8", Some("/api/orders/8")),
            ("http://orders.internal:80/v2/8#part", Some("/api/orders/8#part")),
            ("/v2/8?page=2", Some("/api/orders/8?page=2")),
            ("8", Some("/api/orders/8")),
            ("?page=2", Some("/api/orders/7?page=2")),
            ("/admin", None),
            ("../admin", None),
            ("http://orders.internal/v2/../admin", None),
            ("https://elsewhere.example/", Some("https://elsewhere.example/")),
            ("//elsewhere.example/", Some("//elsewhere.example/")),
            ("https://orders.internal/v2/8", Some("https://orders.internal/v2/8")),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("http://", None),
        ] {
            assert_eq!(mapped(&route, &asked, location).as_deref(), named, "{location}");
        }
    }
}
