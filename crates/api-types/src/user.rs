use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// A permission of a person, with the provider's name for it. Names differ between providers, so any name is a role. A
/// role that no code checks grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Role(String);

impl Role {
    /// The reference core API's role for people who may see and change all accounts.
    pub const ADMIN: &str = "ADMIN";
    /// The reference core API's role for people who have verified their e-mail address.
    pub const VERIFIED_USER: &str = "VERIFIED_USER";

    /// The role with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The role's name, as the provider writes it.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The role's name for display.
    pub fn label(&self) -> Cow<'_, str> {
        match self.name() {
            Self::ADMIN => "Administrator".into(),
            Self::VERIFIED_USER => "Verified user".into(),
            other => other.into(),
        }
    }
}

/// A signed-in person or a guest, as the header and the account page show them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The provider's identifier of the person.
    pub id: String,
    /// The address that the person signs in with, in lower case. A guest has none, and some providers do not state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The person's roles; empty while they are not known yet.
    #[serde(default, deserialize_with = "or_default")]
    pub roles: Vec<Role>,
    /// An address that is not verified yet, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverified_email: Option<String>,
    /// Whether this is a guest: the session has a cart, for example, but no account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_guest: bool,
    /// Other claims of the provider that a page may know, such as `name` or `tenant`, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
}

/// Reads `null` as the default.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl User {
    /// A person with this identifier and address, and no other data.
    pub fn new(id: impl Into<String>, email: impl Into<String>) -> Self {
        Self { id: id.into(), email: Some(email.into()), ..Self::default() }
    }

    /// A guest.
    pub fn guest(id: impl Into<String>) -> Self {
        Self { id: id.into(), is_guest: true, ..Self::default() }
    }

    /// The address that the person signs in with, verified or not.
    pub fn address(&self) -> Option<&str> {
        self.email.as_deref().or(self.unverified_email.as_deref())
    }

    /// The name to show for the person: the address, else the provider's `name`.
    pub fn display_name(&self) -> &str {
        let name = || self.claims.get("name").map(String::as_str);
        self.email.as_deref().or_else(name).unwrap_or(if self.is_guest { "Guest" } else { "Signed in" })
    }

    /// Whether the person has the role with this name.
    pub fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role.name() == name)
    }

    /// One or two upper-case letters for the avatar, from the part of the address before the `@`:
    /// `ada.lovelace@example.com` is `AL`, `user@test.com` is `U`.
    pub fn initials(&self) -> String {
        let local = self.display_name().split('@').next().unwrap_or_default();
        let initials: String = local
            .split(['.', '-', '_', '+', ' '])
            .filter_map(|part| part.chars().find(|letter| letter.is_alphanumeric()))
            .take(2)
            .flat_map(char::to_uppercase)
            .collect();
        if initials.is_empty() { "?".to_owned() } else { initials }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_come_from_the_first_two_parts_of_the_local_name() {
        for (email, initials) in [
            ("user@test.com", "U"),
            ("ada.lovelace@example.com", "AL"),
            ("a_b_c@example.com", "AB"),
            ("..@example.com", "?"),
            ("", "?"),
        ] {
            assert_eq!(User::new("1", email).initials(), initials, "{email}");
        }
        assert_eq!(User::guest("1").initials(), "G");
    }

    #[test]
    fn roles_and_claims_have_any_name() {
        let person: User =
            serde_json::from_str(r#"{"id":"1","roles":["evaluator","ADMIN"],"claims":{"tenant":"north"}}"#)
                .unwrap();
        assert!(person.has_role("evaluator") && person.has_role(Role::ADMIN) && !person.has_role("admin"));
        let labels: Vec<_> = person.roles.iter().map(Role::label).collect();
        assert_eq!(labels, ["evaluator", "Administrator"]);
        assert_eq!((person.email.as_deref(), person.claims["tenant"].as_str()), (None, "north"));
    }

    #[test]
    fn no_roles_are_as_good_as_an_empty_list() {
        let person: User = serde_json::from_str(r#"{"id":"1","email":"a@b.c","roles":null}"#).unwrap();
        assert_eq!(person, User::new("1", "a@b.c"));
    }
}
