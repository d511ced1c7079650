//! Counts visits in a sealed cookie. Nothing is kept on the server but the secret, so the count survives a restart.
//!
//! ```sh
//! export SESSION_SECRETS=$(openssl rand -hex 32)
//! cargo run -p ironleaf-session --example counter
//! curl -c jar -b jar http://127.0.0.1:3100/
//! ```

use std::{env, error::Error};

use axum::{Router, routing::get};
use ironleaf_session::{
    KeyRing, Owner, Sealer, Serde, Session, SessionLayer, SessionSettings, system_clock, system_random,
};

type Visits = Serde<u32>;

async fn count(session: Session<Visits>) -> String {
    if session.modify(|visits| visits.0 += 1).is_none() {
        session.insert(Serde(1), Owner::new("counter", "visitor"), None);
    }
    let visits = session.current().map_or(0, |record| record.payload.0);
    format!("visit {visits}\n")
}

async fn forget(session: Session<Visits>) -> &'static str {
    session.destroy();
    "forgotten\n"
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program says where it listens")]
async fn main() -> Result<(), Box<dyn Error>> {
    let keys = KeyRing::parse(&variable("SESSION_SECRETS").unwrap_or_default())?;
    let address = variable("LISTEN_ADDR").unwrap_or_else(|| "127.0.0.1:3100".to_owned());
    // Plain http, which is for loopback hosts: neither `Secure` nor the `__Host-Http-` prefix.
    let settings =
        SessionSettings { secure: false, cookie_name: "counter".to_owned(), ..SessionSettings::default() };
    let layer = SessionLayer::<Visits>::new(
        Sealer::new(keys, system_random()),
        settings,
        system_clock(),
        system_random(),
    );
    let router = Router::new().route("/", get(count)).route("/forget", get(forget)).layer(layer);
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "an example has no configuration to read the environment once")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
