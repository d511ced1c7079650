//! The provider for npm `better-auth` with its own sessions: a session cookie that is replayed to the auth server, and
//! short-lived JWTs for the API.
//!
//! The browser never talks to the auth server. So nothing of the browser but its address reaches it, and every request
//! has an `Origin` that the auth server trusts.

mod accounts;
mod calls;
mod cookies;
mod grant;
mod keys;
mod person;
mod provider;
mod refresh;
mod sessions;
mod settings;
mod sign_in;
mod sign_out;
mod wire;

#[cfg(test)]
mod tests;

pub use self::provider::BetterAuthProvider;
pub use self::sessions::AuthSession;
pub use self::settings::BetterAuthSettings;
