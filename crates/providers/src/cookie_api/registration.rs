use http::StatusCode;

/// How people register at the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Where a registration is posted.
    pub path: String,
    /// The field of the e-mail address.
    pub email_field: String,
    /// The field of the password.
    pub password_field: String,
    /// A field that repeats the password, if the API asks for one, such as `password_confirmation`.
    pub confirmation_field: Option<String>,
    /// A field for a name, if the API asks for one. It gets the part of the address before the `@`.
    pub name_field: Option<String>,
    /// The statuses that mean an address with an account. All but 409 do only if the error names the e-mail field.
    pub email_taken: Vec<StatusCode>,
    /// Whether the API answers a registration with a known address like one with a new address.
    pub hides_known_addresses: bool,
}

impl Registration {
    /// The default settings for a registration at this path.
    pub fn at(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            email_field: "email".to_owned(),
            password_field: "password".to_owned(),
            confirmation_field: None,
            name_field: None,
            email_taken: vec![StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY],
            hides_known_addresses: false,
        }
    }
}
