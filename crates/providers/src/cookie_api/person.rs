//! Who a person is, wherever the API's answer has it.

use ironleaf_api_types::User;
use ironleaf_auth::EmailAddress;
use serde_json::{Map, Value};

use crate::answer::{identifier, short_text};
use crate::roles;

/// Where the data of a person is in an answer: a name such as `email`, or a path such as `data.attributes.email`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFields {
    /// The identifier, which may be a number.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The parts of the name, in order, such as first name and last name. Parts that are missing are left out.
    pub name: Vec<String>,
    /// The roles: a list, a single name, or an object whose keys are the names. `None` if people have no roles.
    pub roles: Option<String>,
    /// Whether the address is verified: a truth value, a number, or the time of the verification. `None` if every
    /// address counts as verified.
    pub verified: Option<String>,
}

impl Default for PersonFields {
    fn default() -> Self {
        Self {
            id: "id".to_owned(),
            email: "email".to_owned(),
            name: ["firstName", "lastName"].map(str::to_owned).to_vec(),
            roles: Some("roles".to_owned()),
            verified: Some("emailVerified".to_owned()),
        }
    }
}

impl PersonFields {
    /// The person that the answer describes. `None` if it has no identifier.
    pub(super) fn read(&self, answer: &Map<String, Value>) -> Option<User> {
        let id = identifier(roles::find(answer, &self.id)?)?;
        let mut user = User { id, ..User::default() };
        if let Some(email) = self.address(answer) {
            // SECURITY: what pages decide by address, they decide by `email`, so an unverified one is not there.
            let slot = if self.is_verified(answer) { &mut user.email } else { &mut user.unverified_email };
            *slot = Some(email);
        }
        if let Some(path) = &self.roles {
            user.roles = roles::read(answer, path).unwrap_or_default();
        }
        let name: Vec<String> =
            self.name.iter().filter_map(|path| short_text(roles::find(answer, path)?)).collect();
        if let Some(name) = short_text(&Value::from(name.join(" "))) {
            user.claims.insert("name".to_owned(), name);
        }
        Some(user)
    }

    /// Whether the answer says everything about a person that a page may show. A part of the record may have the
    /// identifier alone.
    pub(super) fn is_whole(&self, answer: &Map<String, Value>) -> bool {
        let is_there = |path: &str| roles::find(answer, path).is_some();
        is_there(&self.email) && self.roles.as_deref().is_none_or(is_there)
    }

    /// Whether every field is there. A usual record may lack some.
    pub(super) fn has_all(&self, answer: &Map<String, Value>) -> bool {
        let is_there = |path: &String| roles::find(answer, path).is_some();
        self.is_whole(answer) && self.verified.iter().chain(&self.name).all(is_there)
    }

    fn address(&self, answer: &Map<String, Value>) -> Option<String> {
        let text = roles::find(answer, &self.email)?.as_str().filter(|text| text.contains('@'))?;
        let text = EmailAddress::of_record(text).as_str().to_owned();
        // Longer ones do not exist (RFC 5321, section 4.5.3.1.3).
        (text.len() <= 254).then_some(text)
    }

    fn is_verified(&self, answer: &Map<String, Value>) -> bool {
        let Some(path) = &self.verified else {
            return true;
        };
        match roles::find(answer, path) {
            // An API that does not say it lets nobody in whom it has not verified.
            None => true,
            Some(Value::Bool(value)) => *value,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            // The time at which it was verified, or a truth value as text.
            Some(Value::String(text)) => !["", "0", "false"].contains(&text.to_ascii_lowercase().as_str()),
            Some(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(fields: &PersonFields, answer: &Value) -> Option<User> {
        fields.read(answer.as_object().unwrap())
    }

    #[test]
    fn a_person_is_read_as_recorded() {
        let answer = json!({
            "id": 7, "firstName": "Ada", "lastName": "Admin", "email": "Ada@Example.org", "roles": ["admin", "user"],
            "emailVerified": true, "avatar": null,
        });
        let user = read(&PersonFields::default(), &answer).unwrap();
        assert_eq!((user.id.as_str(), user.email.as_deref()), ("7", Some("ada@example.org")));
        assert!(user.has_role("admin") && user.has_role("user"));
        assert_eq!(user.claims["name"], "Ada Admin");
    }

    #[test]
    fn fields_may_be_anywhere_and_missing() {
        let fields = PersonFields {
            id: "data.id".to_owned(),
            email: "data.attributes.email".to_owned(),
            name: vec!["data.attributes.name".to_owned()],
            roles: Some("data.role".to_owned()),
            verified: Some("data.attributes.email_verified_at".to_owned()),
        };
        let of =
            |attributes: Value| json!({ "data": { "id": "7", "role": "editor", "attributes": attributes } });
        let user =
            read(&fields, &of(json!({ "email": "a@b.c", "email_verified_at": "2026-11-29" }))).unwrap();
        assert_eq!((user.email.as_deref(), user.claims.len()), (Some("a@b.c"), 0));
        assert!(user.has_role("editor"));
        let user = read(&fields, &of(json!({ "email": "a@b.c", "email_verified_at": null }))).unwrap();
        assert_eq!((user.email, user.unverified_email.as_deref()), (None, Some("a@b.c")));
    }

    #[test]
    fn an_address_counts_only_if_the_api_says_that_it_is_verified_or_says_nothing() {
        for (verified, counts) in [
            (json!(true), true),
            (json!(1), true),
            (json!("true"), true),
            (json!(false), false),
            (json!(0), false),
            (json!("False"), false),
            (json!(""), false),
            (json!({}), false),
        ] {
            let answer = json!({ "id": 1, "email": "a@b.c", "emailVerified": verified });
            assert_eq!(
                read(&PersonFields::default(), &answer).unwrap().email.is_some(),
                counts,
                "{verified}"
            );
        }
        let answer = json!({ "id": 1, "email": "a@b.c" });
        assert!(read(&PersonFields::default(), &answer).unwrap().email.is_some());
    }

    #[test]
    fn nobody_is_somebody_without_an_identifier() {
        for answer in [
            json!({}),
            json!({ "id": null }),
            json!({ "id": "" }),
            json!({ "id": {} }),
            json!({ "id": true }),
            // Two long ones that begin alike would be one person.
            json!({ "id": "x".repeat(200) }),
        ] {
            assert_eq!(read(&PersonFields::default(), &answer), None, "{answer}");
        }
    }
}
