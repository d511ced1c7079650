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
    /// Two routes have the same prefix.
    #[error("two routes begin with `{0}`")]
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
                Ok(route) if routes.iter().any(|known| known.prefix == route.prefix) => {
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
    pub fn find(&self, uri: &Uri) -> Result<Option<(usize, &Route, Path)>, BadPath> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let path = Path::normalised(uri.path())?;
        let found = self.0.iter().enumerate().find(|(_, route)| route.covers(&path));
        Ok(found.map(|(index, route)| (index, route, path)))
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
