//! A browser without scripts. It follows redirects between the application and the provider, and keeps cookies.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, COOKIE, HOST, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, redirect};
use tokio::time::Instant;
use url::Url;

use crate::html::{Form, form_with_button, refresh_target};
use crate::machine::pause;

const GIVE_UP_AFTER: Duration = Duration::from_secs(20);

/// How often, and for how long, somebody comes back to a page that cannot be shown.
const COME_BACK_AFTER: Duration = Duration::from_millis(500);
const COME_BACK_FOR: Duration = Duration::from_secs(90);

/// More steps than any sign-in or sign-out takes.
const MOST_STEPS: usize = 20;

/// Host, path and name of a cookie: ports do not count.
type Key = (String, String, String);

#[derive(Clone)]
pub(crate) struct Browser {
    client: Client,
    /// The replicas of the application. All have the origin of the first one.
    doors: Arc<[SocketAddr]>,
    /// The replica that a load balancer would choose now.
    pub(crate) door: usize,
    cookies: BTreeMap<Key, String>,
}

/// The page at which the browser has arrived.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) text: String,
    /// Every address on the way.
    pub(crate) steps: Vec<Url>,
}

impl Page {
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    fn form(&self, button: &str) -> Form {
        form_with_button(&self.text, button).unwrap_or_else(|| {
            panic!("no button `{button}` at {} ({}): {}", self.url, self.status, self.text)
        })
    }
}

impl Browser {
    pub(crate) fn new(doors: &[SocketAddr]) -> Self {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .timeout(GIVE_UP_AFTER)
            .build()
            .unwrap();
        Self { client, doors: doors.into(), door: 0, cookies: BTreeMap::new() }
    }

    /// Opens a path of the application.
    pub(crate) async fn open(&mut self, path: &str) -> Page {
        let url = format!("http://{}{path}", self.doors[0]);
        self.visit(url.parse().unwrap()).await
    }

    /// Opens it again for as long as the answer is a 503.
    pub(crate) async fn open_until_served(&mut self, path: &str) -> Page {
        let deadline = Instant::now() + COME_BACK_FOR;
        loop {
            let page = self.open(path).await;
            if page.status != 503 || Instant::now() > deadline {
                return page;
            }
            pause(COME_BACK_AFTER).await;
        }
    }

    /// Follows a link or an entry of the history.
    pub(crate) async fn visit(&mut self, url: Url) -> Page {
        self.arrive(Method::GET, url, None, "none").await
    }

    /// Presses a button of a page.
    pub(crate) async fn press(&mut self, page: &Page, button: &str) -> Page {
        self.fill_and_press(page, button, &[]).await
    }

    /// Fills in fields, and presses a button.
    pub(crate) async fn fill_and_press(&mut self, page: &Page, button: &str, typed: &[(&str, &str)]) -> Page {
        let Form { action, mut fields } = page.form(button);
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let url = page.url.join(&action).unwrap();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.arrive(Method::POST, url, Some(body), "same-origin").await
    }

    async fn arrive(&mut self, method: Method, url: Url, form: Option<String>, site: &str) -> Page {
        let (mut method, mut url, mut form) = (method, url, form);
        let mut steps = Vec::new();
        while steps.len() < MOST_STEPS {
            steps.push(url.clone());
            let (status, location, text) = self.step(&method, &url, form.take(), site).await;
            let next = location.or_else(|| refresh_target(&text));
            let Some(next) = next else { return Page { url, status, text, steps } };
            // RFC 9110, section 15.4.4: what follows a 303 is a GET.
            method = Method::GET;
            url = url.join(&next).unwrap();
        }
        panic!("it goes round in circles: {steps:?}");
    }

    async fn step(
        &mut self,
        method: &Method,
        url: &Url,
        form: Option<String>,
        site: &str,
    ) -> (u16, Option<String>, String) {
        let authority = format!("{}:{}", url.host_str().unwrap(), url.port_or_known_default().unwrap());
        let is_ours = authority == self.doors[0].to_string();
        let mut sent_to = url.clone();
        if is_ours {
            sent_to.set_port(Some(self.doors[self.door % self.doors.len()].port())).unwrap();
        }
        let host = url.host_str().unwrap();
        let goes_along = |(of, path, _): &Key| {
            let rest = url.path().strip_prefix(path.as_str());
            of == host
                && rest.is_some_and(|rest| rest.is_empty() || path.ends_with('/') || rest.starts_with('/'))
        };
        let sent = self.cookies.iter().filter(|(key, _)| goes_along(key));
        let cookies: Vec<_> = sent.map(|((_, _, name), value)| format!("{name}={value}")).collect();
        let mut request = self
            .client
            .request(method.clone(), sent_to)
            .header(HOST, &authority)
            .header(ACCEPT, "text/html")
            .header("sec-fetch-site", site);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(form) = form {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{method} {url}: {error:?}"));
        for cookie in answer.headers().get_all(SET_COOKIE) {
            self.keep(host, cookie.to_str().unwrap());
        }
        let location = answer.headers().get(LOCATION).map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), location, answer.text().await.unwrap_or_default())
    }

    fn keep(&mut self, host: &str, set_cookie: &str) {
        let (pair, attributes) = set_cookie.split_once(';').unwrap_or((set_cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        let path = attributes.split(';').find_map(|attribute| {
            let (name, value) = attribute.trim().split_once('=')?;
            name.eq_ignore_ascii_case("path").then_some(value)
        });
        let key = (host.to_owned(), path.unwrap_or("/").to_owned(), name.to_owned());
        let attributes = attributes.to_ascii_lowercase();
        if attributes.contains("max-age=0") || attributes.contains("expires=thu, 01 jan 1970") {
            self.cookies.remove(&key);
        } else {
            self.cookies.insert(key, value.to_owned());
        }
    }

    /// The names of the application's cookies that belong to attempts to sign in.
    pub(crate) fn attempts(&self) -> usize {
        self.cookies.keys().filter(|(_, _, name)| name.contains("ironleaf-redirect")).count()
    }
}
