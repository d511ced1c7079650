//! Which caches may keep an answer. Between the browser and here a request has no `Authorization`, by which caches know
//! that an answer is for one person (RFC 9111, section 3.5). So the answer has to say it.

use http::header::{CACHE_CONTROL, VARY};
use http::{HeaderMap, HeaderValue};

/// What an answer says about caches is kept. It is added:
///
/// - `Vary: Cookie`, if it says that it depends on `Authorization`, or if a route takes tokens along and nothing says
///   that the answer is everybody's.
/// - `private`, if it was given to a token and is not said to be everybody's.
/// - `no-store`, if it was given to a token and says nothing.
///
/// What is said to caches in front alone (RFC 9213, and the names from before it) is removed if a route takes tokens
/// along: such a cache would not read any of this.
pub(crate) fn restrict(headers: &mut HeaderMap, takes_tokens: bool, had_token: bool) {
    if !takes_tokens {
        return;
    }
    let targeted: Vec<_> = headers.keys().filter(|name| is_targeted(name.as_str())).cloned().collect();
    for name in targeted {
        headers.remove(name);
    }
    let is_everybodys = says(headers, &["public", "s-maxage"]);
    if had_token && !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    } else if had_token && !is_everybodys && !says(headers, &["private", "no-store"]) {
        headers.append(CACHE_CONTROL, HeaderValue::from_static("private"));
    }
    if !is_everybodys || depends_on_token(headers) {
        headers.append(VARY, HeaderValue::from_static("Cookie"));
    }
}

/// `CDN-Cache-Control`, that of one company, and what they had before there was a standard.
fn is_targeted(name: &str) -> bool {
    name.ends_with("-cache-control") || matches!(name, "surrogate-control" | "edge-control")
}

/// Whether the answer has one of these directives for the whole of it. `private="set-cookie"` is about a field alone.
fn says(headers: &HeaderMap, directives: &[&str]) -> bool {
    members(headers, &CACHE_CONTROL).any(|member| {
        let name = match member.split_once('=') {
            Some((name, _)) if name.trim().eq_ignore_ascii_case("s-maxage") => name.trim(),
            _ => member,
        };
        directives.iter().any(|directive| name.eq_ignore_ascii_case(directive))
    })
}

fn depends_on_token(headers: &HeaderMap) -> bool {
    members(headers, &VARY).any(|name| name.eq_ignore_ascii_case("authorization"))
}

/// The members of a list. A comma within quotation marks separates nothing (RFC 9110, section 5.6.4).
fn members<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| {
            let (mut is_quoted, mut is_escaped) = (false, false);
            value.split(move |letter| {
                let is_plain = !std::mem::take(&mut is_escaped);
                match letter {
                    '"' if is_plain => is_quoted = !is_quoted,
                    '\\' if is_plain => is_escaped = is_quoted,
                    _ => {}
                }
                letter == ',' && !is_quoted
            })
        })
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Cache-Control` and `Vary` of an answer that came with these.
    fn restricted(cache_control: &str, vary: &str, takes_tokens: bool, had_token: bool) -> (String, String) {
        let mut headers = HeaderMap::new();
        for (name, value) in [(CACHE_CONTROL, cache_control), (VARY, vary)] {
            if !value.is_empty() {
                headers.insert(name, HeaderValue::try_from(value).unwrap());
            }
        }
        restrict(&mut headers, takes_tokens, had_token);
        let text = |name| members(&headers, &name).collect::<Vec<_>>().join(", ");
        (text(CACHE_CONTROL), text(VARY))
    }

    #[test]
    fn no_shared_cache_keeps_what_was_given_to_a_token_unless_the_api_says_so() {
        for (cache_control, vary, kept, varies) in [
            ("", "", "no-store", "Cookie"),
            ("max-age=60", "Accept", "max-age=60, private", "Accept, Cookie"),
            ("max-age=60, must-revalidate", "", "max-age=60, must-revalidate, private", "Cookie"),
            ("no-cache", "", "no-cache, private", "Cookie"),
            ("Private, max-age=60", "", "Private, max-age=60", "Cookie"),
            ("no-store", "", "no-store", "Cookie"),
            ("public, max-age=60", "", "public, max-age=60", ""),
            ("s-maxage=60", "Authorization", "s-maxage=60", "Authorization, Cookie"),
            ("not-public", "", "not-public, private", "Cookie"),
            ("private=\"x-a\", max-age=60", "", "private=\"x-a\", max-age=60, private", "Cookie"),
            ("private=\"x-a, private, x-b\"", "", "private=\"x-a, private, x-b\", private", "Cookie"),
            ("no-cache=\"a, public\"", "", "no-cache=\"a, public\", private", "Cookie"),
            ("no-cache=\"a\\\", public, b\"", "", "no-cache=\"a\\\", public, b\", private", "Cookie"),
        ] {
            let expected = (kept.to_owned(), varies.to_owned());
            assert_eq!(restricted(cache_control, vary, true, true), expected, "{cache_control}");
        }
    }

    #[test]
    fn nothing_is_said_to_a_cache_in_front_alone() {
        let targeted = [
            "cdn-cache-control",
            "cloudflare-cdn-cache-control",
            "x-other-cache-control",
            "surrogate-control",
            "edge-control",
        ];
        let answer = || {
            let named = targeted
                .map(|name| (http::HeaderName::from_static(name), HeaderValue::from_static("max-age=60")));
            named
                .into_iter()
                .chain([(CACHE_CONTROL, HeaderValue::from_static("private"))])
                .collect::<HeaderMap>()
        };
        for had_token in [true, false] {
            let mut headers = answer();
            restrict(&mut headers, true, had_token);
            assert!(targeted.iter().all(|name| !headers.contains_key(*name)), "{headers:?}");
            assert!(headers.contains_key(CACHE_CONTROL));
        }
        let mut public = answer();
        restrict(&mut public, false, false);
        assert_eq!(public, answer());
    }

    #[test]
    fn an_answer_to_nobody_depends_on_the_cookie_where_others_get_another_one() {
        let same = |text: &str| text.to_owned();
        assert_eq!(restricted("max-age=60", "", true, false), (same("max-age=60"), same("Cookie")));
        assert_eq!(restricted("public", "", true, false), (same("public"), same("")));
        assert_eq!(restricted("max-age=60", "", false, false), (same("max-age=60"), same("")));
    }
}
