use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderName};
use url::Url;

/// How an access token is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AccessTransport {
    /// In a header. The API asks for no CSRF value then.
    #[default]
    Header,
    /// In a cookie, with the CSRF value beside it for every method but GET and HEAD.
    Cookie,
}

/// The settings of a [`JwtSessionsProvider`](super::JwtSessionsProvider).
///
/// The names of headers and cookies are those that the gem uses unless the API configures others. Paths are relative to
/// `base_url`. Names of fields may be paths with dots, such as `user.email`.
#[derive(Debug, Clone)]
pub struct JwtSessionsSettings {
    /// The provider's name: `jwt-sessions`, unless there are several providers of this kind. It is part of every
    /// session's owner, so a new name turns every person into a different one.
    pub name: String,
    /// The base URL of the API, such as `https://api.example.com`.
    pub base_url: Url,
    /// `POST` here signs in.
    pub login_path: String,
    /// `POST` here renews the access token.
    pub refresh_path: String,
    /// `DELETE` here ends the session, by its refresh token.
    pub logout_path: String,
    /// `GET` here answers with the person. Without it, the access token's payload says who the person is.
    pub me_path: Option<String>,
    /// How access tokens are sent.
    pub access_transport: AccessTransport,
    /// The header of the access token.
    pub access_header: HeaderName,
    /// The cookie of the access token.
    pub access_cookie: String,
    /// The header of the refresh token, which is always sent in a header.
    pub refresh_header: HeaderName,
    /// The cookie in which an API may hand out the refresh token, if its answer's body has none.
    pub refresh_cookie: String,
    /// The header of the CSRF value.
    pub csrf_header: HeaderName,
    /// The field of the sign-in for the e-mail address.
    pub login_email_field: String,
    /// The field of the sign-in for the password.
    pub login_password_field: String,
    /// The field with the person's identifier, in the answer of `me_path` or in the access token's payload.
    pub id_field: String,
    /// The field with the person's e-mail address. If there is none, it is the address of the sign-in, unverified.
    pub email_field: String,
    /// The field that says whether that address is verified: a truth value, or the time of the verification. Without
    /// it, an address that the API states counts as verified.
    pub verified_field: Option<String>,
    /// The field with the person's roles, if there are any: a list, or one name.
    pub roles_field: Option<String>,
    /// Whether the API takes a refresh before the access token's end for a theft (it gives the gem's `refresh` a
    /// block). Tokens are then renewed only after their end.
    pub has_reuse_handler: bool,
    /// How long before its end an access token is renewed if there is no reuse handler.
    pub leeway: Duration,
    /// The lifetime of an access token if neither the token nor the answer says it.
    pub access_token_max_age: Duration,
    /// The lifetime of a refresh token if neither the token nor the answer says it. The cookie never outlives either.
    pub refresh_token_max_age: Duration,
}

impl JwtSessionsSettings {
    /// The default settings for the API at this base URL.
    pub fn at(base_url: Url) -> Self {
        Self {
            name: "jwt-sessions".to_owned(),
            base_url,
            login_path: "login".to_owned(),
            refresh_path: "refresh".to_owned(),
            logout_path: "logout".to_owned(),
            me_path: None,
            access_transport: AccessTransport::Header,
            access_header: AUTHORIZATION,
            access_cookie: "jwt_access".to_owned(),
            refresh_header: HeaderName::from_static("x-refresh-token"),
            refresh_cookie: "jwt_refresh".to_owned(),
            csrf_header: HeaderName::from_static("x-csrf-token"),
            login_email_field: "email".to_owned(),
            login_password_field: "password".to_owned(),
            id_field: "user_id".to_owned(),
            email_field: "email".to_owned(),
            verified_field: None,
            roles_field: None,
            has_reuse_handler: true,
            leeway: Duration::from_mins(1),
            access_token_max_age: Duration::from_hours(1),
            refresh_token_max_age: Duration::from_hours(7 * 24),
        }
    }
}
