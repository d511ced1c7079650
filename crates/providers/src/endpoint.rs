//! Addresses of an API below its base URL, and requests to them.

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use ironleaf_auth::{Request, TransportError};
use serde_json::Value;
use url::Url;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The URL of a path below the base URL. It is the same with and without a slash at the end of the base and at the
/// beginning of the path. One at the end of the path stays: some frameworks answer only with it.
#[cfg(any(feature = "cookie-api", feature = "jwt-sessions"))]
pub(crate) fn at_path(base: &Url, path: &str) -> Url {
    at_segments(base, path.trim_start_matches('/').split('/'))
}

/// The URL of these segments below the base URL. Each item stays one segment, whatever it contains.
pub(crate) fn at_segments<'a>(base: &Url, segments: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    let slashes = base.path().len() - base.path().trim_end_matches('/').len();
    // A URL that cannot have a path stays unchanged, and the transport refuses it.
    if let Ok(mut path) = url.path_segments_mut() {
        for _ in 0..slashes {
            path.pop_if_empty();
        }
        path.extend(segments);
    }
    url
}

/// A request without a caller, with a JSON body unless that is null.
pub(crate) fn request(method: Method, url: &Url, body: &Value) -> Result<Request, TransportError> {
    let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let built = http::Request::builder().method(method).uri(url.as_str()).body(bytes);
    let mut request = built.map_err(|error| TransportError::NotSent(error.to_string()))?;
    if !request.body().is_empty() {
        request.headers_mut().insert(CONTENT_TYPE, JSON);
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn base(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[cfg(any(feature = "cookie-api", feature = "jwt-sessions"))]
    #[test]
    fn a_slash_between_base_and_path_counts_once() {
        for (without_slash, origin) in
            [("https://api.test", "https://api.test"), ("https://api.test/v1", "https://api.test/v1")]
        {
            for slashes in ["", "/", "//"] {
                let base = base(&format!("{without_slash}{slashes}"));
                for path in ["auth/login", "/auth/login", "//auth/login"] {
                    assert_eq!(
                        at_path(&base, path).as_str(),
                        format!("{origin}/auth/login"),
                        "{base} {path}"
                    );
                }
            }
        }
    }

    #[cfg(any(feature = "cookie-api", feature = "jwt-sessions"))]
    #[test]
    fn what_stands_in_a_path_stays_there() {
        let base = base("https://api.test/a/b/");
        for (path, expected) in [
            ("login/", "https://api.test/a/b/login/"),
            ("/login/", "https://api.test/a/b/login/"),
            ("/login?next=1", "https://api.test/a/b/login%3Fnext=1"),
            ("/login#a", "https://api.test/a/b/login%23a"),
            ("/../login", "https://api.test/a/b/login"),
            ("https://other.test/login", "https://api.test/a/b/https://other.test/login"),
            ("//other.test/login", "https://api.test/a/b/other.test/login"),
        ] {
            assert_eq!(at_path(&base, path).as_str(), expected, "{path}");
        }
    }

    #[test]
    fn a_segment_stays_one() {
        for text in ["https://api.test/v1", "https://api.test/v1/", "https://api.test/v1//"] {
            let url = at_segments(&base(text), ["users", "a/b", "..", "50%"]);
            assert_eq!(url.as_str(), "https://api.test/v1/users/a%2Fb/50%25", "{text}");
        }
        assert_eq!(at_segments(&base("https://api.test"), ["a"]).as_str(), "https://api.test/a");
        assert_eq!(at_segments(&base("mailto:a@b.c"), ["a"]).as_str(), "mailto:a@b.c");
    }

    #[test]
    fn a_body_is_json_and_none_has_no_type() {
        let url = base("https://api.test/v1");
        let with_body = request(Method::POST, &url, &json!({ "a": 1 })).unwrap();
        assert_eq!(
            (with_body.body().as_ref(), &with_body.headers()[CONTENT_TYPE]),
            (br#"{"a":1}"#.as_slice(), &JSON)
        );
        let without = request(Method::GET, &url, &Value::Null).unwrap();
        assert!(without.body().is_empty() && without.headers().is_empty());
    }
}
