use std::time::Duration;

use ironleaf_jwks::KeyCacheSettings;
use url::Url;

/// The settings of a [`BetterAuthProvider`](super::BetterAuthProvider).
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "what the auth server has switched on, each by itself")]
pub struct BetterAuthSettings {
    /// The provider's name: `better-auth`, unless there are several providers of this kind. It is part of every
    /// session's owner, so a new name turns every person into a different one.
    pub name: String,
    /// The base URL of the auth server with its base path, such as `https://auth.example.com/api/auth`.
    pub auth_url: Url,
    /// The base URL of the API that takes the JWTs. Calls without a name go there, or to the auth server if there is
    /// none.
    pub api_url: Option<Url>,
    /// The `Origin` of every request to the auth server. It must be the auth server's own, or one of its
    /// `trustedOrigins`.
    pub origin: String,
    /// `iss` of the JWTs.
    pub issuer: String,
    /// `aud` of the JWTs.
    pub audience: String,
    /// What the names of the cookies begin with (`advanced.cookiePrefix` of Better Auth).
    pub cookie_prefix: String,
    /// Whether sign-ins ask for a session that is renewed while it is used (`rememberMe`). Without it, a session ends a
    /// day after the sign-in.
    pub remember_me: bool,
    /// Whether people can register (`emailAndPassword.enabled` without `disableSignUp`). The API does not say so.
    pub sign_up: bool,
    /// Whether people can delete their accounts (`user.deleteUser.enabled`). The API does not say so.
    pub delete_user: bool,
    /// Whether the auth server sends an e-mail after a registration (`sendOnSignUp`) whose link leads to this
    /// application. The API does not say so.
    pub verify_email: bool,
    /// The page of this application where people come back to after they have followed the link for another address, if
    /// the auth server lets them change it (`user.changeEmail.enabled`). Its origin is one of the `trustedOrigins`.
    pub change_email_page: Option<Url>,
    /// The page of this application that takes `?token=..` and sets a new password, if the auth server sends such links
    /// (`emailAndPassword.sendResetPassword`). Its origin is one of the `trustedOrigins`.
    pub set_password_page: Option<Url>,
    /// How long before its expiry a JWT is renewed. The lifecycle uses a quarter of its lifetime if that is shorter.
    pub leeway: Duration,
    /// How long the auth server's keys are kept.
    ///
    /// Only tokens that the auth server has just issued over our own connection are checked here, so nobody else can
    /// cause fetches by unknown keys. Therefore there is no cool-down: if the first sign-ins of all make several keys
    /// at once, each token finds its own.
    pub keys: KeyCacheSettings,
}

impl BetterAuthSettings {
    /// The default settings for the auth server at this URL.
    pub fn at(auth_url: Url) -> Self {
        let origin = auth_url.origin().ascii_serialization();
        Self {
            name: "better-auth".to_owned(),
            auth_url,
            api_url: None,
            issuer: origin.clone(),
            audience: origin.clone(),
            origin,
            cookie_prefix: "better-auth".to_owned(),
            remember_me: true,
            sign_up: true,
            delete_user: false,
            verify_email: false,
            change_email_page: None,
            set_password_page: None,
            leeway: Duration::from_mins(1),
            keys: KeyCacheSettings { cool_down: Duration::ZERO, ..KeyCacheSettings::default() },
        }
    }
}
