#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(target_family = "wasm")]
compile_error!("ironleaf-core-api runs on a server: it must not reach the browser");

mod accounts;
mod activity;
mod background;
mod browser;
mod client;
mod config;
mod core_api;
mod cors;
mod database;
mod devices;
mod email;
mod error;
mod families;
mod health;
mod keys;
mod mail;
mod mail_jobs;
mod opening;
mod passkeys;
mod password;
mod refresh;
mod restoration;
mod routes;
mod second_factor;
mod seed;
mod serving;
mod sign_in;
mod stats;
mod timestamp;
mod tokens;
mod users;
mod validation;
mod verification;
mod verified_tokens;

pub use self::{
    config::{Clock, Config, PasswordCost, Random, system_clock, system_random},
    core_api::CoreApi,
    cors::{CorsOrigins, CorsOriginsError},
    mail::{
        MailError, MailRetries, Mailer, Message, Sender, SenderError, Sending, SmtpMailer, SmtpServer,
        SmtpServerError, SmtpSetupError, StoredMessage,
    },
    opening::OpenError,
    stats::Stats,
    tokens::leak_patterns,
};
