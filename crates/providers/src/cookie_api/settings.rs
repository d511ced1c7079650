use std::time::Duration;

use http::StatusCode;
use url::Url;

use super::{CsrfPair, PersonFields, Registration};

/// The settings of a [`CookieApiProvider`](super::CookieApiProvider). Paths are relative to the base URL.
#[derive(Debug, Clone)]
pub struct CookieApiSettings {
    /// The provider's name: `cookie-api`, unless there are several providers of this kind. It is part of every
    /// session's owner, so a new name turns every person into a different one.
    pub name: String,
    /// The base URL of the API, such as `http://127.0.0.1:3001/api`.
    pub base_url: Url,
    /// Where credentials are posted.
    pub login_path: String,
    /// Where the refresh cookie is posted.
    pub refresh_path: String,
    /// Where a sign-out is posted, with both cookies. `None` if the API has no sign-out.
    pub logout_path: Option<String>,
    /// Where the API says who is signed in.
    pub me_path: String,
    /// The name of the cookie that goes along with every call.
    pub access_cookie: String,
    /// The name of the cookie that goes to the refresh and the sign-out only.
    pub refresh_cookie: String,
    /// The field of the e-mail address in a sign-in.
    pub email_field: String,
    /// The field of the password in a sign-in.
    pub password_field: String,
    /// How people register. `None` if they do so elsewhere.
    pub registration: Option<Registration>,
    /// Where the data of a person is in the answer at `me_path`.
    pub person: PersonFields,
    /// The field that repeats the HTTP status in the API's errors, such as `statusCode`. An answer without it is
    /// another server's, such as a proxy's, and ends no session. `None` if the API's errors have no such field: then
    /// every JSON object counts.
    pub status_field: Option<String>,
    /// The statuses that mean wrong credentials at a sign-in.
    pub wrong_credentials: Vec<StatusCode>,
    /// The statuses of a refresh that mean that the session has ended.
    pub refusals: Vec<StatusCode>,
    /// What a spent refresh cookie costs that is presented again.
    pub reuse_ends: RefreshReuse,
    /// How long the API gives the same answer to the same refresh cookie again. Only with [`RefreshReuse::Session`].
    pub reuse_grace: Duration,
    /// The cookie and the header of the API's protection against forged requests, if it has one.
    pub csrf: Option<CsrfPair>,
    /// How long before its expiry an access cookie is renewed. The lifecycle uses a quarter of its lifetime if that is
    /// shorter.
    pub leeway: Duration,
    /// The longest life of a refresh cookie, whatever the API states.
    pub refresh_token_max_age: Duration,
}

/// What ends if a spent refresh cookie is presented again. It decides what happens to a refresh whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefreshReuse {
    /// Every session of the person on every device. A cookie that may be spent is never presented again.
    #[default]
    Person,
    /// The session of that cookie. After a rest, the cookie is presented once more: if the first request was lost on
    /// its way, the session goes on.
    Session,
    /// Nothing: the refresh cookie stays valid, and an answer may leave it out.
    Nothing,
}

impl CookieApiSettings {
    /// The default settings for the API at this base URL: those of a `NestJS` application with `/auth` and `/users/me`.
    pub fn at(base_url: Url) -> Self {
        Self {
            name: "cookie-api".to_owned(),
            base_url,
            login_path: "/auth/login".to_owned(),
            refresh_path: "/auth/refresh".to_owned(),
            logout_path: Some("/auth/logout".to_owned()),
            me_path: "/users/me".to_owned(),
            access_cookie: "access_token".to_owned(),
            refresh_cookie: "refresh_token".to_owned(),
            email_field: "email".to_owned(),
            password_field: "password".to_owned(),
            registration: None,
            person: PersonFields::default(),
            status_field: Some("statusCode".to_owned()),
            wrong_credentials: vec![StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED],
            refusals: vec![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN],
            reuse_ends: RefreshReuse::Person,
            reuse_grace: Duration::ZERO,
            csrf: None,
            leeway: Duration::from_mins(1),
            refresh_token_max_age: Duration::from_hours(7 * 24),
        }
    }
}
