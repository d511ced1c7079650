//! What can be wrong with the variables.

use std::fmt;
use std::time::Duration;

use http::{HeaderName, StatusCode};
use ironleaf_providers::RefreshReuse;

use crate::config::Reader;
use crate::providers::headers;

/// Paths below the address of the API. `None` is an endpoint that the API does not have.
pub(super) fn paths(read: &mut Reader<'_>, paths: &[(&str, Option<&String>)]) {
    for (name, path) in paths {
        if let Some(path) = path.filter(|path| !is_path(path)) {
            read.problem(format!(
                "{name} is `{path}`: it must be a path below CORE_API_URL, such as /auth/login"
            ));
        }
    }
}

/// Names of cookies, each with its variable.
pub(super) fn cookies(read: &mut Reader<'_>, cookies: &[(&str, Option<&String>)]) {
    for (index, (variable, name)) in cookies.iter().enumerate() {
        let Some(name) = name else { continue };
        if !is_token(name) {
            read.problem(format!(
                "{variable} is `{name}`: it must be the name of a cookie, such as access_token"
            ));
        }
        // SECURITY: under one name, the refresh cookie would go along with every call.
        if let Some((other, _)) = cookies[..index].iter().find(|(_, other)| *other == Some(*name)) {
            read.problem(format!(
                "{variable} and {other} are both `{name}`: each cookie has a name of its own"
            ));
        }
    }
}

/// Names of the fields of one form, each with its variable.
pub(super) fn fields(read: &mut Reader<'_>, fields: &[(&str, Option<&String>)]) {
    for (index, (variable, name)) in fields.iter().enumerate() {
        let Some(name) = name else { continue };
        if let Some((other, _)) = fields[..index].iter().find(|(_, other)| *other == Some(*name)) {
            read.problem(format!(
                "{variable} and {other} are both `{name}`: each field has a name of its own"
            ));
        }
    }
}

/// The cookie and the header against forged requests: both or none.
pub(super) fn csrf(read: &mut Reader<'_>, cookie: Option<&String>, header: Option<&String>) {
    match (cookie, header) {
        (Some(_), None) => read.problem(
            "COOKIE_API_CSRF_HEADER is missing: COOKIE_API_CSRF_COOKIE is set, and the header repeats it, such as X-XSRF-TOKEN",
        ),
        (None, Some(_)) => read.problem(
            "COOKIE_API_CSRF_COOKIE is missing: COOKIE_API_CSRF_HEADER is set, and repeats that cookie, such as XSRF-TOKEN",
        ),
        (Some(_), Some(header)) if HeaderName::from_bytes(header.as_bytes()).is_err() => {
            read.problem(format!(
                "COOKIE_API_CSRF_HEADER is `{header}`: it must be the name of a header, such as X-XSRF-TOKEN"
            ));
        }
        (Some(_), Some(header)) => {
            if let Ok(name) = HeaderName::from_bytes(header.as_bytes()) {
                headers::must_have_no_meaning(read, "COOKIE_API_CSRF_HEADER", &name);
            }
        }
        (None, None) => {}
    }
}

pub(super) fn grace(read: &mut Reader<'_>, grace: Duration, reuse_ends: RefreshReuse) {
    if !grace.is_zero() && reuse_ends != RefreshReuse::Session {
        read.problem(format!(
            "COOKIE_API_REUSE_GRACE is set, and COOKIE_API_REUSE_ENDS is {}: it is for COOKIE_API_REUSE_ENDS=session. Where a reuse \
             ends every session of the person, a repetition that arrives too late would cost them all, so none is sent",
            name_of(reuse_ends)
        ));
    }
}

/// Statuses of refusals, separated by commas.
pub(super) fn statuses(read: &mut Reader<'_>, name: &str, default: &str) -> Vec<StatusCode> {
    let text = read.text(name, default);
    let status = |text: &str| StatusCode::from_bytes(text.trim().as_bytes()).ok();
    let statuses: Option<Vec<_>> = text.split(',').map(status).collect();
    // A 429 has not looked at the request, and a 5xx says nothing.
    let is_refusal =
        |status: &StatusCode| status.is_client_error() && *status != StatusCode::TOO_MANY_REQUESTS;
    statuses.filter(|statuses| statuses.iter().all(is_refusal)).unwrap_or_else(|| {
        read.problem(format!(
            "{name} is `{text}`: it must be statuses from 400 to 499 separated by commas, without 429, such as {default}"
        ));
        Vec::new()
    })
}

pub(super) fn reuse_ends(read: &mut Reader<'_>) -> RefreshReuse {
    let text = read.text("COOKIE_API_REUSE_ENDS", name_of(RefreshReuse::Person));
    let known = [RefreshReuse::Person, RefreshReuse::Session, RefreshReuse::Nothing];
    known.into_iter().find(|ends| name_of(*ends) == text).unwrap_or_else(|| {
        read.problem(format!("COOKIE_API_REUSE_ENDS is `{text}`: it must be person, session or nothing"));
        RefreshReuse::default()
    })
}

pub(super) const fn name_of(ends: RefreshReuse) -> &'static str {
    match ends {
        RefreshReuse::Person => "person",
        RefreshReuse::Session => "session",
        RefreshReuse::Nothing => "nothing",
    }
}

fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.contains("//")
        && text.split('/').all(|segment| segment != "." && segment != "..")
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%\\".contains(&byte))
}

/// RFC 6265, section 4.1.1.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Statuses as they are written in a variable.
pub(super) struct Statuses<'a>(pub(super) &'a [StatusCode]);

impl fmt::Display for Statuses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.0.iter().map(StatusCode::as_str).collect();
        f.write_str(&texts.join(","))
    }
}
