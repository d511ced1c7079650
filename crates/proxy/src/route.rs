use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::Method;
use thiserror::Error;
use url::Url;

use crate::Path;

/// The methods that are forwarded where a route names none. `CONNECT` and `TRACE` never are.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
const BODY: u64 = 10 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);
/// Nobody waits longer for the beginning of an answer.
const LONGEST_TIMEOUT: Duration = Duration::from_mins(10);

/// A part of this origin that is forwarded to an API.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// How long a body may stand still in either direction, and how long the answer to a whole request may take to begin.
    pub timeout: Duration,
    /// Whether the access token of the session goes along.
    pub token: bool,
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
    /// The address that a path leads to, if the path is below the prefix, or is the prefix without its slash.
    pub fn target(&self, path: &Path, query: Option<&str>) -> Option<Url> {
        let rest = self.rest(path.as_str())?;
        let mut url = self.upstream.clone();
        let whole = match rest {
            Some(rest) => format!("{}{rest}", url.path()),
            None => url.path().trim_end_matches('/').to_owned(),
        };
        url.set_path(&whole);
        url.set_query(query);
        // SECURITY: nobody leaves the upstream path by a spelling that only the URL parser knows.
        let stays = url.path() == whole || whole.is_empty();
        stays.then_some(url)
    }

    /// The path of this origin that leads to an address below the upstream, for redirects.
    pub(crate) fn path_of(&self, url: &Url) -> Option<String> {
        let is_here = url.origin() == self.upstream.origin();
        let rest = url.path().strip_prefix(self.upstream.path()).filter(|_| is_here)?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Some(format!("{}{rest}{query}", self.prefix))
    }

    pub(crate) fn covers(&self, path: &Path) -> bool {
        self.rest(path.as_str()).is_some()
    }

    /// The part of the path below the prefix; `Some(None)` for the prefix without its slash.
    #[expect(clippy::option_option, reason = "outside of the prefix, the prefix itself, and below it")]
    fn rest<'a>(&self, path: &'a str) -> Option<Option<&'a str>> {
        if let Some(rest) = path.strip_prefix(&*self.prefix) {
            return Some(Some(rest));
        }
        let bare = self.prefix.strip_suffix('/').filter(|bare| !bare.is_empty());
        (bare == Some(path)).then_some(None)
    }
}

/// `/api/orders/=https://orders.internal/v2/ methods=GET,POST who=role:ADMIN body=1MiB timeout=10s token=no`, where
/// everything after the address may be left out.
impl FromStr for Route {
    type Err = InvalidRoute;

    fn from_str(text: &str) -> Result<Self, InvalidRoute> {
        let text = text.trim();
        read(text).map_err(|problem| InvalidRoute { text: shown(text), problem })
    }
}

/// Without what an address may have of a password.
fn shown(text: &str) -> String {
    match (text.find("://"), text.find('@')) {
        (Some(start), Some(end)) if start < end => format!("{}://...{}", &text[..start], &text[end..]),
        _ => text.to_owned(),
    }
}

fn read(text: &str) -> Result<Route, String> {
    let mut words = text.split_whitespace();
    let (prefix, upstream) = words
        .next()
        .and_then(|first| first.split_once('='))
        .ok_or("it begins with a path and an address: `/api/=https://api.internal/`")?;
    let mut route = Route {
        prefix: read_prefix(prefix)?,
        upstream: read_upstream(upstream)?,
        methods: METHODS.to_vec(),
        who: Who::SignedIn,
        max_body: BODY,
        timeout: TIMEOUT,
        token: true,
    };
    let mut seen = Vec::new();
    for word in words {
        let (name, value) = word.split_once('=').ok_or_else(|| format!("`{word}` is not an option"))?;
        if seen.contains(&name) {
            return Err(format!("`{name}` is there twice"));
        }
        seen.push(name);
        match name {
            "methods" => route.methods = read_methods(value)?,
            "who" => route.who = value.parse()?,
            "body" => route.max_body = read_size(value)?,
            "timeout" => route.timeout = read_timeout(value)?,
            "token" => route.token = read_choice(name, value)?,
            _ => {
                return Err(format!(
                    "`{name}` is not an option: there are methods, who, body, timeout and token"
                ));
            }
        }
    }
    if route.who == Who::Guest && !route.token {
        return Err(
            "`who=guest` begins sessions for their tokens, so `token=no` does not go with it".to_owned()
        );
    }
    Ok(route)
}

fn read_prefix(text: &str) -> Result<String, String> {
    let path =
        Path::normalised(text).map_err(|error| format!("the path `{text}` cannot be used: {error}"))?;
    if path.as_str() != text {
        return Err(format!("the path `{text}` is written `{}`", path.as_str()));
    }
    if text.ends_with('/') {
        Ok(text.to_owned())
    } else {
        Err(format!("the path `{text}` needs a slash at its end"))
    }
}

fn read_upstream(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("the address cannot be read: {error}"))?;
    let problem = if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        "the address is neither http nor https"
    } else if !url.username().is_empty() || url.password().is_some() {
        "the address has a name or a password, which would be sent to nobody"
    } else if url.query().is_some() || url.fragment().is_some() {
        "the address has a query or a fragment"
    } else if !url.path().ends_with('/') {
        "the address needs a slash at its end"
    } else {
        return Ok(url);
    };
    Err(problem.to_owned())
}

fn read_methods(text: &str) -> Result<Vec<Method>, String> {
    let read = |name: &str| match name.parse::<Method>() {
        Ok(Method::CONNECT | Method::TRACE) => Err(format!("`{name}` is never forwarded")),
        Ok(method) if name == name.to_ascii_uppercase() => Ok(method),
        _ => Err(format!("`{name}` is not a method: they are written in capitals")),
    };
    text.split(',').map(read).collect()
}

impl FromStr for Who {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("role:")) {
            ("anyone", _) => Ok(Self::Anyone),
            ("guest", _) => Ok(Self::Guest),
            ("signed-in", _) => Ok(Self::SignedIn),
            (_, Some(role)) if !role.is_empty() => Ok(Self::Role(role.to_owned())),
            _ => Err(format!("`who={text}` is none of anyone, guest, signed-in and role:NAME")),
        }
    }
}

fn read_size(text: &str) -> Result<u64, String> {
    let units = [("KiB", 1024), ("MiB", 1024 * 1024), ("GiB", 1024 * 1024 * 1024), ("", 1)];
    let read = units.into_iter().find_map(|(unit, factor)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(factor)
    });
    read.ok_or_else(|| format!("`body={text}` is not a size such as 512KiB or 10MiB"))
}

fn read_timeout(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000)];
    let read = units.into_iter().find_map(|(unit, factor)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(factor)
    });
    match read.map(Duration::from_millis) {
        Some(time) if !time.is_zero() && time <= LONGEST_TIMEOUT => Ok(time),
        Some(_) => Err(format!("`timeout={text}` is not between 1ms and 10m")),
        None => Err(format!("`timeout={text}` is not a time such as 500ms, 30s or 2m")),
    }
}

fn read_choice(name: &str, text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(format!("`{name}={text}` is neither yes nor no")),
    }
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
        let Self { prefix, upstream, methods, who, max_body, timeout, token } = self;
        let methods: Vec<_> = methods.iter().map(Method::as_str).collect();
        let (methods, token) = (methods.join(","), if *token { "yes" } else { "no" });
        write!(
            f,
            "{prefix}={upstream} methods={methods} who={who} body={max_body} timeout={}ms token={token}",
            timeout.as_millis()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(text: &str) -> Route {
        text.parse().unwrap()
    }

    #[test]
    fn a_route_needs_a_path_and_an_address() {
        let short = route("/api/orders/=https://orders.internal/v2/");
        assert_eq!((short.who, short.token, short.timeout), (Who::SignedIn, true, TIMEOUT));
        assert_eq!(short.methods, METHODS);
        let long =
            route("/a/=http://b:8080/ methods=GET,PURGE who=role:ADMIN body=512KiB timeout=2m token=no");
        assert_eq!(long.methods, [Method::GET, "PURGE".parse::<Method>().unwrap()]);
        assert_eq!((long.max_body, long.timeout), (512 * 1024, Duration::from_mins(2)));
        assert_eq!((&long.who, long.token), (&Who::Role("ADMIN".to_owned()), false));
        assert_eq!(route(&long.to_string()), long);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, problem) in [
            ("", "begins with a path and an address"),
            ("/api/", "begins with a path and an address"),
            ("/api=https://a/", "needs a slash at its end"),
            ("/a/../=https://a/", "a segment of the path is `.` or `..`"),
            ("/%61/=https://a/", "is written `/a/`"),
            ("/api/=ftp://a/", "neither http nor https"),
            ("/api/=https://a/v2", "the address needs a slash"),
            ("/api/=https://a/?b=c", "a query"),
            ("/api/=https://user:secret@a/", "a name or a password"),
            ("/api/=https://a/ methods=get", "written in capitals"),
            ("/api/=https://a/ methods=TRACE", "never forwarded"),
            ("/api/=https://a/ who=admin", "none of anyone"),
            ("/api/=https://a/ who=role:", "none of anyone"),
            ("/api/=https://a/ body=10MB", "not a size"),
            ("/api/=https://a/ timeout=0s", "between"),
            ("/api/=https://a/ timeout=11m", "between"),
            ("/api/=https://a/ timeout=10", "not a time"),
            ("/api/=https://a/ token=maybe", "neither yes nor no"),
            ("/api/=https://a/ retries=3", "there are methods"),
            ("/api/=https://a/ token=yes token=no", "twice"),
            ("/api/=https://a/ who=guest token=no", "does not go with it"),
        ] {
            let error = text.parse::<Route>().unwrap_err();
            assert!(error.problem.contains(problem), "{text}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
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
        ] {
            assert_eq!(orders.target(&path(from), query).map(String::from).as_deref(), to, "{from}");
        }
        let all = route("/=http://127.0.0.1:8080/");
        assert_eq!(all.target(&path("/"), None).unwrap().as_str(), "http://127.0.0.1:8080/");
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
