//! Counts visits in a sealed cookie. The server keeps only the secret, so the count survives a restart.
//!
//! If two requests of one browser arrive together, both count from the same cookie, and one of the two new cookies
//! would silently win. The ledger lets the first response leave, and the other one is answered with "try again".
//!
//! ```sh
//! export SESSION_SECRETS=$(openssl rand -hex 32)
//! cargo run -p ironleaf-session --example counter
//! curl -c jar -b jar http://127.0.0.1:3100/
//! ```

use std::{env, error::Error};

use axum::{
    Router,
    http::StatusCode,
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get,
};
use ironleaf_session::{
    Beginning, KeyRing, MemoryLedger, Overtaken, Owner, Sealer, Serde, Session, SessionLayer,
    SessionSettings, system_clock, system_random,
};

/// For how many sessions the ledger remembers the newest rotation: about 10 MB.
const LEDGER_SESSIONS: usize = 100_000;

type Visits = Serde<u32>;

async fn count(session: Session<Visits>) -> String {
    if session.modify(|visits| visits.0 += 1).is_none() {
        session.insert(Serde(1), Beginning::of(Owner::new("counter", "visitor")));
    }
    let visits = session.current().map_or(0, |record| record.payload.0);
    format!("visit {visits}\n")
}

async fn forget(session: Session<Visits>) -> &'static str {
    session.destroy();
    "forgotten\n"
}

/// A visit that was not kept is not shown as one.
async fn try_again(response: Response) -> Response {
    match response.extensions().get::<Overtaken>() {
        Some(_) => (StatusCode::CONFLICT, "try again\n").into_response(),
        None => response,
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program says where it listens")]
async fn main() -> Result<(), Box<dyn Error>> {
    let keys = KeyRing::parse(&variable("SESSION_SECRETS").unwrap_or_default())?;
    let address = variable("LISTEN_ADDR").unwrap_or_else(|| "127.0.0.1:3100".to_owned());
    // Plain http, for loopback hosts only: neither `Secure` nor the `__Host-Http-` prefix.
    let settings =
        SessionSettings { secure: false, cookie_name: "counter".to_owned(), ..SessionSettings::default() };
    let layer = SessionLayer::<Visits>::new(
        Sealer::new(keys, system_random()),
        settings,
        system_clock(),
        system_random(),
    )
    .with_ledger(MemoryLedger::new(LEDGER_SESSIONS, system_clock()));
    let router = Router::new()
        .route("/", get(count))
        .route("/forget", get(forget))
        .layer(layer)
        .layer(map_response(try_again));
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "an example has no configuration to read the environment once")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
