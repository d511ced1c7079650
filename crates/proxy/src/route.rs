mod text;

use std::fmt;
use std::time::Duration;

use http::{Method, Uri};
use thiserror::Error;
use url::Url;

use crate::Path;

/// A part of this origin that is forwarded to an API.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own, and any of them go together"
)]
pub struct Route {
    /// The beginning of the paths, with a slash at its end: `/api/orders/`.
    pub prefix: String,
    /// What takes the place of the prefix, with a slash at its end: `https://orders.internal/v2/`.
    pub upstream: Url,
    /// The methods that are forwarded.
    pub methods: Vec<Method>,
    /// Who may call.
    pub who: Who,
    /// The largest body of a request, in bytes.
    pub max_body: u64,
    /// How long a body may stand still in either direction, and how long the answer to a whole request may take to
    /// begin.
    pub timeout: Duration,
    /// Whether the access token of the session goes along.
    pub token: bool,
    /// Whether the answers may be pages and scripts of this origin. Otherwise a browser runs none of them.
    pub pages: bool,
    /// The other origins whose pages may call.
    pub origins: Origins,
    /// Whether the API is spoken to in HTTP/2 at once (prior knowledge, RFC 9113, section 3.3). An `https` address
    /// needs no such setting: there, both sides agree on a version.
    pub http2: bool,
    /// Whether requests for a WebSocket are forwarded.
    pub websocket: bool,
}

/// Which pages of other origins may call, and read the answers (CORS).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// None.
    Closed,
    /// Those of these origins, each as its `Origin` header says it, in the name of the person.
    Listed(Vec<String>),
    /// All, in nobody's name.
    All,
}

/// Who may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Everybody. The token goes along where there is one.
    Anyone,
    /// Whoever is signed in, and everybody else as a guest, whose session begins with the first request.
    Guest,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever is signed in and has this role.
    Role(String),
}

/// What is wrong with the text of a route.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}`: {problem}")]
pub struct InvalidRoute {
    /// The text of the route.
    pub text: String,
    /// What is wrong with it, and what is right.
    pub problem: String,
}

impl Route {
    /// The address that a path leads to, if the path is below the prefix, or is the prefix without its slash. What
    /// follows the prefix, and the query, are sent exactly as they are here.
    pub fn target(&self, path: &Path, query: Option<&str>) -> Option<Uri> {
        let (base, rest) = (self.upstream.path(), rest(&self.prefix, path.as_str())?);
        // SECURITY: no library that resolves or escapes anything reads the path from here on, and it has no dots.
        let mut whole = match (rest, base.trim_end_matches('/')) {
            (Some(rest), _) => format!("{base}{rest}"),
            (None, "") => "/".to_owned(),
            (None, folder) => folder.to_owned(),
        };
        if let Some(query) = query {
            whole.push('?');
            whole.push_str(query);
        }
        let here = Uri::builder().scheme(self.upstream.scheme()).authority(self.upstream.authority());
        here.path_and_query(whole).build().ok()
    }

    /// The path of this origin that leads to an address below the upstream, for redirects.
    pub(crate) fn path_of(&self, url: &Url) -> Option<String> {
        let is_here = url.origin() == self.upstream.origin();
        let rest = url.path().strip_prefix(self.upstream.path()).filter(|_| is_here)?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let fragment = url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
        let place = format!("{}{rest}{query}{fragment}", self.prefix);
        // SECURITY: a browser reads what follows two slashes, or a slash and a backslash, as the name of another site.
        (!place.starts_with("//") && !place.starts_with("/\\")).then_some(place)
    }

    pub(crate) fn covers(&self, path: &Path) -> bool {
        rest(&self.prefix, path.as_str()).is_some()
    }

    /// Whether it covers a path of which nothing but small letters is left, see [`Path::folded`].
    pub(crate) fn covers_folded(&self, folded: &str) -> bool {
        rest(&self.prefix.to_ascii_lowercase(), folded).is_some()
    }
}

/// The part of the path below the prefix; `Some(None)` for the prefix without its slash.
#[expect(clippy::option_option, reason = "outside of the prefix, the prefix itself, and below it")]
fn rest<'a>(prefix: &str, path: &'a str) -> Option<Option<&'a str>> {
    if let Some(rest) = path.strip_prefix(prefix) {
        return Some(Some(rest));
    }
    let bare = prefix.strip_suffix('/').filter(|bare| !bare.is_empty());
    (bare == Some(path)).then_some(None)
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::Guest => f.write_str("guest"),
            Self::SignedIn => f.write_str("signed-in"),
            Self::Role(role) => write!(f, "role:{role}"),
        }
    }
}

/// As it is written in the configuration, with every option.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            prefix,
            upstream,
            methods,
            who,
            max_body,
            timeout,
            token,
            pages,
            origins,
            http2,
            websocket,
        } = self;
        let methods: Vec<_> = methods.iter().map(Method::as_str).collect();
        let choice = |is_chosen: bool| if is_chosen { "yes" } else { "no" };
        write!(
            f,
            "{prefix}={upstream} methods={} who={who} body={max_body} timeout={}ms token={} pages={} \
             http2={} upgrade={}",
            methods.join(","),
            timeout.as_millis(),
            choice(*token),
            choice(*pages),
            choice(*http2),
            if *websocket { "websocket" } else { "none" }
        )?;
        match origins {
            Origins::Closed => Ok(()),
            Origins::Listed(listed) => write!(f, " origins={}", listed.join(",")),
            Origins::All => f.write_str(" origins=*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(text: &str) -> Route {
        text.parse().unwrap()
    }

    #[test]
    fn the_prefix_is_replaced_and_nothing_else() {
        let path = |text| Path::normalised(text).unwrap();
        let orders = route("/api/orders/=https://orders.internal/v2/");
        for (from, query, to) in [
            ("/api/orders/7", None, Some("https://orders.internal/v2/7")),
            ("/api/orders/", Some("page=2"), Some("https://orders.internal/v2/?page=2")),
            ("/api/orders", Some("a=%2F..%2F"), Some("https://orders.internal/v2?a=%2F..%2F")),
            ("/api/ordersx", None, None),
            ("/api/", None, None),
            ("/api/orders/a;b=c/%5B1%5D", None, Some("https://orders.internal/v2/a;b=c/%5B1%5D")),
            ("/api/orders/https:", None, Some("https://orders.internal/v2/https:")),
            ("/api/orders/a|b^c'd", Some("q='%00'"), Some("https://orders.internal/v2/a|b^c'd?q='%00'")),
            ("/api/orders/@evil.example", None, Some("https://orders.internal/v2/@evil.example")),
        ] {
            let target = orders.target(&path(from), query).map(|uri| uri.to_string());
            assert_eq!(target.as_deref(), to, "{from}");
        }
        let all = route("/=http://127.0.0.1:8080/");
        assert_eq!(all.target(&path("/"), None).unwrap(), "http://127.0.0.1:8080/");
        assert_eq!(all.target(&path("/a"), Some("")).unwrap(), "http://127.0.0.1:8080/a?");
        let bare = route("/api/=http://[::1]:8080/");
        assert_eq!(bare.target(&path("/api"), None).unwrap(), "http://[::1]:8080/");
    }

    #[test]
    fn a_redirect_below_the_upstream_is_one_below_the_prefix() {
        let orders = route("/api/orders/=https://orders.internal/v2/");
        let mapped = |url: &str| orders.path_of(&url.parse().unwrap());
        assert_eq!(mapped("https://orders.internal/v2/8?x=1").as_deref(), Some("/api/orders/8?x=1"));
        assert_eq!(mapped("https://orders.internal/admin"), None);
        assert_eq!(mapped("https://elsewhere.example/v2/8"), None);
    }
}
