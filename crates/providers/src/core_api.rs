//! The provider for a RawStack-style core API: JSON, a bearer access token, a refresh token that rotates on every use
//! and takes its family along when it is used twice.

mod accounts;
mod claims;
mod grant;
mod provider;
mod refresh;
mod settings;
mod sign_in;
mod sign_out;
mod wire;
mod words;

use ironleaf_credentials::email;

#[cfg(test)]
mod tests;

pub use self::provider::CoreApiProvider;
pub use self::settings::CoreApiSettings;

/// The form in which the API stores addresses and compares them. What has no such form is left to the API, which refuses it.
fn normalized(email: &str) -> String {
    email::normal_form(email).unwrap_or_else(|| email.trim().to_lowercase())
}
