use http::Uri;
use thiserror::Error;

use crate::{BadPath, InvalidRoute, Path, Route};

/// Every route. The longest prefix of a path decides, and what no route names is not forwarded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes(Vec<Route>);

/// Why a list of routes cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidRoutes {
    /// A route cannot be read.
    #[error(transparent)]
    Route(#[from] InvalidRoute),
    /// Two routes have the same prefix, or prefixes that differ in capitals only.
    #[error("two routes begin with `{0}`, in the same letters")]
    Twice(String),
}

impl Routes {
    /// From routes that are separated by semicolons or line ends. Empty ones are left out.
    ///
    /// # Errors
    ///
    /// Every problem, not only the first.
    pub fn parse(text: &str) -> Result<Self, Vec<InvalidRoutes>> {
        let written = text.split([';', '\n']).map(str::trim).filter(|route| !route.is_empty());
        let (mut routes, mut problems) = (Vec::<Route>::new(), Vec::new());
        for route in written.map(str::parse::<Route>) {
            match route {
                Ok(route) if routes.iter().any(|known| known.prefix.eq_ignore_ascii_case(&route.prefix)) => {
                    problems.push(InvalidRoutes::Twice(route.prefix));
                }
                Ok(route) => routes.push(route),
                Err(error) => problems.push(error.into()),
            }
        }
        // The longest comes first, so the first that fits is the one.
        routes.sort_by_key(|route| std::cmp::Reverse(route.prefix.len()));
        if problems.is_empty() { Ok(Self(routes)) } else { Err(problems) }
    }

    /// The route of a request, and the path in its normal form. `None`: it is not forwarded.
    ///
    /// # Errors
    ///
    /// [`BadPath`], also for a path that no route would name: nobody can tell.
    ///
    /// # Security
    ///
    /// Many servers cut parameters off (`/admin;x/` is `/admin/`), and some do not tell capitals from small letters. A
    /// path that would then be another route's is refused, because that route may let in fewer people.
    pub fn find(&self, uri: &Uri) -> Result<Option<(usize, &Route, Path)>, BadPath> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let path = Path::normalised(uri.path())?;
        let routes = || self.0.iter().enumerate();
        let Some((index, route)) = routes().find(|(_, route)| route.covers(&path)) else {
            return Ok(None);
        };
        let is_folded = |text: &str| !text.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b';');
        // Then the same route would be found again. An escaped semicolon has a capital.
        if is_folded(path.as_str()) && self.iter().all(|route| is_folded(&route.prefix)) {
            return Ok(Some((index, route, path)));
        }
        let folded = path.folded();
        match routes().find(|(_, route)| route.covers_folded(&folded)) {
            Some((other, _)) if other != index => Err(BadPath::OtherRoute),
            _ => Ok(Some((index, route, path))),
        }
    }

    /// The routes, the longest prefix first.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }

    /// Whether nothing is forwarded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_decides_whatever_the_order() {
        let routes = Routes::parse("/=http://a/; /api/=http://b/\n/api/orders/=http://c/").unwrap();
        let host = |path: &str| {
            let found = routes.find(&path.parse().unwrap()).unwrap();
            found.map(|(_, route, _)| route.upstream.host_str().unwrap().to_owned())
        };
        assert_eq!(host("/api/orders/7").as_deref(), Some("c"));
        assert_eq!(host("/api/%6frders/7").as_deref(), Some("c"));
        assert_eq!(host("/api/orders").as_deref(), Some("c"));
        assert_eq!(host("/api/ordersx").as_deref(), Some("b"));
        assert_eq!(host("/index.html").as_deref(), Some("a"));
        assert_eq!(routes.find(&"/api/../x".parse().unwrap()), Err(BadPath::Dots));
    }

    #[test]
    fn a_path_that_an_api_could_take_for_that_of_another_route_is_refused() {
        let routes =
            Routes::parse("/api/Admin/=http://a/admin/ who=role:ADMIN; /api/=http://a/; /x/=http://b/")
                .unwrap();
        let found =
            |path: &str| routes.find(&path.parse().unwrap()).map(|found| found.map(|(index, ..)| index));
        for path in [
            "/api/Admin;x/users",
            "/api/Admin;/users",
            "/api/Admin;",
            "/api/Admin%3Bx/users",
            "/api/Admin%3bx/users",
            "/api/admin/users",
            "/api/ADMIN",
            "/api/%41DMIN;a=b;c/users",
            "/api/;x/Admin/users",
            "/api/;/Admin",
        ] {
            assert_eq!(found(path), Err(BadPath::OtherRoute), "{path}");
        }
        for (path, index) in [
            ("/api/Admin/users", Some(0)),
            ("/api/Admin/Users;v=1", Some(0)),
            ("/api/Admin/;x/users", Some(0)),
            ("/api/administrators", Some(1)),
            ("/api/Orders;v=1/7", Some(1)),
            ("/api;x/Admin/users", None),
            ("/API/Admin/users", None),
        ] {
            assert_eq!(found(path), Ok(index), "{path}");
        }
    }

    #[test]
    fn two_routes_differ_by_more_than_capitals() {
        let problems = Routes::parse("/a/=http://a/; /A/=http://b/").unwrap_err();
        assert_eq!(problems, [InvalidRoutes::Twice("/A/".to_owned())]);
    }

    #[test]
    fn nothing_unlisted_is_forwarded() {
        let routes = Routes::parse("/api/=http://b/").unwrap();
        assert_eq!(routes.find(&"/other".parse().unwrap()), Ok(None));
        assert_eq!(Routes::default().find(&"/../x".parse().unwrap()), Ok(None));
    }

    #[test]
    fn every_problem_is_named() {
        let problems = Routes::parse("/a/=http://a/; /a/=http://b/; nonsense; /b/=ftp://c/").unwrap_err();
        assert_eq!(problems.len(), 3);
        assert_eq!(problems[0], InvalidRoutes::Twice("/a/".to_owned()));
    }
}
