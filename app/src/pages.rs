//! One file per route, rendered on the server.

mod account;
mod confirm;
mod delete_account;
mod email_verification;
mod home;
mod login;
mod login_link;
mod opened;
mod problem;
mod register;
mod reset_password;
mod set_password;

pub(crate) use account::account;
pub(crate) use confirm::confirm;
pub(crate) use delete_account::delete_account;
pub(crate) use email_verification::{VERIFIED, Verified, email_verification};
pub(crate) use home::home;
pub(crate) use login::login;
pub(crate) use opened::OPENED;
pub(crate) use problem::{not_found, problem};
pub(crate) use register::register;
pub(crate) use reset_password::reset_password;
pub(crate) use set_password::set_password;
