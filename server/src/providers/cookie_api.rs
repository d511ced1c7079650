//! The provider for an API that keeps its tokens in cookies. The API's own address is `CORE_API_URL`.

mod checks;
mod registration;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, StatusCode};
use ironleaf_auth::Provider;
use ironleaf_providers::{
    CookieApiProvider, CookieApiSettings, CsrfPair, PersonFields, RefreshReuse, Registration,
};

use super::provider_config::{ProviderConfig, ProviderKind, Surroundings};
use crate::assembly_error::AssemblyError;
use crate::config::lines::secs;
use crate::config::{Lines, Reader};

pub(super) const KIND: ProviderKind =
    ProviderKind { name: "cookie-api", prefix: "COOKIE_API_", read: |read| Arc::new(CookieApi::read(read)) };

/// What a setting says that has something by default, and shall have nothing.
const NONE: &str = "none";

struct CookieApi {
    /// `COOKIE_API_LOGIN_PATH`
    login_path: String,
    /// `COOKIE_API_REFRESH_PATH`
    refresh_path: String,
    /// `COOKIE_API_LOGOUT_PATH`
    logout_path: Option<String>,
    /// `COOKIE_API_ME_PATH`
    me_path: String,
    /// `COOKIE_API_ACCESS_COOKIE`
    access_cookie: String,
    /// `COOKIE_API_REFRESH_COOKIE`
    refresh_cookie: String,
    /// `COOKIE_API_EMAIL_FIELD`, of a sign-in
    email_field: String,
    /// `COOKIE_API_PASSWORD_FIELD`
    password_field: String,
    /// `COOKIE_API_REGISTER_…`
    registration: Option<Registration>,
    /// `COOKIE_API_ME_…`: where the data of a person is.
    person: PersonFields,
    /// `COOKIE_API_STATUS_FIELD`
    status_field: Option<String>,
    /// `COOKIE_API_WRONG_CREDENTIALS`
    wrong_credentials: Vec<StatusCode>,
    /// `COOKIE_API_REFUSALS`
    refusals: Vec<StatusCode>,
    /// `COOKIE_API_REUSE_ENDS`
    reuse_ends: RefreshReuse,
    /// `COOKIE_API_REUSE_GRACE`
    reuse_grace: Duration,
    /// `COOKIE_API_CSRF_COOKIE`
    csrf_cookie: Option<String>,
    /// `COOKIE_API_CSRF_HEADER`
    csrf_header: Option<String>,
}

impl CookieApi {
    fn read(read: &mut Reader<'_>) -> Self {
        let unless_none = |text: String| (text != NONE).then_some(text);
        let words = |text: String| text.split_ascii_whitespace().map(str::to_owned).collect();
        let email_field = read.text("COOKIE_API_EMAIL_FIELD", "email");
        let password_field = read.text("COOKIE_API_PASSWORD_FIELD", "password");
        let config = Self {
            login_path: read.text("COOKIE_API_LOGIN_PATH", "/auth/login"),
            refresh_path: read.text("COOKIE_API_REFRESH_PATH", "/auth/refresh"),
            logout_path: unless_none(read.text("COOKIE_API_LOGOUT_PATH", "/auth/logout")),
            me_path: read.text("COOKIE_API_ME_PATH", "/users/me"),
            access_cookie: read.text("COOKIE_API_ACCESS_COOKIE", "access_token"),
            refresh_cookie: read.text("COOKIE_API_REFRESH_COOKIE", "refresh_token"),
            registration: registration::read(read, &email_field, &password_field),
            email_field,
            password_field,
            person: PersonFields {
                id: read.text("COOKIE_API_ME_ID", "id"),
                email: read.text("COOKIE_API_ME_EMAIL", "email"),
                name: unless_none(read.text("COOKIE_API_ME_NAME", "firstName lastName"))
                    .map(words)
                    .unwrap_or_default(),
                roles: unless_none(read.text("COOKIE_API_ME_ROLES", "roles")),
                verified: unless_none(read.text("COOKIE_API_ME_VERIFIED", "emailVerified")),
            },
            status_field: unless_none(read.text("COOKIE_API_STATUS_FIELD", "statusCode")),
            wrong_credentials: checks::statuses(read, "COOKIE_API_WRONG_CREDENTIALS", "400,401"),
            refusals: checks::statuses(read, "COOKIE_API_REFUSALS", "401,403"),
            reuse_ends: checks::reuse_ends(read),
            reuse_grace: read.duration("COOKIE_API_REUSE_GRACE", Duration::ZERO),
            csrf_cookie: read.optional("COOKIE_API_CSRF_COOKIE"),
            csrf_header: read.optional("COOKIE_API_CSRF_HEADER"),
        };
        config.check(read);
        config
    }

    fn check(&self, read: &mut Reader<'_>) {
        if read.optional("CORE_API_URL").is_none() {
            read.problem(
                "CORE_API_URL is missing: PROVIDER=cookie-api needs the address of the API, such as https://api.example.com",
            );
        }
        let paths = [
            ("COOKIE_API_LOGIN_PATH", Some(&self.login_path)),
            ("COOKIE_API_REFRESH_PATH", Some(&self.refresh_path)),
            ("COOKIE_API_LOGOUT_PATH", self.logout_path.as_ref()),
            ("COOKIE_API_ME_PATH", Some(&self.me_path)),
        ];
        checks::paths(read, &paths);
        let cookies = [
            ("COOKIE_API_ACCESS_COOKIE", Some(&self.access_cookie)),
            ("COOKIE_API_REFRESH_COOKIE", Some(&self.refresh_cookie)),
            ("COOKIE_API_CSRF_COOKIE", self.csrf_cookie.as_ref()),
        ];
        checks::cookies(read, &cookies);
        let fields = [
            ("COOKIE_API_EMAIL_FIELD", Some(&self.email_field)),
            ("COOKIE_API_PASSWORD_FIELD", Some(&self.password_field)),
        ];
        checks::fields(read, &fields);
        checks::csrf(read, self.csrf_cookie.as_ref(), self.csrf_header.as_ref());
        checks::grace(read, self.reuse_grace, self.reuse_ends);
    }

    fn csrf(&self) -> Option<CsrfPair> {
        let header = HeaderName::from_bytes(self.csrf_header.as_ref()?.as_bytes()).ok()?;
        Some(CsrfPair { cookie: self.csrf_cookie.clone()?, header })
    }
}

impl ProviderConfig for CookieApi {
    fn describe(&self, lines: &mut Lines) {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| format!("({NONE})"));
        lines.add("COOKIE_API_LOGIN_PATH", &self.login_path);
        lines.add("COOKIE_API_REFRESH_PATH", &self.refresh_path);
        lines.add("COOKIE_API_LOGOUT_PATH", &or_none(&self.logout_path));
        lines.add("COOKIE_API_ME_PATH", &self.me_path);
        lines.add("COOKIE_API_ACCESS_COOKIE", &self.access_cookie);
        lines.add("COOKIE_API_REFRESH_COOKIE", &self.refresh_cookie);
        lines.add("COOKIE_API_EMAIL_FIELD", &self.email_field);
        lines.add("COOKIE_API_PASSWORD_FIELD", &self.password_field);
        registration::describe(self.registration.as_ref(), lines);
        lines.add("COOKIE_API_ME_ID", &self.person.id);
        lines.add("COOKIE_API_ME_EMAIL", &self.person.email);
        lines.add("COOKIE_API_ME_NAME", &self.person.name.join(" "));
        lines.add("COOKIE_API_ME_ROLES", &or_none(&self.person.roles));
        lines.add("COOKIE_API_ME_VERIFIED", &or_none(&self.person.verified));
        lines.add("COOKIE_API_STATUS_FIELD", &or_none(&self.status_field));
        lines.add("COOKIE_API_WRONG_CREDENTIALS", &checks::Statuses(&self.wrong_credentials));
        lines.add("COOKIE_API_REFUSALS", &checks::Statuses(&self.refusals));
        lines.add("COOKIE_API_REUSE_ENDS", &checks::name_of(self.reuse_ends));
        lines.add("COOKIE_API_REUSE_GRACE", &secs(self.reuse_grace));
        lines.add("COOKIE_API_CSRF_COOKIE", &or_none(&self.csrf_cookie));
        lines.add("COOKIE_API_CSRF_HEADER", &or_none(&self.csrf_header));
    }

    fn build(&self, surroundings: Surroundings) -> Result<Arc<dyn Provider>, AssemblyError> {
        let settings = CookieApiSettings {
            login_path: self.login_path.clone(),
            refresh_path: self.refresh_path.clone(),
            logout_path: self.logout_path.clone(),
            me_path: self.me_path.clone(),
            access_cookie: self.access_cookie.clone(),
            refresh_cookie: self.refresh_cookie.clone(),
            email_field: self.email_field.clone(),
            password_field: self.password_field.clone(),
            registration: self.registration.clone(),
            person: self.person.clone(),
            status_field: self.status_field.clone(),
            wrong_credentials: self.wrong_credentials.clone(),
            refusals: self.refusals.clone(),
            reuse_ends: self.reuse_ends,
            reuse_grace: self.reuse_grace,
            csrf: self.csrf(),
            leeway: surroundings.leeway,
            refresh_token_max_age: surroundings.refresh_token_max_age,
            ..CookieApiSettings::at(surroundings.core_api()?)
        };
        let Surroundings { transport, clock, random, .. } = surroundings;
        Ok(Arc::new(CookieApiProvider::new(settings, transport, clock, random)))
    }

    fn missing_for_roles(&self) -> Option<&'static str> {
        self.person.roles.is_none().then_some("COOKIE_API_ME_ROLES")
    }
}
