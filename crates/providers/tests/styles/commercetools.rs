//! OAuth 2 in the commercetools profile: password grant for customers, client credentials for guests, and a refresh
//! token that does not rotate.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ironleaf_auth::conformance::{BackEnd, Reuse, Rotation, Style};
use ironleaf_auth::{Clock, Provider, Random, RefreshTiming, Request, Response, SignIn, Transport};
use ironleaf_providers::{CommercetoolsProvider, CommercetoolsSettings};
use serde_json::{Value, json};

use super::wire::{
    EMAIL, PASSWORD, bearer, form_body, get, is_basic, json, lock, opaque, password, post_json,
};

const AUTH: &str = "http://auth.shop.test";
const API: &str = "http://api.shop.test";
const PROJECT: &str = "shop";
const CLIENT_ID: &str = "client";
/// It has characters that the `Authorization` header must not show as they are (RFC 6749, section 2.3.1).
const CLIENT_SECRET: &str = "client secret: 50%";
/// Both, as they are in that header before base64.
const CLIENT: &str = "client:client+secret%3A+50%25";
const LIFE: Duration = Duration::from_hours(48);

struct Shop {
    clock: Clock,
    random: Random,
    /// Refresh tokens, and whether each belongs to a guest.
    refresh_tokens: Mutex<HashMap<String, bool>>,
    access_tokens: Mutex<HashMap<String, (SystemTime, bool)>>,
    issued: Mutex<Vec<String>>,
}

pub(crate) async fn open(clock: Clock, random: Random) -> Arc<dyn BackEnd> {
    Arc::new(Shop {
        clock,
        random,
        refresh_tokens: Mutex::default(),
        access_tokens: Mutex::default(),
        issued: Mutex::new([PASSWORD, CLIENT_SECRET, CLIENT].map(str::to_owned).into()),
    })
}

impl Shop {
    fn access(&self, guest: bool) -> Value {
        let access = opaque(&self.random);
        lock(&self.issued).push(access.clone());
        lock(&self.access_tokens).insert(access.clone(), ((self.clock)() + LIFE, guest));
        let subject = if guest { "anonymous_id:guest" } else { "customer_id:customer" };
        json!({
            "access_token": access, "token_type": "Bearer", "expires_in": LIFE.as_secs(),
            "scope": format!("manage_my_profile:{PROJECT} {subject}"),
        })
    }

    fn sign_in(&self, guest: bool) -> Response {
        let mut answer = self.access(guest);
        let refresh = opaque(&self.random);
        lock(&self.issued).push(refresh.clone());
        lock(&self.refresh_tokens).insert(refresh.clone(), guest);
        answer["refresh_token"] = refresh.into();
        json(200, &answer)
    }

    fn oauth(&self, request: &Request) -> Response {
        if !is_basic(request, CLIENT) {
            return oauth_error(401, "invalid_client");
        }
        let form = form_body(request);
        let value = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        match (request.uri().path(), value("grant_type")) {
            ("/oauth/shop/customers/token", "password") => {
                if value("username") == EMAIL && value("password") == PASSWORD {
                    self.sign_in(false)
                } else {
                    oauth_error(400, "invalid_customer_account_credentials")
                }
            }
            ("/oauth/shop/anonymous/token", "client_credentials") => self.sign_in(true),
            ("/oauth/token", "refresh_token") => {
                let guest = lock(&self.refresh_tokens).get(value("refresh_token")).copied();
                match guest {
                    Some(guest) => json(200, &self.access(guest)),
                    None => oauth_error(400, "invalid_grant"),
                }
            }
            ("/oauth/token/revoke", _) => {
                lock(&self.refresh_tokens).remove(value("token"));
                lock(&self.access_tokens).remove(value("token"));
                json(200, &Value::Null)
            }
            _ => oauth_error(400, "unsupported_grant_type"),
        }
    }

    fn me(&self, request: &Request) -> Response {
        let token = bearer(request).and_then(|token| lock(&self.access_tokens).get(token).copied());
        match token {
            Some((end, guest)) if (self.clock)() < end => {
                if guest {
                    return oauth_error(404, "ResourceNotFound");
                }
                let name = ("Ada", "Lovelace");
                json(
                    200,
                    &json!({
                        "id": "customer", "version": 1, "email": EMAIL, "firstName": name.0, "lastName": name.1,
                        "isEmailVerified": false,
                    }),
                )
            }
            _ => oauth_error(401, "invalid_token"),
        }
    }
}

#[async_trait]
impl BackEnd for Shop {
    fn style(&self) -> Style {
        Style {
            name: "OAuth 2, commercetools profile",
            access_life: LIFE,
            timing: RefreshTiming::Before(Duration::from_mins(1)),
            rotation: Rotation::Kept,
            refresh_field: 2,
            reuse: Reuse::Free,
            sign_out_ends_access: true,
            sign_out_redirects: false,
        }
    }

    fn provider(&self, transport: Arc<dyn Transport>) -> Arc<dyn Provider> {
        let settings = CommercetoolsSettings {
            scopes: vec![format!("manage_my_profile:{PROJECT}")],
            ..CommercetoolsSettings::of(
                AUTH.parse().unwrap(),
                API.parse().unwrap(),
                PROJECT,
                CLIENT_ID,
                CLIENT_SECRET.into(),
            )
        };
        Arc::new(CommercetoolsProvider::new(settings, transport, Arc::clone(&self.clock)))
    }

    async fn answer(&self, request: Request) -> Response {
        if request.uri().host() == Some("auth.shop.test") { self.oauth(&request) } else { self.me(&request) }
    }

    async fn right_credentials(&self, _: &dyn Provider) -> SignIn {
        password(PASSWORD)
    }

    async fn wrong_credentials(&self, _: &dyn Provider) -> SignIn {
        password("not the password")
    }

    fn calls(&self) -> Vec<Request> {
        let url = format!("{API}/{PROJECT}/me");
        vec![get(&url), post_json(&format!("{url}/carts"), &json!({}))]
    }

    fn terminal_answers(&self) -> Vec<Response> {
        vec![oauth_error(400, "invalid_grant"), oauth_error(401, "invalid_token")]
    }

    fn open_sessions(&self) -> usize {
        lock(&self.refresh_tokens).len()
    }

    async fn end_sessions(&self) {
        lock(&self.refresh_tokens).clear();
    }

    async fn change_credentials(&self) -> Option<Request> {
        None
    }

    fn secrets(&self) -> Vec<String> {
        lock(&self.issued).clone()
    }
}

fn oauth_error(status: u16, code: &str) -> Response {
    let body = json!({
        "statusCode": status, "message": code, "errors": [{ "code": code, "message": code }],
        "error": code, "error_description": code,
    });
    json(status, &body)
}
