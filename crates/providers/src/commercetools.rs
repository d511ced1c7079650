//! The provider for OAuth 2 in the commercetools profile: the password grant for customers, client credentials for
//! guests, and a refresh token that stays good.

mod accounts;
mod cart;
mod client;
mod grant;
mod person;
mod provider;
mod refresh;
mod settings;
mod sign_in;
mod sign_out;
mod urls;
mod wire;

#[cfg(test)]
mod tests;

pub use self::provider::CommercetoolsProvider;
pub use self::settings::CommercetoolsSettings;
