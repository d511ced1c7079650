//! The core API, asked directly without any fault.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::{exchange, status};
use crate::pause;

const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);

pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    outbox: PathBuf,
    mails: Mutex<Mails>,
}

#[derive(Default)]
struct Mails {
    read: HashSet<OsString>,
    /// Path and query of each link, by its recipient and the path that it leads to.
    links: HashMap<(String, String), String>,
}

impl Upstream {
    pub(crate) fn new(address: SocketAddr, outbox: PathBuf) -> Self {
        Self { address, outbox, mails: Mutex::default() }
    }

    pub(crate) async fn register(&self, email: &str, password: &str) -> u16 {
        self.ask("POST", "/v1/user/users", None, &json!({ "email": email, "password": password })).await.0
    }

    /// The access token of a new sign-in, if the password is right.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Option<String> {
        let body = json!({ "email": email, "password": password });
        let (status, answer) = self.ask("POST", "/v1/auth/tokens", None, &body).await;
        assert!(status == 201 || status == 401, "{status} {answer}");
        answer["item"]["accessToken"].as_str().map(str::to_owned)
    }

    /// Gives the person the role ADMIN.
    pub(crate) async fn promote(&self, email: &str) {
        let (token, person) = self.seen_by_administrator(email).await;
        let path = format!("/v1/user/users/{}", person["id"].as_str().unwrap());
        assert_eq!(self.ask("PATCH", &path, Some(&token), &json!({ "roles": ["ADMIN"] })).await.0, 200);
    }

    /// The fields of a form about this person, as they are now.
    pub(crate) async fn look_at(&self, email: &str) -> String {
        let (_, person) = self.seen_by_administrator(email).await;
        format!("id={}&version={}", person["id"].as_str().unwrap(), person["updatedAt"].as_str().unwrap())
    }

    async fn seen_by_administrator(&self, email: &str) -> (String, Value) {
        let token = self.sign_in("admin@test.com", "password1").await.unwrap();
        let path = format!("/v1/user/users?q={email}");
        let (_, listed) = self.ask("GET", &path, Some(&token), &Value::Null).await;
        (token, listed["items"][0].clone())
    }

    pub(crate) async fn ask_for_a_reset(&self, email: &str) {
        assert_eq!(self.ask("POST", "/v1/auth/tokens", None, &json!({ "email": email })).await.0, 201);
    }

    /// Verifies the address of a person, and then another one in its place.
    pub(crate) async fn replace_address(&self, email: &str, password: &str) {
        let token = self.sign_in(email, password).await.unwrap();
        let (_, answer) = self.ask("GET", "/v1/user/users/current", Some(&token), &Value::Null).await;
        let path = format!("/v1/user/users/{}", answer["item"]["id"].as_str().unwrap());
        let other = format!("other-{email}");
        for address in [email, &other] {
            let body = json!({ "email": address });
            assert_eq!(self.ask("PATCH", &path, Some(&token), &body).await.0, 200);
            let link = self.link(address, "/email-verification").await;
            let body = json!({ "token": link.split_once("token=").unwrap().1 });
            assert_eq!(self.ask("POST", "/v1/auth/action-requests", None, &body).await.0, 202);
            while self.unverified_email(&token).await.is_some() {
                pause(LOOK_AGAIN_AFTER).await;
            }
        }
    }

    /// The address that is not verified yet.
    pub(crate) async fn unverified_email(&self, access_token: &str) -> Option<String> {
        let (_, answer) = self.ask("GET", "/v1/user/users/current", Some(access_token), &Value::Null).await;
        answer["item"]["unverifiedEmail"].as_str().map(str::to_owned)
    }

    /// Waits for the link to this path that was sent to this person.
    pub(crate) async fn link(&self, email: &str, path: &str) -> String {
        let key = (email.to_owned(), path.to_owned());
        loop {
            self.read_outbox();
            if let Some(link) = self.mails.lock().unwrap().links.get(&key) {
                return link.clone();
            }
            pause(LOOK_AGAIN_AFTER).await;
        }
    }

    fn read_outbox(&self) {
        let mut mails = self.mails.lock().unwrap();
        for entry in std::fs::read_dir(&self.outbox).into_iter().flatten() {
            let entry = entry.unwrap();
            if mails.read.contains(&entry.file_name()) {
                continue;
            }
            let Some(mail) =
                std::fs::read(entry.path()).ok().and_then(|mail| serde_json::from_slice(&mail).ok())
            else {
                continue;
            };
            let mail: Value = mail;
            mails.read.insert(entry.file_name());
            let (Some(to), Some(link)) = (mail["to"].as_str(), mail["link"].as_str()) else { continue };
            let place = link.splitn(4, '/').nth(3).unwrap();
            // What only tells something leads to a page without a token.
            let Some((path, _)) = place.split_once('?') else { continue };
            mails.links.insert((to.to_owned(), format!("/{path}")), format!("/{place}"));
        }
    }

    async fn ask(&self, method: &str, path: &str, bearer: Option<&str>, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let bearer = bearer.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n{bearer}\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let (head, answer) = exchange(Ipv4Addr::LOCALHOST, self.address, &request).await.unwrap();
        (status(&head), serde_json::from_str(&answer).unwrap_or_default())
    }
}
