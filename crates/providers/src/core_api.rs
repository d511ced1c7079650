//! The provider for a RawStack-style core API: JSON, a bearer access token, and a refresh token that rotates on every
//! use. Using a refresh token twice revokes its whole family.

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

/// The form in which the API stores and compares addresses. An address without such a form is only trimmed and
/// lower-cased, and the API refuses it.
fn normalized(email: &str) -> String {
    email::normal_form(email).unwrap_or_else(|| email.trim().to_lowercase())
}
