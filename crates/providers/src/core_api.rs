//! The provider for a RawStack-style core API: JSON, a bearer access token, and a refresh token that rotates on every
//! use. Using a refresh token twice revokes its whole family.

mod accounts;
mod activity;
mod claims;
mod grant;
mod others;
mod passkeys;
mod people;
mod provider;
mod refresh;
mod second_factor;
mod settings;
mod sign_in;
mod sign_out;
mod wire;
mod words;

#[cfg(test)]
mod tests;

pub use self::provider::CoreApiProvider;
pub use self::settings::CoreApiSettings;
