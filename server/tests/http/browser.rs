//! A minimal browser for HTTP: it keeps cookies, says where a request comes from, and reads the whole answer.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use tower::ServiceExt;

pub(crate) const SESSION: &str = "ironleaf-session";

#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    /// The headers of every request. Tests change them to be another client.
    pub(crate) headers: BTreeMap<&'static str, String>,
    /// The source address of the connection.
    pub(crate) peer: IpAddr,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    /// The `Set-Cookie` headers of this cookie.
    pub(crate) fn set_cookies(&self, name: &str) -> Vec<&str> {
        let prefix = format!("{name}=");
        self.headers
            .get_all(SET_COOKIE)
            .iter()
            .map(|value| value.to_str().unwrap())
            .filter(|value| value.starts_with(&prefix))
            .collect()
    }
}

impl Browser {
    pub(crate) fn new(router: Router) -> Self {
        let headers = [
            (HOST.as_str(), "127.0.0.1:3000".to_owned()),
            (ACCEPT.as_str(), "text/html,application/xhtml+xml,*/*;q=0.8".to_owned()),
            ("sec-fetch-site", "same-origin".to_owned()),
        ];
        Self { router, cookies: BTreeMap::new(), headers: headers.into(), peer: Ipv4Addr::LOCALHOST.into() }
    }

    /// Sends the next requests to another replica.
    pub(crate) fn turn_to(&mut self, router: Router) {
        self.router = router;
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::empty()).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.headers.insert(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded".to_owned());
        let answer = self.send(Method::POST, path, Body::from(form.to_owned())).await;
        self.headers.remove(CONTENT_TYPE.as_str());
        answer
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/api/sign-in", &format!("email={email}&password={password}")).await
    }

    pub(crate) async fn send(&mut self, method: Method, path: &str, body: Body) -> Answer {
        let (head, body) = self.open(method, path, body).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// The head of an answer, whose body may go on without an end.
    pub(crate) async fn open(&mut self, method: Method, path: &str, body: Body) -> Response {
        let peer = ConnectInfo(SocketAddr::new(self.peer, 40_000));
        let mut request = Request::builder().method(method).uri(path).extension(peer);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        let Ok(response) = self.router.clone().oneshot(request.body(body).unwrap()).await;
        self.keep_cookies(response.headers());
        response
    }

    pub(crate) fn session(&self) -> Option<&String> {
        self.cookies.get(SESSION)
    }

    /// All cookies of the session, including chunks.
    pub(crate) fn session_cookies(&self) -> BTreeMap<String, String> {
        let cookies = self.cookies.iter().filter(|(name, _)| name.starts_with(SESSION));
        cookies.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE) {
            let text = value.to_str().unwrap();
            let (name, rest) = text.split_once('=').unwrap();
            assert!(
                is_known(name),
                "{name} is missing in the FLASHES of its crate, and would never give way"
            );
            let value = rest.split(';').next().unwrap();
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// Whether the cookie is a session's, the theme's, the language's, the cookie test's, or that of a flash that is known by name.
fn is_known(name: &str) -> bool {
    let name = name.strip_prefix("__Host-Http-").unwrap_or(name);
    let mut flashes = app::FLASHES.iter().chain(&ironleaf_bff::FLASHES);
    name.starts_with(SESSION)
        || ["ironleaf-language", "ironleaf-theme", "ironleaf-cookies"].contains(&name)
        || flashes.any(|flash| name == flash.name || name.starts_with(&format!("{}-", flash.name)))
}

/// The address of every page, with something in the place of a parameter: `/orders/1` for `/orders/{id}`.
pub(crate) fn every_page() -> impl Iterator<Item = String> {
    let without_parameter = |part| if str::starts_with(part, '{') { "1" } else { part };
    app::pages().paths().map(move |path| path.split('/').map(without_parameter).collect::<Vec<_>>().join("/"))
}
