//! The use cases behind their own routes, with a test provider that has guests, redirects and answers that change a
//! grant.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod back_channel_logout;
mod changes;
mod codes;
mod ending;
mod ends;
mod flood;
mod foreign_sessions;
mod forgetting;
mod guests;
mod observing;
mod passwords;
mod people;
mod provider;
mod reauthentication;
mod redirect;
mod registration;
mod remember;
mod session_state;
mod sign_in_roles;
mod signing_in;
mod time_left;
mod world;
