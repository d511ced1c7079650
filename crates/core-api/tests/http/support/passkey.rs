//! What people do with passkeys.

use http::StatusCode;
use ironleaf_core_api::Config;
use serde_json::{Value, json};

use super::{Answer, TestApi, Tokens};

pub(crate) use super::software_passkey::{ORIGIN, Passkey, USER_VERIFIED};

pub(crate) const PASSKEYS: &str = "/v1/user/users/current/passkeys";
pub(crate) const REGISTRATION: &str = "/v1/user/users/current/passkey-challenges";
pub(crate) const SIGN_IN: &str = "/v1/auth/passkey-challenges";

/// A core API whose application has a domain.
pub(crate) async fn api() -> TestApi {
    TestApi::with(config()).await
}

pub(crate) fn config() -> Config {
    Config { public_origin: ORIGIN.to_owned(), ..Config::in_memory() }
}

impl Passkey {
    /// Registers it for whoever has this access token, and returns the answer.
    pub(crate) async fn register(&mut self, api: &TestApi, access: &str) -> Answer {
        let begun = begin(api, access).await;
        let body = json!({ "name": "My phone", "state": begun["state"], "credential": self.create(&begun["options"]) });
        add(api, access, &body).await
    }

    /// Signs in with it, and returns the answer.
    pub(crate) async fn sign_in(&self, api: &TestApi) -> Answer {
        let begun = begin_sign_in(api).await;
        present(api, &begun["state"], &self.get(&begun["options"])).await
    }
}

/// A registration that has begun.
pub(crate) async fn begin(api: &TestApi, access: &str) -> Value {
    let answer = api.post(REGISTRATION).bearer(access).send().await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["item"].clone()
}

pub(crate) async fn add(api: &TestApi, access: &str, body: &Value) -> Answer {
    api.post(PASSKEYS).bearer(access).json(body).send().await
}

/// A sign-in that has begun.
pub(crate) async fn begin_sign_in(api: &TestApi) -> Value {
    let answer = api.post(SIGN_IN).send().await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["item"].clone()
}

pub(crate) async fn present(api: &TestApi, state: &Value, credential: &Value) -> Answer {
    api.tokens(&json!({ "passkeyState": state, "passkey": credential })).await
}

/// The passkeys of whoever has this access token.
pub(crate) async fn list(api: &TestApi, access: &str) -> Vec<Value> {
    let answer = api.get(PASSKEYS).bearer(access).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["items"].as_array().unwrap().clone()
}

/// Signs a person in with their password, and registers a passkey of a device for them.
pub(crate) async fn registered(api: &TestApi, email: &str) -> (Tokens, Passkey) {
    let tokens = api.sign_in(email, super::PASSWORD).await;
    let mut passkey = Passkey::of_device("a credential of a device");
    let answer = passkey.register(api, &tokens.access).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    passkey.counter += 1;
    (tokens, passkey)
}

/// What has happened to the account of whoever has this access token, the newest first.
pub(crate) async fn kinds(api: &TestApi, access: &str) -> Vec<Value> {
    let answer = api.get("/v1/user/users/current/activity").bearer(access).send().await.json();
    answer["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect()
}
