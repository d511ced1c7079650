//! The people as the core API has them, asked without the application.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use ironleaf_auth::Transport as _;
use serde_json::{Value, json};

use crate::world::World;

/// What the core API answers to `admin@test.com`.
async fn ask(world: &World, method: &str, path: &str, body: &Value) -> Value {
    let credentials = json!({ "email": "admin@test.com", "password": "password1" });
    let signed_in = send(world, "POST", "/auth/tokens", None, &credentials).await;
    let token = signed_in["item"]["accessToken"].as_str().unwrap();
    send(world, method, path, Some(token), body).await
}

async fn send(world: &World, method: &str, path: &str, token: Option<&str>, body: &Value) -> Value {
    let mut request = http::Request::builder().method(method).uri(format!("http://core-api.test/v1{path}"));
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let answer = world
        .network
        .send(request.header(CONTENT_TYPE, "application/json").body(body).unwrap())
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{method} {path}: {answer:?}");
    serde_json::from_slice(answer.body()).unwrap()
}

/// Everybody, as the core API shows them to an administrator.
pub(crate) async fn everybody(world: &World) -> Vec<Value> {
    let path = "/user/users?orderBy=email&order=ASC&perPage=1000";
    ask(world, "GET", path, &Value::Null).await["items"].as_array().unwrap().clone()
}

/// The person with this address, if there is one.
pub(crate) async fn find(world: &World, email: &str) -> Option<Value> {
    everybody(world).await.into_iter().find(|person| person["email"] == email)
}

pub(crate) async fn person(world: &World, email: &str) -> Value {
    find(world, email).await.unwrap()
}

/// Changes the person as another administrator does with another client.
pub(crate) async fn change(world: &World, email: &str, changes: &Value) {
    let id = text(&person(world, email).await, "id");
    ask(world, "PATCH", &format!("/user/users/{id}"), changes).await;
}

/// Registers somebody whose address waits to be verified.
pub(crate) async fn register(world: &World, email: &str) -> Value {
    let credentials = json!({ "email": email, "password": "password1" });
    send(world, "POST", "/user/users", None, &credentials).await["item"].clone()
}

pub(crate) fn text(person: &Value, name: &str) -> String {
    person[name].as_str().unwrap().to_owned()
}
