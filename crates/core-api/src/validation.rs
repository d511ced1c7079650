//! Reads fields from a JSON object and collects all problems with them, in the words of zod 4.

use std::borrow::Cow;

use ironleaf_credentials::password::{CONTROL_CHARACTERS, Unusable};
use serde_json::{Map, Value};

use crate::{
    email::Email,
    error::{ApiError, Issue},
    password::Password,
    users::{Role, Roles},
};

/// In characters of the stored form, not in bytes.
const PASSWORD_LENGTH: usize = 8;

/// The longest name of a passkey, in characters.
const NAME_LENGTH: usize = 60;

/// The fields of one body. Read each, then [`finish`](Self::finish).
pub(crate) struct Fields {
    object: Map<String, Value>,
    issues: Vec<Issue>,
}

impl Fields {
    pub(crate) fn of(body: Value) -> Result<Self, ApiError> {
        match body {
            Value::Object(object) => Ok(Self { object, issues: Vec::new() }),
            other => Err(ApiError::Validation(vec![wrong_type(None, "object", Some(&other))])),
        }
    }

    /// The value that was read, or all issues.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, ApiError> {
        match value {
            Some(value) if self.issues.is_empty() => Ok(value),
            _ => Err(ApiError::Validation(self.issues)),
        }
    }

    pub(crate) fn email(&mut self, name: &'static str) -> Option<Email> {
        let text = self.text(name)?;
        self.check_email(name, &text)
    }

    pub(crate) fn optional_email(&mut self, name: &'static str) -> Option<Email> {
        let text = self.optional_text(name)?;
        self.check_email(name, &text)
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        if !self.object.contains_key(name) {
            self.issues.push(wrong_type(Some(name), "string", None));
        }
        self.optional_text(name)
    }

    pub(crate) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        match self.object.remove(name)? {
            Value::String(text) => Some(text),
            other => self.refuse(wrong_type(Some(name), "string", Some(&other))),
        }
    }

    /// A new password. A password that is only checked may have any length.
    pub(crate) fn optional_new_password(&mut self, name: &'static str) -> Option<Password> {
        let text = self.optional_text(name)?;
        match Password::new(&text) {
            Ok(password) if password.length() >= PASSWORD_LENGTH => Some(password),
            Ok(_) | Err(Unusable::Empty) => {
                let message = "Password must be at least 8 characters".into();
                self.refuse(Issue { path: Some(name), message, code: "too_small" })
            }
            Err(Unusable::ControlCharacters) => {
                let message = CONTROL_CHARACTERS.into();
                self.refuse(Issue { path: Some(name), message, code: "invalid_format" })
            }
        }
    }

    /// The name of a passkey.
    pub(crate) fn passkey_name(&mut self, name: &'static str) -> Option<String> {
        let text = self.text(name)?;
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 || length > NAME_LENGTH || text.contains(char::is_control) {
            let message = "Name must be 1 to 60 characters".into();
            return self.refuse(Issue { path: Some(name), message, code: "invalid_format" });
        }
        Some(text.to_owned())
    }

    pub(crate) fn object(&mut self, name: &'static str) -> Option<Value> {
        match self.object.remove(name) {
            Some(object @ Value::Object(_)) => Some(object),
            other => self.refuse(wrong_type(Some(name), "object", other.as_ref())),
        }
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> bool {
        match self.object.remove(name) {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(other) => self.refuse(wrong_type(Some(name), "boolean", Some(&other))).unwrap_or(false),
        }
    }

    pub(crate) fn optional_role(&mut self, name: &'static str) -> Option<Role> {
        let value = self.object.remove(name)?;
        self.check_role(name, &value)
    }

    pub(crate) fn optional_roles(&mut self, name: &'static str) -> Option<Roles> {
        match self.object.remove(name)? {
            Value::Array(values) => values.iter().map(|value| self.check_role(name, value)).collect(),
            other => self.refuse(wrong_type(Some(name), "array", Some(&other))),
        }
    }

    fn check_email(&mut self, name: &'static str, text: &str) -> Option<Email> {
        let email = Email::parse(text);
        if email.is_none() {
            let message = "Invalid email address".into();
            self.issues.push(Issue { path: Some(name), message, code: "invalid_format" });
        }
        email
    }

    fn check_role(&mut self, name: &'static str, value: &Value) -> Option<Role> {
        let role = value.as_str().and_then(Role::parse);
        if role.is_none() {
            self.issues.push(unknown_option(name, &["ADMIN", "VERIFIED_USER"]));
        }
        role
    }

    fn refuse<T>(&mut self, issue: Issue) -> Option<T> {
        self.issues.push(issue);
        None
    }
}

pub(crate) fn unknown_option(name: &'static str, options: &[&str]) -> Issue {
    let options = options.iter().map(|option| format!("\"{option}\"")).collect::<Vec<_>>().join("|");
    let message = format!("Invalid option: expected one of {options}").into();
    Issue { path: Some(name), message, code: "invalid_value" }
}

fn wrong_type(path: Option<&'static str>, expected: &str, received: Option<&Value>) -> Issue {
    let received = match received {
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    };
    let message = Cow::from(format!("Invalid input: expected {expected}, received {received}"));
    Issue { path, message, code: "invalid_type" }
}
