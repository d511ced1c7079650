//! The OpenID Connect provider.

use std::fmt;
use std::path::PathBuf;

use ironleaf_auth::{HttpSettings, HttpTransport, SecretText};
use ironleaf_providers::{Algorithm, ClientAuthentication, ClientKey, Issuer, IssuerError, ReuseEnds};
use url::{Url, form_urlencoded};

use super::ca_file::CaFile;
use super::lines::Lines;
use super::provider::ProviderKind;
use super::reader::Reader;

/// The variables of this file, except those that name a file with a secret.
const VARIABLES: [&str; 17] = [
    "OIDC_ISSUER",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_CLIENT_AUTH",
    "OIDC_CLIENT_KEY_FILE",
    "OIDC_CLIENT_KEY_ID",
    "OIDC_SCOPES",
    "OIDC_NAME",
    "OIDC_AUDIENCE",
    "OIDC_RESOURCE",
    "OIDC_AUTHORIZATION_PARAMS",
    "OIDC_ROLES_CLAIM",
    "OIDC_ACCOUNT_URL",
    "OIDC_AUTO_REDIRECT",
    "OIDC_REUSE_ENDS",
    "OIDC_PROXY",
    "OIDC_CA_FILE",
];

/// The scopes that are asked for by default. `offline_access` is for a refresh token.
const SCOPES: &str = "openid profile email offline_access";

/// The algorithms for the kinds of private keys (RFC 7518, section 3.1; RFC 8037).
const KEY_ALGORITHMS: [Algorithm; 4] =
    [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];

/// The provider's name for people, if the settings have none: `Continue with single sign-on`.
const NAME: &str = "single sign-on";

/// Parameters of the authorization request that the application sends itself, or that would change what it relies on.
/// Each with what to do instead.
const RESERVED: [(&str, &str); 17] = [
    ("response_type", ""),
    ("response_mode", ""),
    ("client_id", ": OIDC_CLIENT_ID has it"),
    ("client_secret", ": OIDC_CLIENT_SECRET has it, and it must not be in an address"),
    ("client_assertion", ""),
    ("client_assertion_type", ""),
    ("redirect_uri", ": it is PUBLIC_ORIGIN and /auth/callback"),
    ("scope", ": use OIDC_SCOPES"),
    ("state", ""),
    ("nonce", ""),
    ("code_challenge", ""),
    ("code_challenge_method", ""),
    ("max_age", ""),
    ("login_hint", ""),
    ("request", ""),
    ("request_uri", ""),
    ("id_token_hint", ""),
];

/// How the application proves to the provider that it is its client (OpenID Connect Core 1.0, section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// Identifier and secret in the `Authorization` header.
    SecretBasic,
    /// The secret in the body.
    SecretPost,
    /// A statement signed with the key of `OIDC_CLIENT_KEY_FILE`.
    PrivateKeyJwt,
    /// Nothing: a public client.
    Public,
}

impl ClientAuth {
    const ALL: [Self; 4] = [Self::SecretBasic, Self::SecretPost, Self::PrivateKeyJwt, Self::Public];

    /// The name of the method in the provider's metadata.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecretBasic => "client_secret_basic",
            Self::SecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::Public => "none",
        }
    }

    const fn has_secret(self) -> bool {
        matches!(self, Self::SecretBasic | Self::SecretPost)
    }
}

/// The settings of the provider `oidc`.
#[derive(Clone)]
pub struct OidcConfig {
    /// `OIDC_ISSUER`, as it was written: it is compared byte for byte.
    pub issuer: Option<String>,
    /// `OIDC_CLIENT_ID`
    pub client_id: Option<String>,
    /// `OIDC_CLIENT_SECRET`
    pub client_secret: Option<SecretText>,
    /// `OIDC_CLIENT_AUTH`
    pub client_auth: ClientAuth,
    /// `OIDC_CLIENT_KEY_FILE`
    pub client_key_file: Option<PathBuf>,
    /// The content of that file, in PEM.
    pub client_key: Option<SecretText>,
    /// `OIDC_CLIENT_KEY_ID`: the `kid` under which the provider knows that key.
    pub client_key_id: Option<String>,
    /// `OIDC_SCOPES`
    pub scopes: Vec<String>,
    /// `OIDC_NAME`: the provider's name for people.
    pub name: String,
    /// `OIDC_AUDIENCE`
    pub audience: Option<String>,
    /// `OIDC_RESOURCE` (RFC 8707)
    pub resources: Vec<String>,
    /// `OIDC_AUTHORIZATION_PARAMS`
    pub authorization_params: Vec<(String, String)>,
    /// `OIDC_ROLES_CLAIM`
    pub roles_claim: Option<String>,
    /// `OIDC_ACCOUNT_URL`
    pub account_url: Option<String>,
    /// `OIDC_AUTO_REDIRECT`: whether the sign-in page leads to the provider without a click.
    pub auto_redirect: bool,
    /// `OIDC_REUSE_ENDS`: what a spent refresh token costs that is presented again.
    pub reuse_ends: ReuseEnds,
    /// `OIDC_PROXY`; `None` connects directly.
    pub proxy: Option<Url>,
    /// `OIDC_CA_FILE`
    pub ca_file: CaFile,
    /// The variables that are set.
    given: Vec<&'static str>,
}

impl OidcConfig {
    pub(super) fn read(read: &mut Reader<'_>, provider: ProviderKind) -> Self {
        let key_file = read.optional("OIDC_CLIENT_KEY_FILE").map(PathBuf::from);
        let words = |text: String| text.split_ascii_whitespace().map(str::to_owned).collect();
        let config = Self {
            issuer: read.optional("OIDC_ISSUER"),
            client_id: read.optional("OIDC_CLIENT_ID"),
            client_secret: read.secret("OIDC_CLIENT_SECRET").map(SecretText::from),
            client_auth: client_auth(read),
            client_key: read.file("OIDC_CLIENT_KEY_FILE").map(SecretText::from),
            client_key_file: key_file,
            client_key_id: read.optional("OIDC_CLIENT_KEY_ID"),
            scopes: words(read.text("OIDC_SCOPES", SCOPES)),
            name: read.text("OIDC_NAME", NAME),
            audience: read.optional("OIDC_AUDIENCE"),
            resources: words(read.text("OIDC_RESOURCE", "")),
            authorization_params: parameters(&read.text("OIDC_AUTHORIZATION_PARAMS", "")),
            roles_claim: read.optional("OIDC_ROLES_CLAIM"),
            account_url: read.optional("OIDC_ACCOUNT_URL"),
            auto_redirect: read.parsed("OIDC_AUTO_REDIRECT", "false", "true or false"),
            reuse_ends: reuse_ends(read),
            proxy: read.proxy("OIDC_PROXY"),
            ca_file: CaFile::read(read, "OIDC_CA_FILE"),
            given: VARIABLES.into_iter().filter(|name| read.optional(name).is_some()).collect(),
        };
        if provider == ProviderKind::Oidc {
            config.check(read);
        }
        config
    }

    /// How the provider is reached.
    pub fn transport_settings(&self) -> HttpSettings {
        HttpSettings {
            proxy: self.proxy.clone(),
            root_certificates: self.ca_file.pem().map(<[u8]>::to_vec),
            ..HttpSettings::default()
        }
    }

    /// The variables of this provider that are set.
    pub(super) fn given(&self) -> &[&'static str] {
        &self.given
    }

    /// The address of the issuer.
    pub(super) fn issuer_url(&self) -> Option<Url> {
        self.issuer.as_deref().and_then(|issuer| Url::parse(issuer).ok())
    }

    fn check(&self, read: &mut Reader<'_>) {
        match &self.issuer {
            None => read.problem(
                "OIDC_ISSUER is missing: PROVIDER=oidc needs the identifier of the provider, such as \
                 https://id.example.com/realms/main",
            ),
            Some(issuer) => check_issuer(read, issuer),
        }
        if self.client_id.is_none() {
            read.problem("OIDC_CLIENT_ID is missing: the provider gives it to each application that is registered there");
        }
        self.check_client(read);
        if self.scopes.iter().any(|scope| scope.contains(',')) {
            read.problem("OIDC_SCOPES has commas: separate scopes by spaces");
        } else if self.scopes.iter().all(|scope| scope != "openid") {
            read.problem(
                "OIDC_SCOPES has no `openid`: without it the provider does not say who has signed in",
            );
        }
        self.check_parameters(read);
        for resource in &self.resources {
            if !Url::parse(resource).is_ok_and(|url| url.fragment().is_none()) {
                read.problem(format!(
                    "OIDC_RESOURCE has `{resource}`: it must be a URI without a fragment, such as https://api.example.com (RFC 8707)"
                ));
            }
        }
        let is_page = |url: &str| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if let Some(url) = self.account_url.as_deref().filter(|url| !is_page(url)) {
            read.problem(format!(
                "OIDC_ACCOUNT_URL is `{url}`: it must be the URL of a page, such as https://id.example.com/account"
            ));
        }
        let is_encrypted = self.issuer_url().is_some_and(|url| url.scheme() == "https");
        self.ca_file.must_be_of_use(read, is_encrypted, "OIDC_ISSUER", "https");
        if let Some(Err(error)) = self.ca_file.pem().map(|_| HttpTransport::new(&self.transport_settings())) {
            read.problem(format!("OIDC_CA_FILE contains no usable certificates in PEM format: {error}"));
        }
    }

    fn check_client(&self, read: &mut Reader<'_>) {
        let name = self.client_auth.name();
        if self.client_auth.has_secret() && self.client_secret.is_none() {
            read.problem(format!(
                "OIDC_CLIENT_SECRET is missing: OIDC_CLIENT_AUTH is {name}. A client without a secret is OIDC_CLIENT_AUTH=none"
            ));
        }
        if !self.client_auth.has_secret() && self.client_secret.is_some() {
            read.problem(format!(
                "OIDC_CLIENT_SECRET is set, and OIDC_CLIENT_AUTH={name} does not use it: keep one of them"
            ));
        }
        let has_key = self.client_key_file.is_some();
        let is_key = self.client_auth == ClientAuth::PrivateKeyJwt;
        if is_key && !has_key {
            read.problem("OIDC_CLIENT_KEY_FILE is missing: OIDC_CLIENT_AUTH is private_key_jwt, which signs with that key");
        }
        if has_key && !is_key {
            read.problem(format!(
                "OIDC_CLIENT_KEY_FILE is set, and OIDC_CLIENT_AUTH={name} does not use it: keep one of them"
            ));
        }
        if let Some(Err(problem)) = self.client_key.as_ref().filter(|_| is_key).map(|_| self.authentication())
        {
            read.problem(problem);
        }
    }

    /// How the application authenticates.
    ///
    /// # Errors
    ///
    /// What is wrong with the private key, without its content.
    pub fn authentication(&self) -> Result<ClientAuthentication, String> {
        let secret = || self.client_secret.clone().unwrap_or_else(|| SecretText::from(""));
        Ok(match self.client_auth {
            ClientAuth::Public => ClientAuthentication::Public,
            ClientAuth::SecretBasic => ClientAuthentication::SecretBasic(secret()),
            ClientAuth::SecretPost => ClientAuthentication::SecretPost(secret()),
            ClientAuth::PrivateKeyJwt => ClientAuthentication::PrivateKeyJwt(self.key()?),
        })
    }

    /// The algorithm follows from the kind of the key.
    fn key(&self) -> Result<ClientKey, String> {
        let pem = self.client_key.clone().unwrap_or_else(|| SecretText::from(""));
        let read = |algorithm| ClientKey::from_pem(&pem, algorithm, self.client_key_id.clone()).ok();
        KEY_ALGORITHMS.into_iter().find_map(read).ok_or_else(|| {
            "OIDC_CLIENT_KEY_FILE contains no private key in PEM format that can be used: it must be an RSA key, or one on the \
             curves P-256, P-384 or Ed25519"
                .to_owned()
        })
    }

    fn check_parameters(&self, read: &mut Reader<'_>) {
        for (name, value) in &self.authorization_params {
            if let Some((_, instead)) = RESERVED.iter().find(|(reserved, _)| reserved == name) {
                read.problem(format!(
                    "OIDC_AUTHORIZATION_PARAMS has `{name}`, which is not for the settings{instead}"
                ));
            }
            if name == "audience" || name == "resource" {
                let variable = name.to_ascii_uppercase();
                read.problem(format!("OIDC_AUTHORIZATION_PARAMS has `{name}`: use OIDC_{variable}"));
            }
            if name == "prompt" && !["consent", "login", "select_account"].contains(&value.as_str()) {
                read.problem(format!(
                    "OIDC_AUTHORIZATION_PARAMS has prompt=`{value}`: it may be consent, login or select_account"
                ));
            }
            if name.is_empty() {
                read.problem(
                    "OIDC_AUTHORIZATION_PARAMS has a value without a name: write name=value&name=value",
                );
            }
        }
    }

    pub(super) fn describe(&self, lines: &mut Lines) {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        lines.add("OIDC_ISSUER", &or_none(&self.issuer));
        lines.add("OIDC_CLIENT_ID", &or_none(&self.client_id));
        lines.add("OIDC_CLIENT_SECRET", &if self.client_secret.is_some() { "(hidden)" } else { "(none)" });
        lines.add("OIDC_CLIENT_AUTH", &self.client_auth.name());
        let key_file = self.client_key_file.as_ref().map(|path| path.display().to_string());
        lines.add("OIDC_CLIENT_KEY_FILE", &or_none(&key_file));
        lines.add("OIDC_CLIENT_KEY_ID", &or_none(&self.client_key_id));
        lines.add("OIDC_SCOPES", &self.scopes.join(" "));
        lines.add("OIDC_NAME", &self.name);
        lines.add("OIDC_AUDIENCE", &or_none(&self.audience));
        lines.add("OIDC_RESOURCE", &self.resources.join(" "));
        lines.add("OIDC_AUTHORIZATION_PARAMS", &Parameters(&self.authorization_params));
        lines.add("OIDC_ROLES_CLAIM", &or_none(&self.roles_claim));
        lines.add("OIDC_ACCOUNT_URL", &or_none(&self.account_url));
        lines.add("OIDC_AUTO_REDIRECT", &self.auto_redirect);
        lines.add("OIDC_REUSE_ENDS", &name_of(self.reuse_ends));
        lines.add("OIDC_PROXY", &if self.proxy.is_some() { "(hidden)" } else { "(none)" });
        self.ca_file.describe(lines);
    }
}

fn client_auth(read: &mut Reader<'_>) -> ClientAuth {
    let default = ClientAuth::ALL[0];
    let text = read.text("OIDC_CLIENT_AUTH", default.name());
    ClientAuth::ALL.into_iter().find(|auth| auth.name() == text).unwrap_or_else(|| {
        let known = ClientAuth::ALL.map(ClientAuth::name).join(", ");
        read.problem(format!("OIDC_CLIENT_AUTH is `{text}`: it must be one of {known}"));
        default
    })
}

fn reuse_ends(read: &mut Reader<'_>) -> ReuseEnds {
    let text = read.text("OIDC_REUSE_ENDS", name_of(ReuseEnds::Session));
    let known = [ReuseEnds::Session, ReuseEnds::Person];
    known.into_iter().find(|ends| name_of(*ends) == text).unwrap_or_else(|| {
        read.problem(format!("OIDC_REUSE_ENDS is `{text}`: it must be session or person"));
        ReuseEnds::default()
    })
}

const fn name_of(ends: ReuseEnds) -> &'static str {
    match ends {
        ReuseEnds::Session => "session",
        ReuseEnds::Person => "person",
    }
}

fn check_issuer(read: &mut Reader<'_>, issuer: &str) {
    // SECURITY: the value is not shown where there may be a secret in it.
    match Issuer::parse(issuer) {
        Ok(_) => {}
        Err(IssuerError::NotAUrl) => read.problem("OIDC_ISSUER is not a URL such as https://id.example.com"),
        Err(IssuerError::NotSecure) => read.problem(
            "OIDC_ISSUER must be https: over plain http anybody on the network path can sign in as anybody. http is accepted on \
             loopback addresses only",
        ),
        Err(IssuerError::Excess) => read.problem(
            "OIDC_ISSUER has a user name, a password, a query or a fragment: an issuer has none of them",
        ),
    }
    if let Some((issuer, _)) =
        issuer.split_once("/.well-known/").filter(|(issuer, _)| Issuer::parse(issuer).is_ok())
    {
        read.problem(format!(
            "OIDC_ISSUER is the address of the provider's metadata: leave out everything from /.well-known/ on. It is probably \
             {issuer}, and the metadata says exactly what it is under `issuer`"
        ));
    }
}

fn parameters(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// Form-encoded.
struct Parameters<'a>(&'a [(String, String)]);

impl fmt::Display for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = form_urlencoded::Serializer::new(String::new());
        f.write_str(&text.extend_pairs(self.0).finish())
    }
}
