//! How a route is written in the configuration.

use std::str::FromStr;
use std::time::Duration;

use http::Method;
use ironleaf_bff::PublicOrigin;
use url::Url;

use super::{InvalidRoute, Origins, Route, Who};
use crate::Path;

/// The methods that are forwarded where a route names none. `CONNECT` and `TRACE` never are.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
const BODY: u64 = 10 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);
/// Nobody waits longer for the beginning of an answer.
const LONGEST_TIMEOUT: Duration = Duration::from_mins(10);

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
        pages: false,
        origins: Origins::Closed,
        http2: false,
        websocket: false,
    };
    let mut seen = Vec::new();
    for word in words {
        let (name, value) = word
            .split_once('=')
            .ok_or_else(|| format!("`{word}` is not an option: they are written as `name=value`"))?;
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
            "pages" => route.pages = read_choice(name, value)?,
            "origins" => route.origins = read_origins(value)?,
            "http2" => route.http2 = read_choice(name, value)?,
            "upgrade" => route.websocket = read_upgrade(value)?,
            _ => {
                return Err(format!(
                    "`{name}` is not an option: there are methods, who, body, timeout, token, pages, origins, http2 and \
                     upgrade"
                ));
            }
        }
    }
    together(&route)?;
    Ok(route)
}

/// Checks what several options mean together.
fn together(route: &Route) -> Result<(), String> {
    let problem = if route.who == Who::Guest && !route.token {
        "`who=guest` begins sessions for their tokens, so `token=no` does not go with it: leave one of them out"
    } else if route.origins == Origins::All && (route.token || route.who != Who::Anyone) {
        "`origins=*` would let every site call in the name of whoever visits it: write the origins, or add \
         `who=anyone token=no`"
    } else if route.http2 && route.upstream.scheme() == "https" {
        "`http2=yes` is for http addresses: leave it out, because https agrees on HTTP/2 by itself"
    } else {
        return Ok(());
    };
    Err(problem.to_owned())
}

fn read_upgrade(text: &str) -> Result<bool, String> {
    match text {
        "websocket" => Ok(true),
        "none" => Ok(false),
        _ => Err(format!("`upgrade={text}` is neither websocket nor none")),
    }
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
        Err(format!("the path `{text}` needs a slash at its end: `{text}/`"))
    }
}

fn read_upstream(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| {
        format!("the address cannot be read ({error}): it is written as `https://api.internal/v2/`")
    })?;
    let problem = if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        "the address is neither http nor https: it is written as `https://api.internal/v2/`"
    } else if !url.username().is_empty() || url.password().is_some() {
        "the address has a name or a password, which would be sent to nobody: leave them out"
    } else if url.query().is_some() || url.fragment().is_some() {
        "the address has a query or a fragment: it ends with its path"
    } else if !url.path().ends_with('/') {
        "the address needs a slash at its end, because what follows the path is put there"
    } else {
        return Ok(url);
    };
    Err(problem.to_owned())
}

fn read_methods(text: &str) -> Result<Vec<Method>, String> {
    let read = |name: &str| match name.parse::<Method>() {
        Ok(Method::CONNECT | Method::TRACE) => Err(format!("`{name}` is never forwarded")),
        Ok(method) if name == name.to_ascii_uppercase() => Ok(method),
        _ => Err(format!("`{name}` is not a method: they are written in capitals, as in `methods=GET,POST`")),
    };
    let mut methods: Vec<_> = text.split(',').map(read).collect::<Result<_, _>>()?;
    // Whoever may read something may ask how long it is (RFC 9110, section 9.3.2).
    if methods.contains(&Method::GET) && !methods.contains(&Method::HEAD) {
        methods.push(Method::HEAD);
    }
    Ok(methods)
}

/// In the form of the `Origin` header, because that is what they are compared with.
fn read_origins(text: &str) -> Result<Origins, String> {
    if text == "*" {
        return Ok(Origins::All);
    }
    let read = |text: &str| match text.parse::<PublicOrigin>() {
        Ok(origin) if origin.as_str() == text => Ok(text.to_owned()),
        Ok(origin) => Err(format!("the origin `{text}` is written `{}`", origin.as_str())),
        Err(error) => Err(format!("`{text}` is not an origin: {error}")),
    };
    Ok(Origins::Listed(text.split(',').map(read).collect::<Result<_, _>>()?))
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
        _ => Err(format!("`{name}={text}` is neither `{name}=yes` nor `{name}=no`")),
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
        let long = route(
            "/a/=http://b:8080/ methods=GET,PURGE who=role:ADMIN body=512KiB timeout=2m token=no http2=yes",
        );
        assert_eq!(long.methods, [Method::GET, "PURGE".parse::<Method>().unwrap(), Method::HEAD]);
        assert_eq!((long.max_body, long.timeout), (512 * 1024, Duration::from_mins(2)));
        assert_eq!((&long.who, long.token), (&Who::Role("ADMIN".to_owned()), false));
        assert!(long.http2 && !short.http2);
        assert_eq!(route(&long.to_string()), long);
        let files = route("/a/=http://b/ who=anyone token=no pages=yes");
        assert!(files.pages && !short.pages && !route("/a/=http://b/ who=anyone token=no").pages);
        assert_eq!(route(&files.to_string()), files);
        let sockets = route("/a/=http://b/ upgrade=websocket");
        assert!(sockets.websocket && !short.websocket);
        assert_eq!(route(&sockets.to_string()), sockets);
        let listed = route("/a/=http://b/ origins=https://a.example,http://b.example:8080");
        let origins = ["https://a.example", "http://b.example:8080"].map(str::to_owned).to_vec();
        assert_eq!((listed.origins.clone(), short.origins), (Origins::Listed(origins), Origins::Closed));
        assert_eq!(route(&listed.to_string()), listed);
        let public = route("/a/=http://b/ who=anyone token=no origins=*");
        assert_eq!((route(&public.to_string()), &public.origins), (public.clone(), &Origins::All));
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
            ("/api/=https://a/ token=maybe", "neither `token=yes` nor `token=no`"),
            ("/api/=https://a/ pages=all", "neither `pages=yes` nor `pages=no`"),
            ("/api/=https://a/ upgrade=h2c", "neither websocket nor none"),
            ("/api/=https://a/ retries=3", "there are methods"),
            ("/api/=https://a/ token=yes token=no", "twice"),
            ("/api/=https://a/ who=guest token=no", "does not go with it"),
            ("/api/=https://a/ origins=*", "add `who=anyone token=no`"),
            ("/api/=https://a/ origins=https://b.example/", "is written `https://b.example`"),
            ("/api/=https://a/ origins=b.example", "is not an origin"),
            ("/api/=https://a/ origins=null", "is not an origin"),
            ("/api/=https://a/ http2=yes", "leave it out"),
            ("/api/=https://a/ http2=1", "`http2=yes` nor `http2=no`"),
            ("/api/=https://a/ fast", "as `name=value`"),
            ("/api/=https://a /", "as `name=value`"),
        ] {
            let error = text.parse::<Route>().unwrap_err();
            assert!(error.problem.contains(problem), "{text}: {error}");
            assert!(
                text.contains("secret") || error.to_string().contains(text),
                "the route is named: {error}"
            );
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
