//! The provider for an API that keeps its tokens in cookies: one for calls, and one that is exchanged for two new ones.
//! A `NestJS` application with Passport is the model, and reusing a refresh cookie there ends every session of the
//! person. Names, paths and fields are settings.
//!
//! Of accounts, only the registration is here: such APIs have no common form for the rest.

mod accounts;
mod cookies;
mod csrf;
mod grant;
mod person;
mod provider;
mod refresh;
mod registration;
mod settings;
mod sign_in;
mod sign_out;
mod wire;

#[cfg(test)]
mod tests;

pub use self::csrf::CsrfPair;
pub use self::person::PersonFields;
pub use self::provider::CookieApiProvider;
pub use self::registration::Registration;
pub use self::settings::{CookieApiSettings, RefreshReuse};
