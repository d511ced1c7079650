//! What can be wrong with the variables.

use http::{HeaderName, StatusCode};
use ironleaf_providers::RefreshReuse;

use super::CookieApi;
use crate::config::Reader;

pub(super) fn check(config: &CookieApi, read: &mut Reader<'_>) {
    if read.optional("CORE_API_URL").is_none() {
        read.problem(
            "CORE_API_URL is missing: PROVIDER=cookie-api needs the address of the API, such as https://api.example.com",
        );
    }
    for (name, path) in [
        ("COOKIE_API_LOGIN_PATH", Some(&config.login_path)),
        ("COOKIE_API_REFRESH_PATH", Some(&config.refresh_path)),
        ("COOKIE_API_LOGOUT_PATH", config.logout_path.as_ref()),
        ("COOKIE_API_ME_PATH", Some(&config.me_path)),
    ] {
        if let Some(path) = path.filter(|path| !is_path(path)) {
            read.problem(format!(
                "{name} is `{path}`: it must be a path below CORE_API_URL, such as /auth/login"
            ));
        }
    }
    check_cookies(config, read);
    if !config.reuse_grace.is_zero() && config.reuse_ends != RefreshReuse::Session {
        read.problem(format!(
            "COOKIE_API_REUSE_GRACE is set, and COOKIE_API_REUSE_ENDS is {}: a repetition that arrives too late would cost the \
             person's other sessions, so it is never sent. Leave the grace out, or set COOKIE_API_REUSE_ENDS=session if a reuse \
             ends one session only",
            name_of(config.reuse_ends)
        ));
    }
}

fn check_cookies(config: &CookieApi, read: &mut Reader<'_>) {
    let cookies = [
        ("COOKIE_API_ACCESS_COOKIE", Some(&config.access_cookie)),
        ("COOKIE_API_REFRESH_COOKIE", Some(&config.refresh_cookie)),
        ("COOKIE_API_CSRF_COOKIE", config.csrf_cookie.as_ref()),
    ];
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
    match (&config.csrf_cookie, &config.csrf_header) {
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
        _ => {}
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
