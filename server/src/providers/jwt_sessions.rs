//! APIs with the Rails gem `jwt_sessions`.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use http::header::AUTHORIZATION;
use ironleaf_auth::Provider;
use ironleaf_providers::{AccessTransport, JwtSessionsProvider, JwtSessionsSettings};

use super::headers;
use super::provider_config::{ProviderConfig, ProviderKind, Surroundings};
use crate::assembly_error::AssemblyError;
use crate::config::lines::secs;
use crate::config::{Lines, Reader};

pub(super) const KIND: ProviderKind = ProviderKind {
    name: "jwt-sessions",
    prefix: "JWT_SESSIONS_",
    read: |read| Arc::new(JwtSessions::read(read)),
};

/// The gem's own lifetime of access tokens.
const ACCESS_TOKEN_MAX_AGE: Duration = Duration::from_hours(1);

struct JwtSessions {
    /// `JWT_SESSIONS_LOGIN_PATH`, relative to `CORE_API_URL` like the other paths.
    login_path: String,
    /// `JWT_SESSIONS_REFRESH_PATH`
    refresh_path: String,
    /// `JWT_SESSIONS_LOGOUT_PATH`
    logout_path: String,
    /// `JWT_SESSIONS_ME_PATH`; without it, the access token says who the person is.
    me_path: Option<String>,
    /// `JWT_SESSIONS_TRANSPORT`: how access tokens are sent.
    transport: AccessTransport,
    /// `JWT_SESSIONS_ACCESS_HEADER`
    access_header: HeaderName,
    /// `JWT_SESSIONS_ACCESS_COOKIE`
    access_cookie: String,
    /// `JWT_SESSIONS_REFRESH_HEADER`
    refresh_header: HeaderName,
    /// `JWT_SESSIONS_REFRESH_COOKIE`
    refresh_cookie: String,
    /// `JWT_SESSIONS_CSRF_HEADER`
    csrf_header: HeaderName,
    /// `JWT_SESSIONS_LOGIN_EMAIL`: the field of the sign-in for the address.
    login_email: String,
    /// `JWT_SESSIONS_LOGIN_PASSWORD`: that for the password.
    login_password: String,
    /// `JWT_SESSIONS_PERSON_ID`: the field with the person's identifier.
    person_id: String,
    /// `JWT_SESSIONS_PERSON_EMAIL`: that with the address.
    person_email: String,
    /// `JWT_SESSIONS_PERSON_VERIFIED`: that which says whether the address is verified.
    person_verified: Option<String>,
    /// `JWT_SESSIONS_PERSON_ROLES`: that with the roles, if there are any.
    person_roles: Option<String>,
    /// `JWT_SESSIONS_REUSE_HANDLER`: whether the API takes an early refresh for a theft.
    has_reuse_handler: bool,
    /// `JWT_SESSIONS_ACCESS_TOKEN_MAX_AGE`, if neither token nor answer says it.
    access_token_max_age: Duration,
}

impl JwtSessions {
    fn read(read: &mut Reader<'_>) -> Self {
        if read.optional("CORE_API_URL").is_none() {
            read.problem(
                "CORE_API_URL is missing: PROVIDER=jwt-sessions needs the address of the API, such as https://api.example.com",
            );
        }
        let me_path = optional_path(read, "JWT_SESSIONS_ME_PATH");
        if me_path.as_deref() == Some("none") {
            read.problem(
                "JWT_SESSIONS_ME_PATH is `none`: leave it empty if the access token says who the person is",
            );
        }
        // The gem's example has the identifier in the payload under this name.
        let person_id = if me_path.is_some() { "id" } else { "user_id" };
        let mut header = |name: &str, default: &str| -> HeaderName {
            read.parsed(name, default, "the name of a header, such as x-refresh-token")
        };
        let access_header = header("JWT_SESSIONS_ACCESS_HEADER", AUTHORIZATION.as_str());
        let refresh_header = header("JWT_SESSIONS_REFRESH_HEADER", "x-refresh-token");
        let csrf_header = header("JWT_SESSIONS_CSRF_HEADER", "x-csrf-token");
        let config = Self {
            login_path: path(read, "JWT_SESSIONS_LOGIN_PATH", "/login"),
            refresh_path: path(read, "JWT_SESSIONS_REFRESH_PATH", "/refresh"),
            logout_path: path(read, "JWT_SESSIONS_LOGOUT_PATH", "/logout"),
            me_path,
            transport: transport(read),
            access_header,
            access_cookie: cookie(read, "JWT_SESSIONS_ACCESS_COOKIE", "jwt_access"),
            refresh_header,
            refresh_cookie: cookie(read, "JWT_SESSIONS_REFRESH_COOKIE", "jwt_refresh"),
            csrf_header,
            login_email: read.text("JWT_SESSIONS_LOGIN_EMAIL", "email"),
            login_password: read.text("JWT_SESSIONS_LOGIN_PASSWORD", "password"),
            person_id: read.text("JWT_SESSIONS_PERSON_ID", person_id),
            person_email: read.text("JWT_SESSIONS_PERSON_EMAIL", "email"),
            person_verified: read.optional("JWT_SESSIONS_PERSON_VERIFIED"),
            person_roles: read.optional("JWT_SESSIONS_PERSON_ROLES"),
            has_reuse_handler: read.parsed("JWT_SESSIONS_REUSE_HANDLER", "true", "true or false"),
            access_token_max_age: read.duration("JWT_SESSIONS_ACCESS_TOKEN_MAX_AGE", ACCESS_TOKEN_MAX_AGE),
        };
        config.check(read);
        config
    }

    fn check(&self, read: &mut Reader<'_>) {
        let headers = [
            ("JWT_SESSIONS_ACCESS_HEADER", &self.access_header),
            ("JWT_SESSIONS_REFRESH_HEADER", &self.refresh_header),
            ("JWT_SESSIONS_CSRF_HEADER", &self.csrf_header),
        ];
        for (at, (name, header)) in headers.iter().enumerate() {
            // The access token goes where tokens usually go, and only it.
            let is_of_tokens = **header == AUTHORIZATION && *name != "JWT_SESSIONS_CSRF_HEADER";
            if !is_of_tokens {
                headers::must_have_no_meaning(read, name, header);
            }
            if let Some((other, _)) = headers[..at].iter().find(|(_, known)| known == header) {
                read.problem(format!(
                    "{name} is `{header}`, which {other} is as well: each needs a name of its own"
                ));
            }
        }
        if self.access_token_max_age.is_zero() {
            read.problem("JWT_SESSIONS_ACCESS_TOKEN_MAX_AGE is `0s`: it must be 1s at least");
        }
        if self.access_cookie == self.refresh_cookie {
            read.problem(format!(
                "JWT_SESSIONS_REFRESH_COOKIE is `{}`, which JWT_SESSIONS_ACCESS_COOKIE is as well: each needs a name of its own",
                self.refresh_cookie
            ));
        }
        if self.person_verified.as_ref() == Some(&self.person_email) {
            read.problem(format!(
                "JWT_SESSIONS_PERSON_VERIFIED is `{}`, which JWT_SESSIONS_PERSON_EMAIL is as well: an address does not say that it is verified",
                self.person_email
            ));
        }
        if overlaps(&self.login_email, &self.login_password) {
            read.problem(format!(
                "JWT_SESSIONS_LOGIN_EMAIL is `{}` and JWT_SESSIONS_LOGIN_PASSWORD `{}`: neither may be the other or contain it",
                self.login_email, self.login_password
            ));
        }
    }
}

/// Whether two paths of fields cannot both have a value.
fn overlaps(one: &str, other: &str) -> bool {
    let contains =
        |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
    one == other || contains(one, other) || contains(other, one)
}

impl ProviderConfig for JwtSessions {
    fn describe(&self, lines: &mut Lines) {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        lines.add("JWT_SESSIONS_LOGIN_PATH", &self.login_path);
        lines.add("JWT_SESSIONS_REFRESH_PATH", &self.refresh_path);
        lines.add("JWT_SESSIONS_LOGOUT_PATH", &self.logout_path);
        lines.add("JWT_SESSIONS_ME_PATH", &or_none(&self.me_path));
        lines.add("JWT_SESSIONS_TRANSPORT", &name_of(self.transport));
        lines.add("JWT_SESSIONS_ACCESS_HEADER", &self.access_header);
        lines.add("JWT_SESSIONS_ACCESS_COOKIE", &self.access_cookie);
        lines.add("JWT_SESSIONS_REFRESH_HEADER", &self.refresh_header);
        lines.add("JWT_SESSIONS_REFRESH_COOKIE", &self.refresh_cookie);
        lines.add("JWT_SESSIONS_CSRF_HEADER", &self.csrf_header);
        lines.add("JWT_SESSIONS_LOGIN_EMAIL", &self.login_email);
        lines.add("JWT_SESSIONS_LOGIN_PASSWORD", &self.login_password);
        lines.add("JWT_SESSIONS_PERSON_ID", &self.person_id);
        lines.add("JWT_SESSIONS_PERSON_EMAIL", &self.person_email);
        lines.add("JWT_SESSIONS_PERSON_VERIFIED", &or_none(&self.person_verified));
        lines.add("JWT_SESSIONS_PERSON_ROLES", &or_none(&self.person_roles));
        lines.add("JWT_SESSIONS_REUSE_HANDLER", &self.has_reuse_handler);
        lines.add("JWT_SESSIONS_ACCESS_TOKEN_MAX_AGE", &secs(self.access_token_max_age));
    }

    fn build(&self, surroundings: Surroundings) -> Result<Arc<dyn Provider>, AssemblyError> {
        let settings = JwtSessionsSettings {
            login_path: self.login_path.clone(),
            refresh_path: self.refresh_path.clone(),
            logout_path: self.logout_path.clone(),
            me_path: self.me_path.clone(),
            access_transport: self.transport,
            access_header: self.access_header.clone(),
            access_cookie: self.access_cookie.clone(),
            refresh_header: self.refresh_header.clone(),
            refresh_cookie: self.refresh_cookie.clone(),
            csrf_header: self.csrf_header.clone(),
            login_email_field: self.login_email.clone(),
            login_password_field: self.login_password.clone(),
            id_field: self.person_id.clone(),
            email_field: self.person_email.clone(),
            verified_field: self.person_verified.clone(),
            roles_field: self.person_roles.clone(),
            has_reuse_handler: self.has_reuse_handler,
            leeway: surroundings.leeway,
            access_token_max_age: self.access_token_max_age,
            refresh_token_max_age: surroundings.refresh_token_max_age,
            ..JwtSessionsSettings::at(surroundings.core_api()?)
        };
        let Surroundings { transport, clock, .. } = surroundings;
        Ok(Arc::new(JwtSessionsProvider::new(settings, transport, clock)))
    }

    fn missing_for_roles(&self) -> Option<&'static str> {
        self.person_roles.is_none().then_some("JWT_SESSIONS_PERSON_ROLES")
    }
}

fn path(read: &mut Reader<'_>, name: &str, default: &str) -> String {
    optional_path(read, name).unwrap_or_else(|| default.to_owned())
}

fn optional_path(read: &mut Reader<'_>, name: &str) -> Option<String> {
    let path = read.optional(name)?;
    let leads_up = path.split(['/', '\\']).any(|segment| matches!(segment, "." | ".."));
    let is_other = path.contains("://") || path.contains(['?', '#', '%', '\\']);
    if is_other || leads_up || path.trim_matches('/').is_empty() {
        read.problem(format!(
            "{name} is `{path}`: it must be a path below CORE_API_URL, such as /login or /auth/login, without a query"
        ));
    }
    Some(path)
}

/// The name of a cookie is a token (RFC 6265, section 4.1.1).
fn cookie(read: &mut Reader<'_>, name: &str, default: &str) -> String {
    let cookie = read.text(name, default);
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !cookie.bytes().all(is_token) {
        read.problem(format!("{name} is `{cookie}`: it must be the name of a cookie, such as {default}"));
    }
    cookie
}

fn transport(read: &mut Reader<'_>) -> AccessTransport {
    let text = read.text("JWT_SESSIONS_TRANSPORT", name_of(AccessTransport::default()));
    let known = [AccessTransport::Header, AccessTransport::Cookie];
    known.into_iter().find(|transport| name_of(*transport) == text).unwrap_or_else(|| {
        read.problem(format!("JWT_SESSIONS_TRANSPORT is `{text}`: it must be headers or cookies"));
        AccessTransport::default()
    })
}

const fn name_of(transport: AccessTransport) -> &'static str {
    match transport {
        AccessTransport::Header => "headers",
        AccessTransport::Cookie => "cookies",
    }
}
