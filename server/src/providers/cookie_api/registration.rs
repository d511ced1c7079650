//! `COOKIE_API_REGISTER_…`: how people register.

use http::StatusCode;
use ironleaf_providers::Registration;

use super::checks::{self, Statuses};
use crate::config::{Lines, Reader};

const PATH: &str = "COOKIE_API_REGISTER_PATH";
const EMAIL: &str = "COOKIE_API_REGISTER_EMAIL_FIELD";
const PASSWORD: &str = "COOKIE_API_REGISTER_PASSWORD_FIELD";
const CONFIRMATION: &str = "COOKIE_API_REGISTER_CONFIRM_FIELD";
const NAME: &str = "COOKIE_API_REGISTER_NAME_FIELD";
const TAKEN: &str = "COOKIE_API_REGISTER_TAKEN";
const HIDES: &str = "COOKIE_API_REGISTER_HIDES_TAKEN";

/// `None` without `COOKIE_API_REGISTER_PATH`. Fields have the names of a sign-in unless they are named.
pub(super) fn read(read: &mut Reader<'_>, email_field: &str, password_field: &str) -> Option<Registration> {
    let Some(path) = read.optional(PATH) else {
        for name in [EMAIL, PASSWORD, CONFIRMATION, NAME, TAKEN, HIDES] {
            if read.optional(name).is_some() {
                read.problem(format!("{name} is set and {PATH} is not: nobody can register"));
            }
        }
        return None;
    };
    checks::paths(read, &[(PATH, Some(&path))]);
    let registration = Registration {
        email_field: read.text(EMAIL, email_field),
        password_field: read.text(PASSWORD, password_field),
        confirmation_field: read.optional(CONFIRMATION),
        name_field: read.optional(NAME),
        email_taken: checks::statuses(read, TAKEN, "409,422"),
        hides_known_addresses: read.parsed(HIDES, "false", "true or false"),
        ..Registration::at(path)
    };
    checks::fields(
        read,
        &[
            (EMAIL, Some(&registration.email_field)),
            (PASSWORD, Some(&registration.password_field)),
            (CONFIRMATION, registration.confirmation_field.as_ref()),
            (NAME, registration.name_field.as_ref()),
        ],
    );
    Some(registration)
}

pub(super) fn describe(registration: Option<&Registration>, lines: &mut Lines) {
    let Some(registration) = registration else {
        for name in [PATH, EMAIL, PASSWORD, CONFIRMATION, NAME, TAKEN, HIDES] {
            lines.add(name, &"(none)");
        }
        return;
    };
    let or_none = |field: &Option<String>| field.clone().unwrap_or_else(|| "(none)".to_owned());
    let taken: &[StatusCode] = &registration.email_taken;
    lines.add(PATH, &registration.path);
    lines.add(EMAIL, &registration.email_field);
    lines.add(PASSWORD, &registration.password_field);
    lines.add(CONFIRMATION, &or_none(&registration.confirmation_field));
    lines.add(NAME, &or_none(&registration.name_field));
    lines.add(TAKEN, &Statuses(taken));
    lines.add(HIDES, &registration.hides_known_addresses);
}
