use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Method;
use ironleaf_auth::{
    Asked, Caller, EmailAddress, Grant, Identity, Observed, Provider, RefreshOutcome, SignIn, SignInError,
};
use serde_json::{Value, json};

use super::grant::{ACCESS_TOKEN, CART, REFRESH_TOKEN};
use super::*;
use crate::test_transport::{Answer, Script, answer, lost, text, unreachable, with_header};

mod accounts;
mod cart;
mod refresh;
mod sign_in;
mod sign_out;

/// What is recorded of a request here.
trait Recorded {
    fn asked(&self) -> Vec<String>;
    fn form(&self, index: usize) -> HashMap<String, String>;
}

impl Recorded for Script {
    /// Host, method, path and query of every request in order.
    fn asked(&self) -> Vec<String> {
        self.each(|request| {
            let host = request.uri().host().unwrap().strip_suffix(".test").unwrap();
            format!("{host} {} {}", request.method(), request.uri().path_and_query().unwrap())
        })
    }

    fn form(&self, index: usize) -> HashMap<String, String> {
        url::form_urlencoded::parse(self.requests()[index].body()).into_owned().collect()
    }
}

fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000)
}

fn settings() -> CommercetoolsSettings {
    CommercetoolsSettings {
        scopes: vec!["manage_my_profile:shop".to_owned(), "manage_my_orders:shop".to_owned()],
        ..CommercetoolsSettings::of(
            "https://auth.test".parse().unwrap(),
            "https://api.test/".parse().unwrap(),
            "shop",
            "my client",
            "a secret: 50%".into(),
        )
    }
}

fn scripted(answers: impl IntoIterator<Item = Answer>) -> (CommercetoolsProvider, Arc<Script>) {
    with_settings(settings(), answers)
}

fn with_settings(
    settings: CommercetoolsSettings,
    answers: impl IntoIterator<Item = Answer>,
) -> (CommercetoolsProvider, Arc<Script>) {
    let script = Script::in_order(start(), Duration::from_secs(1), answers);
    let clock = script.clock();
    (CommercetoolsProvider::new(settings, Arc::<Script>::clone(&script), clock), script)
}

fn caller() -> Caller {
    Caller { client_ip: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)), ..Caller::default() }
}

fn asked(method: Method, path: &str) -> Asked {
    Asked { method, uri: format!("https://api.test{path}").parse().unwrap() }
}

/// An error as the mock writes it: the code stands in the list.
fn error(status: u16, code: &str) -> Answer {
    let errors = json!([{ "code": code, "message": "Sorry." }]);
    answer(status, &json!({ "statusCode": status, "message": "Sorry.", "errors": errors }))
}

fn throttled() -> Answer {
    with_header(text(429, "Slow down"), "retry-after", "30")
}

/// Tokens with a refresh token, of this subject.
fn tokens(subject: &str) -> Answer {
    answer(200, &token_body("a1", Some("shop:r1"), subject))
}

/// Tokens as the answer to a refresh has them.
fn renewed(subject: &str) -> Answer {
    answer(200, &token_body("a2", None, subject))
}

fn token_body(access: &str, refresh: Option<&str>, subject: &str) -> Value {
    let mut body = json!({
        "access_token": access, "token_type": "Bearer", "expires_in": 172_800,
        "scope": format!("manage_my_profile:shop manage_my_orders:shop {subject}").trim(),
    });
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    body
}

const CUSTOMER: &str = "customer_id:c1";
const GUEST: &str = "anonymous_id:g1";

fn record(id: &str, email: &str) -> Answer {
    let body = json!({
        "id": id, "version": 3, "email": email, "firstName": "Ada", "lastName": " Lovelace ",
        "isEmailVerified": true, "addresses": [], "authenticationMode": "Password",
    });
    answer(200, &body)
}

fn cart(state: &str, owner: &Value) -> Value {
    let mut cart =
        json!({ "type": "Cart", "id": "cart-1", "version": 7, "cartState": state, "lineItems": [] });
    for (name, value) in owner.as_object().unwrap() {
        cart[name] = value.clone();
    }
    cart
}

/// A grant as it is after the sign-in of a customer.
async fn customer() -> Grant {
    let (provider, _) = scripted([tokens(CUSTOMER), record("c1", "user@test.com")]);
    provider.sign_in(&caller(), password("user@test.com"), None).await.unwrap().grant
}

/// A grant as it is after the first request of a guest.
async fn guest() -> Grant {
    let (provider, _) = scripted([tokens(GUEST)]);
    provider.sign_in(&caller(), SignIn::ClientCredentials, None).await.unwrap().grant
}

async fn guest_with_cart() -> Grant {
    guest().await.with(CART, "cart-1")
}

fn password(email: &str) -> SignIn {
    SignIn::Password { email: EmailAddress::of_record(email), password: "password1".into() }
}
