//! The provider for an API that keeps its tokens in cookies: one for calls, and one that is exchanged for two new ones.
//! A `NestJS` application with Passport is the model, and reusing a refresh cookie there ends every session of the
//! person. Names, paths and fields are settings.
//!
//! Accounts are deliberately absent: such an API has no common form for them.

mod cookies;
mod csrf;
mod grant;
mod person;
mod provider;
mod refresh;
mod settings;
mod sign_in;
mod sign_out;
mod wire;

#[cfg(test)]
mod tests;

pub use self::csrf::CsrfPair;
pub use self::person::PersonFields;
pub use self::provider::CookieApiProvider;
pub use self::settings::{CookieApiSettings, RefreshReuse};
