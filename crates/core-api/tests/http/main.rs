//! The core API over HTTP: the real router, by default on an in-memory database. The modules mirror the URL tree.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod auth {
    mod action_requests;
    mod address_restorations;
    mod browser;
    mod idempotency;
    mod jwks;
    mod passkeys;
    mod password_reset;
    mod refresh;
    mod second_factor;
    mod sign_in;
    mod sign_in_links;
    mod unwanted_app;
}
mod user {
    mod activity;
    mod authenticator;
    mod change;
    mod delete;
    mod listing;
    mod passkeys;
    mod register;
    mod show;
}
mod bodies;
mod cors;
mod data_folder;
mod debug;
mod errors;
mod openapi;
mod pages;
mod security_mails;
mod server;
mod support;
