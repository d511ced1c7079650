//! Signs a person in with HTTP alone: follows redirects, sends forms and keeps cookies, as a browser without scripts does.

// What it reads of a page is what the tests of the application read.
#[path = "../../../../server/tests/peers/html.rs"]
mod html;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;

use self::html::{Form, form_with_button, refresh_target};
use crate::bench::http::{self, Answer};
use crate::failure::{Failure, Result};

/// More than any sign-in takes.
const MOST_STEPS: usize = 20;

/// The cookies of each host and port.
#[derive(Default)]
pub(super) struct Browser {
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

pub(super) struct Page {
    authority: String,
    path: String,
    answer: Answer,
}

impl Browser {
    /// Opens an address such as `http://127.0.0.1:3000/login`, and follows where it leads.
    ///
    /// # Errors
    ///
    /// If something does not answer, or leads nowhere.
    pub(super) fn open(&mut self, url: &str) -> Result<Page> {
        self.arrive("GET", url, None)
    }

    /// Presses the button of a page.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and if there is no such button.
    pub(super) fn press(&mut self, page: &Page, button: &str) -> Result<Page> {
        let Page { authority, path, answer } = page;
        let Form { action, fields } = form_with_button(&answer.text(), button).ok_or_else(|| {
            Failure::new(format!(
                "http://{authority}{path} is answered with {} and has no button `{button}`.",
                answer.status
            ))
        })?;
        let url = joined(authority, path, &action)?;
        let pairs = fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        self.arrive("POST", &url, Some(pairs.collect::<Vec<_>>().join("&")))
    }

    /// The value of the `Cookie` header for a server.
    pub(super) fn cookies(&self, server: SocketAddr) -> String {
        let cookies = self.cookies.get(&server.to_string()).into_iter().flatten();
        cookies.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Takes over the cookies that an answer sets.
    pub(super) fn keep(&mut self, authority: &str, answer: &Answer) {
        let cookies = self.cookies.entry(authority.to_owned()).or_default();
        for line in answer.all("set-cookie") {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            let attributes = attributes.to_ascii_lowercase();
            if value.is_empty()
                || attributes.contains("max-age=0")
                || attributes.contains("expires=thu, 01 jan 1970")
            {
                cookies.remove(name.trim());
            } else {
                cookies.insert(name.trim().to_owned(), value.to_owned());
            }
        }
    }

    fn arrive(&mut self, method: &str, url: &str, form: Option<String>) -> Result<Page> {
        let (mut method, mut url, mut form) = (method, url.to_owned(), form);
        for _ in 0..MOST_STEPS {
            let (authority, path) = split(&url)?;
            let answer = self.step(method, &authority, &path, form.take())?;
            self.keep(&authority, &answer);
            let place = answer.all("location").next().map(str::to_owned);
            let Some(place) = place.or_else(|| refresh_target(&answer.text())) else {
                return Ok(Page { authority, path, answer });
            };
            // RFC 9110, section 15.4.4: a GET follows a 303.
            method = "GET";
            url = joined(&authority, &path, &place)?;
        }
        Err(Failure::new(format!("A sign-in goes round in circles at {url}.")))
    }

    fn step(&self, method: &str, authority: &str, path: &str, form: Option<String>) -> Result<Answer> {
        let silent = |error| Failure::new(format!("http://{authority}{path} has no answer: {error}"));
        // Loopback has one address here, whatever its name.
        let address = authority.replace("localhost", "127.0.0.1");
        let address: SocketAddr =
            address.parse().map_err(|_| Failure::new(format!("`{authority}` is elsewhere.")))?;
        let cookies = self.cookies.get(authority).into_iter().flatten();
        let cookies: Vec<_> = cookies.map(|(name, value)| format!("{name}={value}")).collect();
        let (cookies, form) = (cookies.join("; "), form.unwrap_or_default());
        let length = form.len().to_string();
        let mut headers = vec![("Accept", "text/html"), ("Sec-Fetch-Site", "same-origin")];
        if !cookies.is_empty() {
            headers.push(("Cookie", &cookies));
        }
        if method == "POST" {
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
            headers.push(("Content-Length", &length));
        }
        let request = http::head(method, authority, path, &headers) + &form;
        http::connect(address).and_then(|connection| connection.ask(&request)).map_err(silent)
    }
}

impl Page {
    /// # Errors
    ///
    /// If it is not the page with this path, shown with 200.
    pub(super) fn expect(&self, path: &str) -> Result<()> {
        if self.path == path && self.answer.status == 200 {
            return Ok(());
        }
        let Self { authority, path: reached, answer } = self;
        Err(Failure::new(format!("A sign-in ends at http://{authority}{reached} with {}.", answer.status)))
    }
}

/// Host with port, and path with query.
fn split(url: &str) -> Result<(String, String)> {
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| Failure::new(format!("`{url}` is not an address of this run.")))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = path.split('#').next().unwrap_or_default();
    let slash = if path.starts_with('/') { "" } else { "/" };
    Ok((authority.to_owned(), format!("{slash}{path}")))
}

/// Where a reference on a page leads (RFC 3986, section 5.2), as far as these servers write them.
fn joined(authority: &str, path: &str, reference: &str) -> Result<String> {
    match reference {
        "" => Ok(format!("http://{authority}{path}")),
        _ if reference.starts_with("http://") => Ok(reference.to_owned()),
        _ if reference.starts_with('/') => Ok(format!("http://{authority}{reference}")),
        _ => Err(Failure::new(format!("`{reference}` at http://{authority}{path} is not followed."))),
    }
}

/// As in a form (WHATWG URL, `application/x-www-form-urlencoded`).
fn escaped(text: &str) -> String {
    let mut written = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
            written.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(written, "%{byte:02X}");
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(cookies: &[&str]) -> Answer {
        let headers = cookies.iter().map(|line| ("set-cookie".to_owned(), (*line).to_owned())).collect();
        Answer { status: 200, headers, body: Vec::new() }
    }

    #[test]
    fn an_address_has_a_host_and_a_path() {
        let both = |url| split(url).unwrap();
        assert_eq!(both("http://a:1/b?c=d#e"), ("a:1".to_owned(), "/b?c=d".to_owned()));
        assert_eq!(both("http://a:1"), ("a:1".to_owned(), "/".to_owned()));
        assert_eq!(both("http://a:1?b"), ("a:1".to_owned(), "/?b".to_owned()));
        assert!(split("https://a/").unwrap_err().to_string().contains("`https://a/`"));
    }

    #[test]
    fn a_reference_leads_on_from_its_page() {
        let from_page = |reference| joined("a:1", "/b?c", reference).unwrap();
        assert_eq!(from_page(""), "http://a:1/b?c");
        assert_eq!(from_page("/d"), "http://a:1/d");
        assert_eq!(from_page("http://e:2/f"), "http://e:2/f");
        assert!(joined("a:1", "/", "mailto:b").is_err());
    }

    #[test]
    fn cookies_stay_until_they_are_removed_and_go_to_their_server_only() {
        let (mut browser, server) = (Browser::default(), "127.0.0.1:80".parse().unwrap());
        browser.keep("127.0.0.1:80", &answer(&["a=1; Path=/", "b=2=2; HttpOnly", "c=3"]));
        browser.keep("127.0.0.1:81", &answer(&["d=4"]));
        assert_eq!(browser.cookies(server), "a=1; b=2=2; c=3");
        let removed = ["a=x; Max-Age=0", "b=", "c=y; expires=Thu, 01 Jan 1970 00:00:00 GMT", "e=5"];
        browser.keep("127.0.0.1:80", &answer(&removed));
        assert_eq!(browser.cookies(server), "e=5");
    }

    #[test]
    fn a_form_is_escaped() {
        assert_eq!(escaped("a b&c=ä*"), "a%20b%26c%3D%C3%A4*");
    }
}
