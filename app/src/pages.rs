//! One file per route, rendered on the server.

mod account;
mod home;
mod login;
mod problem;

pub(crate) use account::account;
pub(crate) use home::home;
pub(crate) use login::login;
pub(crate) use problem::{not_found, problem};
