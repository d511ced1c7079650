//! Who a person is, from the claims of an ID token or of userinfo (OpenID Connect Core 1.0, section 5.1).

use ironleaf_auth::{EmailAddress, Identity, Role};
use serde_json::{Map, Value};

use crate::answer::short_text;
use crate::roles;

/// The claims that pages may know.
const NAMES: [&str; 2] = ["name", "preferred_username"];

/// What claims say about a person. What they do not say is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) email: Option<Address>,
    pub(super) roles: Option<Vec<Role>>,
    names: [Option<String>; NAMES.len()],
}

/// An e-mail address, and whether the provider says that it has verified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    text: String,
    is_verified: bool,
}

impl Person {
    pub(super) fn read(claims: &Map<String, Value>, roles_claim: Option<&str>) -> Self {
        let [name, username] = NAMES.map(|name| short_text(claims.get(name)?));
        Self {
            email: address(claims),
            roles: roles_claim.and_then(|path| roles::read(claims, path)),
            // Pages show `name`, so somebody without one is shown by their user name.
            names: [name.or_else(|| username.clone()), username],
        }
    }

    /// Adds what is not known yet.
    pub(super) fn or(mut self, other: Self) -> Self {
        self.email = self.email.or(other.email);
        self.roles = self.roles.or(other.roles);
        for (name, other) in self.names.iter_mut().zip(other.names) {
            *name = name.take().or(other);
        }
        self
    }

    /// Writes what is known over what the identity says. The rest stays.
    pub(super) fn describe(self, identity: &mut Identity) {
        if let Some(Address { text, is_verified }) = self.email {
            // SECURITY: anybody can tell some providers any address, and have it in their claims. Only a verified one
            // is an address of this person. What pages decide by address, they decide by `email`.
            (identity.email, identity.unverified_email) =
                if is_verified { (Some(text), None) } else { (None, Some(text)) };
        }
        if let Some(roles) = self.roles {
            identity.roles = roles;
        }
        for (name, text) in NAMES.into_iter().zip(self.names) {
            if let Some(text) = text {
                identity.claims.insert(name.to_owned(), text);
            }
        }
    }
}

fn address(claims: &Map<String, Value>) -> Option<Address> {
    let text = claims.get("email")?.as_str().filter(|text| text.contains('@'))?;
    let text = EmailAddress::of_record(text).as_str().to_owned();
    // Longer ones do not exist (RFC 5321, section 4.5.3.1.3).
    (text.len() <= 254).then(|| Address { text, is_verified: is_true(claims.get("email_verified")) })
}

/// Amazon Cognito and others write truth values as text.
fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(value)) => *value,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}
