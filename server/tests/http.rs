//! The real router against the real core API, in process: one file per part of the public surface.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "http/account.rs"]
mod account;
#[path = "http/assets.rs"]
mod assets;
#[path = "http/bad_input.rs"]
mod bad_input;
#[path = "http/browser.rs"]
mod browser;
#[path = "http/expiry.rs"]
mod expiry;
#[path = "http/large_sessions.rs"]
mod large_sessions;
#[path = "http/pages.rs"]
mod pages;
#[path = "http/requests.rs"]
mod requests;
#[path = "http/sign_in.rs"]
mod sign_in;
#[path = "http/sign_out.rs"]
mod sign_out;
#[path = "http/theme.rs"]
mod theme;
#[path = "http/world.rs"]
mod world;
