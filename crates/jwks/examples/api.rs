//! An API that requires access tokens of your provider. Its keys are found by its metadata.
//!
//! ```sh
//! export ISSUER=https://id.example.com AUDIENCE=https://api.example.com
//! cargo run -p ironleaf-jwks --example api
//! curl -i http://127.0.0.1:3200/
//! curl -i -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3200/
//! ```
//!
//! `SCOPE` is a scope that every token must have. `PLAIN_TOKENS=true` accepts tokens of providers that do not follow RFC
//! 9068.

use std::{env, error::Error, sync::Arc};

use axum::{Json, Router, routing::get};
use ironleaf_jwks::{
    AccessToken, DiscoveredKeys, KeyCache, KeyCacheSettings, RequireAccessToken, Rules, system_clock,
};
use serde_json::{Value, json};

async fn who(token: AccessToken) -> Json<Value> {
    Json(json!({ "subject": token.subject(), "client": token.client_id(), "scopes": token.scopes() }))
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program says where it listens")]
async fn main() -> Result<(), Box<dyn Error>> {
    let issuer = variable("ISSUER").ok_or("ISSUER is the URL of your provider")?;
    let audience = variable("AUDIENCE").ok_or("AUDIENCE is the name of this API at your provider")?;
    let address = variable("LISTEN_ADDR").unwrap_or_else(|| "127.0.0.1:3200".to_owned());
    let source = Arc::new(DiscoveredKeys::new(&issuer)?);
    let keys = KeyCache::new(source, KeyCacheSettings::default(), system_clock());
    if let Err(error) = keys.warm().await {
        println!("the provider cannot be reached yet: {error}");
    }
    let rules = match variable("PLAIN_TOKENS").as_deref() {
        Some("true") => Rules::plain_access_token(issuer, audience),
        _ => Rules::access_token(issuer, audience),
    };
    let layer = RequireAccessToken::new(keys, rules).with_scopes(variable("SCOPE"));
    let router = Router::new()
        .route("/", get(who))
        .layer(layer)
        // Outside the layer: everybody may ask whether the process lives.
        .route("/health", get(|| async { "ok\n" }));
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "an example has no configuration to read the environment once")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
