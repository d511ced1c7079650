//! The use cases behind routes of their own, in front of a provider that is none of the real ones: with guests, redirects and
//! answers that change a grant.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ending;
mod ends;
mod flood;
mod observing;
mod provider;
mod redirect;
mod signing_in;
mod world;
