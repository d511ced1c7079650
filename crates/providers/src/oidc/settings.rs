use std::time::Duration;

use ironleaf_auth::BaseUrl;
use ironleaf_jwks::KeyCacheSettings;

use super::{ClientAuthentication, Issuer};

/// The settings of an [`OidcProvider`](super::OidcProvider).
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// The provider's name in this application: `oidc`, unless there are several providers of this kind. It is part of
    /// every session's owner, so a new name turns every person into a different one.
    pub name: String,
    /// The provider's name for people, which is on the button.
    pub display_name: String,
    /// The identifier of the provider.
    pub issuer: Issuer,
    /// The identifier of this application at the provider.
    pub client_id: String,
    /// How this application proves to the provider that it is this client.
    pub authentication: ClientAuthentication,
    /// The scopes to ask for. `openid` is added if it is missing.
    pub scopes: Vec<String>,
    /// The APIs that access tokens are for (RFC 8707, `resource`). They are sent with every request for tokens.
    pub resources: Vec<String>,
    /// The API that access tokens are for, where the provider wants it as `audience` (Auth0).
    pub audience: Option<String>,
    /// Further parameters of the authorization request, such as `kc_idp_hint`. One that this provider sends itself is
    /// left out: nothing overrides `state`, `nonce` or PKCE.
    pub authorization_parameters: Vec<(String, String)>,
    /// Whether each sign-in asks the person for consent (`prompt=consent`). OpenID Connect Core 1.0, section 11, allows
    /// a provider to demand this before it issues a refresh token for `offline_access`, and npm's `oidc-provider` does
    /// so. Keycloak, Entra ID, Auth0 and Okta do not, and would show one page more at each sign-in.
    pub ask_for_consent: bool,
    /// Whether authorization requests are pushed if the provider offers that (RFC 9126). If it requires it, they are
    /// pushed in any case.
    pub push_requests: bool,
    /// What a spent refresh token costs that is presented again.
    pub reuse_ends: ReuseEnds,
    /// How the provider is asked to let a person prove again who they are.
    pub reauthentication: Reauthentication,
    /// Where the roles are in the claims: a name such as `groups`, a path such as `realm_access.roles`, or a name with
    /// dots in it such as `https://example.com/roles`. `None` if people have no roles.
    pub roles_claim: Option<String>,
    /// The provider's page on which people manage their account.
    pub account_url: Option<String>,
    /// The APIs that are called with the access token.
    pub base_urls: Vec<BaseUrl>,
    /// How long before its expiry an access token is renewed. The lifecycle uses a quarter of the token's lifetime if
    /// that is shorter.
    pub leeway: Duration,
    /// The longest life of a refresh token. Most providers do not state it.
    pub refresh_token_max_age: Duration,
    /// How long the provider's keys are kept.
    pub keys: KeyCacheSettings,
}

/// How a provider is asked to let a person prove again who they are. The answer counts only if its `auth_time` says
/// that they did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reauthentication {
    /// By `max_age=0` and `prompt=login`: there are providers that ignore one of them.
    #[default]
    Both,
    /// By `max_age=0`, for a provider that refuses `prompt=login`.
    MaxAge,
    /// By `prompt=login`, for a provider that refuses `max_age=0`.
    Prompt,
}

/// What ends at a provider that notices that a spent refresh token is presented again. It decides what happens to a
/// refresh whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReuseEnds {
    /// The grant of that token, as RFC 9700, section 4.14.2, describes it. After a rest, the token is presented once
    /// more: if the first request was lost on its way, the session goes on.
    #[default]
    Session,
    /// Every grant of the person at this client (Better Auth). A token that may be spent is never presented again, so
    /// the person keeps the sessions on other devices.
    Person,
}

impl OidcSettings {
    /// The default settings for this client of this issuer.
    pub fn of(issuer: Issuer, client_id: impl Into<String>, authentication: ClientAuthentication) -> Self {
        Self {
            name: "oidc".to_owned(),
            display_name: "single sign-on".to_owned(),
            issuer,
            client_id: client_id.into(),
            authentication,
            scopes: ["openid", "profile", "email", "offline_access"].map(str::to_owned).to_vec(),
            resources: Vec::new(),
            audience: None,
            authorization_parameters: Vec::new(),
            ask_for_consent: false,
            push_requests: true,
            reuse_ends: ReuseEnds::Session,
            reauthentication: Reauthentication::Both,
            roles_claim: None,
            account_url: None,
            base_urls: Vec::new(),
            leeway: Duration::from_mins(1),
            refresh_token_max_age: Duration::from_hours(7 * 24),
            keys: KeyCacheSettings::default(),
        }
    }

    /// Every scope once, `openid` first: without it, this is not OpenID Connect (Core 1.0, section 3.1.2.1).
    pub(super) fn scope(&self) -> String {
        let mut scopes = vec!["openid"];
        for scope in self.scopes.iter().flat_map(|scopes| scopes.split_ascii_whitespace()) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        scopes.join(" ")
    }

    pub(super) fn asks_for(&self, scope: &str) -> bool {
        self.scope().split(' ').any(|asked| asked == scope)
    }
}
