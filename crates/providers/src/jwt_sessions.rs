//! The provider for APIs that use the Rails gem `jwt_sessions`: an access token, a refresh token that stays the same
//! for its whole life, and a CSRF value for calls with cookies. The old access token dies when a new one is issued.
//! Where the API has a reuse handler, a refresh before the access token's end counts as theft.

mod fields;
mod grant;
mod person;
mod provider;
mod refresh;
mod settings;
mod sign_in;
mod sign_out;
mod times;
mod token;
mod wire;

#[cfg(test)]
mod tests;

pub use self::provider::JwtSessionsProvider;
pub use self::settings::{AccessTransport, JwtSessionsSettings};
