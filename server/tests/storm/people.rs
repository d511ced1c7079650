//! People with many tabs. The tests are judged by what these people see.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, LOCATION, RETRY_AFTER, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response, redirect};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::machine::pause;

/// The delay before a retry after a broken connection, and the limit for all retries.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(50);
const GIVE_UP_AFTER: Duration = Duration::from_secs(20);

/// Earlier than a 503 asks for, because impatience must not do harm.
const COME_BACK_AFTER: Duration = Duration::from_millis(250);

/// The core API hashes two passwords at a time. With more than a few waiting, a sign-in would exceed its deadline.
const SIGN_INS_AT_ONCE: usize = 8;

/// All browsers, which share one pool of connections to every replica.
#[derive(Clone)]
pub(crate) struct People {
    client: Client,
    doors: Arc<[SocketAddr]>,
    /// The origin's host, which does not depend on the replica.
    host: String,
}

pub(crate) type Cookies = BTreeMap<String, String>;

/// The cookies of one browser.
#[derive(Clone)]
pub(crate) struct Browser {
    /// The cookies after the last answer.
    pub(crate) cookies: Cookies,
    /// The cookies after the sign-in, as in a tab that has been asleep since.
    pub(crate) first_cookies: Cookies,
}

/// What a browser shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The person's account.
    Person,
    /// A 503 with a `Retry-After`.
    Unavailable,
    /// Anything else: the session is lost, or something is broken.
    Wrong(String),
}

pub(crate) struct Visit {
    pub(crate) page: Page,
    /// How often the connection broke before the answer.
    pub(crate) cut_off: usize,
    /// How many 503 answers came before.
    pub(crate) told_to_wait: usize,
    /// The duration of the last request only.
    pub(crate) took: Duration,
    set_cookies: Vec<String>,
}

impl Browser {
    /// Keeps the cookies of an answer.
    pub(crate) fn learn(&mut self, visit: &Visit) {
        keep(&mut self.cookies, &visit.set_cookies);
    }
}

impl People {
    pub(crate) fn new(doors: &[SocketAddr]) -> Self {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .timeout(GIVE_UP_AFTER)
            .build()
            .unwrap();
        Self { client, doors: doors.into(), host: doors[0].to_string() }
    }

    /// Signs in `count` people, each in their own browser.
    pub(crate) async fn sign_in(&self, count: usize) -> Vec<Browser> {
        let turns = Arc::new(Semaphore::new(SIGN_INS_AT_ONCE));
        let mut signing_in = JoinSet::new();
        for tab in 0..count {
            let turns = Arc::clone(&turns);
            let form = self.client.post(self.url(tab, "/api/sign-in"));
            let form = form
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body("email=user@test.com&password=password1");
            let sending = self.as_browser(form).send();
            signing_in.spawn(async move {
                let _turn = turns.acquire_owned().await.unwrap();
                let answer = sending.await.unwrap();
                assert_eq!((answer.status().as_u16(), location(&answer)), (303, "/"));
                let mut cookies = Cookies::new();
                keep(&mut cookies, &set_cookies(&answer));
                Browser { first_cookies: cookies.clone(), cookies }
            });
        }
        signing_in.join_all().await
    }

    /// Opens the account page in a tab. If a replica does not answer, the tab tries the next one.
    pub(crate) async fn visit(self, cookies: Cookies, tab: usize) -> Visit {
        self.visit_at("/account", cookies, tab).await
    }

    /// The same with another path that shows the person.
    pub(crate) async fn visit_at(self, path: &str, cookies: Cookies, tab: usize) -> Visit {
        let deadline = Instant::now() + GIVE_UP_AFTER;
        let cookies = header(&cookies);
        let mut cut_off = 0;
        loop {
            let asked = Instant::now();
            let request = self.client.get(self.url(tab + cut_off, path)).header(COOKIE, &cookies);
            let (page, set_cookies) = match read(self.as_browser(request)).await {
                Err(_) if asked < deadline => {
                    cut_off += 1;
                    pause(TRY_AGAIN_AFTER).await;
                    continue;
                }
                Err(error) => (Page::Wrong(format!("no answer: {error:?}")), Vec::new()),
                Ok(answer) => answer,
            };
            return Visit { page, cut_off, told_to_wait: 0, took: asked.elapsed(), set_cookies };
        }
    }

    /// Opens the account page, and repeats the request for as long as the answer is a 503.
    pub(crate) async fn visit_until_served(self, cookies: Cookies, tab: usize) -> Visit {
        let deadline = Instant::now() + GIVE_UP_AFTER;
        let (mut cut_off, mut told_to_wait) = (0, 0);
        loop {
            let visit = self.clone().visit(cookies.clone(), tab).await;
            cut_off += visit.cut_off;
            if visit.page != Page::Unavailable || Instant::now() > deadline {
                return Visit { cut_off, told_to_wait, ..visit };
            }
            told_to_wait += 1;
            pause(COME_BACK_AFTER).await;
        }
    }

    /// Sends the sign-in form without cookies.
    pub(crate) async fn try_to_sign_in(&self, door: usize, email: &str, password: &str) -> (u16, String) {
        let form = self.client.post(self.url(door, "/api/sign-in"));
        let form = form
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!("email={email}&password={password}"));
        let answer = self.as_browser(form).send().await.unwrap();
        (answer.status().as_u16(), location(&answer).to_owned())
    }

    pub(crate) async fn status(&self, door: usize, path: &str) -> u16 {
        self.client.get(self.url(door, path)).send().await.unwrap().status().as_u16()
    }

    fn url(&self, tab: usize, path: &str) -> String {
        format!("http://{}{path}", self.doors[tab % self.doors.len()])
    }

    fn as_browser(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(HOST, &self.host).header(ACCEPT, "text/html").header("sec-fetch-site", "same-origin")
    }
}

pub(crate) fn header(cookies: &Cookies) -> String {
    let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("; ")
}

async fn read(request: RequestBuilder) -> reqwest::Result<(Page, Vec<String>)> {
    let answer = request.send().await?;
    let (status, set_cookies) = (answer.status().as_u16(), set_cookies(&answer));
    let (location, retry_after) = (location(&answer).to_owned(), answer.headers().contains_key(RETRY_AFTER));
    let body = answer.text().await?;
    let page = match status {
        200 if body.contains("user@test.com") => Page::Person,
        503 if retry_after => Page::Unavailable,
        _ => Page::Wrong(format!("{status} {location}")),
    };
    Ok((page, set_cookies))
}

fn location(answer: &Response) -> &str {
    answer.headers().get(LOCATION).map_or("", |value| value.to_str().unwrap())
}

fn set_cookies(answer: &Response) -> Vec<String> {
    let values = answer.headers().get_all(SET_COOKIE).iter();
    values.map(|value| value.to_str().unwrap().to_owned()).collect()
}

fn keep(cookies: &mut Cookies, set_cookies: &[String]) {
    for set_cookie in set_cookies {
        let (pair, attributes) = set_cookie.split_once(';').unwrap_or((set_cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        if attributes.to_ascii_lowercase().contains("max-age=0") {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
