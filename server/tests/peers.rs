//! The program before the back ends of `end2end/peers`, as processes on real sockets.
//!
//! `cargo xtask peers` installs the providers and runs these tests. The time is real here, because processes have no
//! other clock.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "peers/better_auth.rs"]
mod better_auth;
#[path = "peers/better_auth_credentials.rs"]
mod better_auth_credentials;
#[path = "peers/browser.rs"]
mod browser;
#[path = "peers/commercetools.rs"]
mod commercetools;
#[path = "peers/cookie_api.rs"]
mod cookie_api;
#[path = "peers/html.rs"]
mod html;
#[path = "peers/jwt_sessions.rs"]
mod jwt_sessions;
#[path = "peers/lives.rs"]
mod lives;
#[path = "storm/machine.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod machine;
#[path = "peers/outages.rs"]
mod outages;
#[path = "peers/peer.rs"]
mod peer;
#[path = "storm/processes.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod processes;
#[path = "peers/sign_in.rs"]
mod sign_in;
#[path = "peers/sign_out.rs"]
mod sign_out;
#[path = "peers/world.rs"]
mod world;
