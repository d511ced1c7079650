//! The answer of the authorization server, in the query with which the browser comes back.

use std::borrow::Cow;
use std::fmt;

/// The parameters with which the authorization server sends the browser back (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Clone, Copy)]
pub struct RedirectAnswer<'a> {
    /// The `state` parameter. An error may come without it.
    pub state: Option<&'a str>,
    /// The `code` parameter, or the `error` parameter in its place.
    pub outcome: Result<&'a str, &'a str>,
    /// The `iss` parameter, if there is one.
    pub issuer: Option<&'a str>,
}

/// Prints neither state nor code.
impl fmt::Debug for RedirectAnswer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = self.outcome.map(|_| "a code").map_err(printable);
        f.debug_struct("RedirectAnswer").field("outcome", &outcome).finish_non_exhaustive()
    }
}

/// The query of the address that the authorization server sends the browser back to, as it was read.
///
/// A parameter that is there twice makes it the answer to no attempt (RFC 6749, section 3.1): nobody could say which of
/// the two another program on the way has seen.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RedirectQuery {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    issuer: Option<String>,
}

impl RedirectQuery {
    /// Reads a query, without its question mark. Other parameters are ignored.
    pub fn parse(query: &str) -> Self {
        let mut read = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let Some(parameter) = read.parameter(&name) else { continue };
            if parameter.replace(Cow::into_owned(value)).is_some() {
                return Self::default();
            }
        }
        read
    }

    fn parameter(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "state" => Some(&mut self.state),
            "code" => Some(&mut self.code),
            "error" => Some(&mut self.error),
            "iss" => Some(&mut self.issuer),
            _ => None,
        }
    }

    /// The answer that it carries. An error counts before a code.
    pub fn answer(&self) -> RedirectAnswer<'_> {
        let outcome = match (&self.error, &self.code) {
            (Some(error), _) => Err(error.as_str()),
            (None, Some(code)) => Ok(code.as_str()),
            (None, None) => Err(""),
        };
        RedirectAnswer { state: self.state.as_deref(), outcome, issuer: self.issuer.as_deref() }
    }
}

/// Prints neither state nor code.
impl fmt::Debug for RedirectQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedirectQuery").field(&self.answer()).finish()
    }
}

/// An error code of RFC 6749, section 4.1.2.1. Other text, which anybody can put into a link, is replaced.
pub(super) fn printable(error: &str) -> &str {
    let is_code = error.len() <= 64 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_code { error } else { "not an error code" }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (Option<String>, Result<String, String>, Option<String>);

    fn read(query: &str) -> Read {
        let query = RedirectQuery::parse(query);
        let RedirectAnswer { state, outcome, issuer } = query.answer();
        let text = str::to_owned;
        (state.map(text), outcome.map(text).map_err(text), issuer.map(text))
    }

    #[test]
    fn an_answer_is_read_whatever_comes_with_it() {
        let text = |text: &str| Some(text.to_owned());
        let some = |outcome: Result<&str, &str>| outcome.map(str::to_owned).map_err(str::to_owned);
        for (query, expected) in [
            ("code=c&state=s", (text("s"), some(Ok("c")), None)),
            (
                "session_state=x&iss=https%3A%2F%2Fid.test&state=a+b&code=%63",
                (text("a b"), some(Ok("c")), text("https://id.test")),
            ),
            ("error=access_denied&code=c&state=s", (text("s"), some(Err("access_denied")), None)),
            ("error=&state=s", (text("s"), some(Err("")), None)),
            ("state=s", (text("s"), some(Err("")), None)),
            ("", (None, some(Err("")), None)),
        ] {
            assert_eq!(read(query), expected, "{query}");
        }
    }

    #[test]
    fn a_parameter_that_is_there_twice_makes_it_the_answer_to_nothing() {
        for query in [
            "code=c&state=s&state=s",
            "state=s&code=c&code=d",
            "state=s&code=c&iss=a&iss=a",
            "error=a&state=s&error=b",
        ] {
            assert_eq!(read(query), (None, Err(String::new()), None), "{query}");
        }
        assert!(read("x=1&x=2&code=c&state=s").1.is_ok());
    }

    #[test]
    fn debug_prints_no_code() {
        for outcome in ["code=the-code", "error=the-code+is+not+one"] {
            let printed = format!("{:?}", RedirectQuery::parse(&format!("{outcome}&state=the-state")));
            assert!(!printed.contains("the-"), "{printed}");
        }
    }
}
