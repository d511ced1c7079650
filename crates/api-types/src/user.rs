use serde::{Deserialize, Serialize};

/// What a person may do, as the core API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// May see and change everybody's account.
    Admin,
    /// Has shown that the e-mail address is theirs.
    VerifiedUser,
    /// A role this version does not know; it grants nothing.
    #[serde(other)]
    Unknown,
}

impl Role {
    /// The role as a person reads it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Admin => "Administrator",
            Self::VerifiedUser => "Verified user",
            Self::Unknown => "Other",
        }
    }
}

/// A signed-in person: what the header and the account page show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The identifier the core API gave.
    pub id: String,
    /// The address the person signs in with, in lower case.
    pub email: String,
    /// What the person may do; empty while it is not known yet.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// An address that waits to be verified, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverified_email: Option<String>,
}

impl User {
    /// One or two upper-case letters for the avatar, from the part of the address before the `@`:
    /// `ada.lovelace@example.com` is `AL`, `user@test.com` is `U`.
    pub fn initials(&self) -> String {
        let local = self.email.split('@').next().unwrap_or_default();
        let initials: String = local
            .split(['.', '-', '_', '+'])
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

    fn person(email: &str) -> User {
        User { id: "1".to_owned(), email: email.to_owned(), roles: Vec::new(), unverified_email: None }
    }

    #[test]
    fn initials_come_from_the_first_two_parts_of_the_local_name() {
        for (email, initials) in [
            ("user@test.com", "U"),
            ("ada.lovelace@example.com", "AL"),
            ("a_b_c@example.com", "AB"),
            ("..@example.com", "?"),
            ("", "?"),
        ] {
            assert_eq!(person(email).initials(), initials, "{email}");
        }
    }
}
