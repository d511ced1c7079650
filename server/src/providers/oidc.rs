//! The OpenID Connect provider.

mod client_auth;
mod parameters;

use std::path::PathBuf;
use std::sync::Arc;

use ironleaf_auth::{HttpSettings, HttpTransport, Provider, SecretText};
use ironleaf_bff::PublicOrigin;
use ironleaf_providers::{
    Algorithm, AssertionAudience, ClientAuthentication, ClientKey, Issuer, IssuerError, OidcProvider,
    OidcSettings, ReuseEnds,
};
use url::Url;

use self::client_auth::{ClientAuth, assertion_audience, audience_name};
use self::parameters::{Parameters, parameters};
use super::provider_config::{ProviderConfig, ProviderKind, Surroundings, Way};
use crate::assembly_error::AssemblyError;
use crate::config::{CaFile, Lines, Reader};
use crate::metrics;

pub(super) const KIND: ProviderKind =
    ProviderKind { name: "oidc", prefix: "OIDC_", read: |read| Arc::new(Oidc::read(read)) };

/// The scopes that are asked for by default. `offline_access` is for a refresh token.
const SCOPES: &str = "openid profile email offline_access";

/// The algorithms for the kinds of private keys (RFC 7518, section 3.1; RFC 8037).
const KEY_ALGORITHMS: [Algorithm; 4] =
    [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];

/// The provider's name for people, if the settings have none: `Continue with single sign-on`.
const NAME: &str = "single sign-on";

struct Oidc {
    /// `OIDC_ISSUER`, as it was written: it is compared byte for byte.
    issuer: Option<String>,
    /// `OIDC_CLIENT_ID`
    client_id: Option<String>,
    /// `OIDC_CLIENT_SECRET`
    client_secret: Option<SecretText>,
    /// `OIDC_CLIENT_AUTH`
    client_auth: ClientAuth,
    /// `OIDC_CLIENT_KEY_FILE`
    client_key_file: Option<PathBuf>,
    /// The content of that file, in PEM.
    client_key: Option<SecretText>,
    /// `OIDC_CLIENT_KEY_ID`: the `kid` under which the provider knows that key.
    client_key_id: Option<String>,
    /// `OIDC_CLIENT_ASSERTION_AUDIENCE`: whom the statements are addressed to that this key signs.
    assertion_audience: AssertionAudience,
    /// `OIDC_SCOPES`
    scopes: Vec<String>,
    /// `OIDC_NAME`: the provider's name for people.
    name: String,
    /// `OIDC_AUDIENCE`
    audience: Option<String>,
    /// `OIDC_RESOURCE` (RFC 8707)
    resources: Vec<String>,
    /// `OIDC_AUTHORIZATION_PARAMS`
    authorization_params: Vec<(String, String)>,
    /// `OIDC_ROLES_CLAIM`
    roles_claim: Option<String>,
    /// `OIDC_ACCOUNT_URL`
    account_url: Option<String>,
    /// `OIDC_AUTO_REDIRECT`: whether the sign-in page leads to the provider without a click.
    auto_redirect: bool,
    /// `OIDC_REUSE_ENDS`: what a spent refresh token costs that is presented again.
    reuse_ends: ReuseEnds,
    /// `OIDC_PROXY`; `None` connects directly.
    proxy: Option<Url>,
    /// `OIDC_CA_FILE`
    ca_file: CaFile,
}

impl Oidc {
    fn read(read: &mut Reader<'_>) -> Self {
        let key_file = read.optional("OIDC_CLIENT_KEY_FILE").map(PathBuf::from);
        let words = |text: String| text.split_ascii_whitespace().map(str::to_owned).collect();
        let client_auth = ClientAuth::read(read);
        let config = Self {
            issuer: read.optional("OIDC_ISSUER"),
            client_id: read.optional("OIDC_CLIENT_ID"),
            client_secret: read.secret("OIDC_CLIENT_SECRET").map(SecretText::from),
            client_auth,
            client_key: read.file("OIDC_CLIENT_KEY_FILE").map(SecretText::from),
            client_key_file: key_file,
            client_key_id: read.optional("OIDC_CLIENT_KEY_ID"),
            assertion_audience: assertion_audience(read, client_auth),
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
        };
        config.check(read);
        config
    }

    /// How the provider is reached.
    fn transport_settings(&self) -> HttpSettings {
        HttpSettings {
            proxy: self.proxy.clone(),
            root_certificates: self.ca_file.pem().map(<[u8]>::to_vec),
            ..HttpSettings::default()
        }
    }

    /// The address of the issuer.
    fn issuer_url(&self) -> Option<Url> {
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
        parameters::check(&self.authorization_params, read);
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
        // A variable without a value is not set, so it is the file.
        if self.client_secret.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
            read.problem(
                "OIDC_CLIENT_SECRET_FILE names an empty file: it must contain the secret of the client",
            );
        }
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
    fn authentication(&self) -> Result<ClientAuthentication, String> {
        let secret = || self.client_secret.clone().unwrap_or_else(|| SecretText::from(""));
        Ok(match self.client_auth {
            ClientAuth::Public => ClientAuthentication::Public,
            ClientAuth::SecretBasic => ClientAuthentication::SecretBasic(secret()),
            ClientAuth::SecretPost => ClientAuthentication::SecretPost(secret()),
            ClientAuth::PrivateKeyJwt => {
                ClientAuthentication::PrivateKeyJwt(self.key()?.addressed_to(self.assertion_audience))
            }
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
}

impl ProviderConfig for Oidc {
    fn describe(&self, lines: &mut Lines) {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        lines.add("OIDC_ISSUER", &or_none(&self.issuer));
        lines.add("OIDC_CLIENT_ID", &or_none(&self.client_id));
        lines.add("OIDC_CLIENT_SECRET", &if self.client_secret.is_some() { "(hidden)" } else { "(none)" });
        lines.add("OIDC_CLIENT_AUTH", &self.client_auth.name());
        let key_file = self.client_key_file.as_ref().map(|path| path.display().to_string());
        lines.add("OIDC_CLIENT_KEY_FILE", &or_none(&key_file));
        lines.add("OIDC_CLIENT_KEY_ID", &or_none(&self.client_key_id));
        lines.add("OIDC_CLIENT_ASSERTION_AUDIENCE", &audience_name(self.assertion_audience));
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

    /// Metadata and keys of the provider are fetched in the background from here on. A provider that is down at the
    /// start does not stop the application.
    fn build(&self, surroundings: Surroundings) -> Result<Arc<dyn Provider>, AssemblyError> {
        let issuer = Issuer::parse(self.issuer.as_deref().unwrap_or_default());
        let issuer = issuer.map_err(|error| AssemblyError::Provider(format!("OIDC_ISSUER: {error}")))?;
        let client_id = self.client_id.clone().unwrap_or_default();
        let authentication = self.authentication().map_err(AssemblyError::Provider)?;
        let (prompts, parameters) =
            self.authorization_params.iter().cloned().partition::<Vec<_>, _>(is_for_consent);
        let settings = OidcSettings {
            display_name: self.name.clone(),
            scopes: self.scopes.clone(),
            resources: self.resources.clone(),
            audience: self.audience.clone(),
            authorization_parameters: parameters,
            ask_for_consent: !prompts.is_empty(),
            roles_claim: self.roles_claim.clone(),
            account_url: self.account_url.clone(),
            reuse_ends: self.reuse_ends,
            base_urls: surroundings.base_urls(),
            leeway: surroundings.leeway,
            refresh_token_max_age: surroundings.refresh_token_max_age,
            ..OidcSettings::of(issuer, client_id, authentication)
        };
        let Surroundings { transport, clock, random, .. } = surroundings;
        let provider = OidcProvider::new(settings, transport, clock, random);
        let provider = Arc::new(provider.with_key_observer(metrics::count_key_fetch));
        let warmed = Arc::clone(&provider);
        tokio::spawn(async move { warmed.keep_warm().await });
        Ok(provider)
    }

    /// While the provider is away, valid access tokens still reach the core API, and the other way round.
    fn way(&self) -> Option<Way> {
        Some(Way {
            url: self.issuer_url(),
            url_variable: "OIDC_ISSUER",
            proxy_variable: "OIDC_PROXY",
            transport: self.transport_settings(),
        })
    }

    fn missing_for_roles(&self) -> Option<&'static str> {
        self.roles_claim.is_none().then_some("OIDC_ROLES_CLAIM")
    }

    fn auto_redirect(&self) -> bool {
        self.auto_redirect
    }

    fn introduction(&self, origin: &PublicOrigin) -> Vec<String> {
        vec![
            format!("people sign in at {}", self.issuer.as_deref().unwrap_or_default()),
            format!(
                "registered there: redirect URI {origin}/auth/callback, post-logout redirect URI {origin}/auth/signed-out, \
                 back-channel logout URI {origin}/auth/back-channel-logout"
            ),
        ]
    }
}

/// The provider adds `prompt=consent` itself, so that it also stands beside the `prompt=login` of a re-authentication.
fn is_for_consent((name, value): &(String, String)) -> bool {
    name == "prompt" && value == "consent"
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Not a secret: a key for tests.
    const CLIENT_KEY: &str = include_str!("../config/tests/test_key.pem");

    #[test]
    fn a_client_that_signs_addresses_whom_the_settings_name() {
        for (set, expected) in
            [("", "TokenEndpoint"), ("token_endpoint", "TokenEndpoint"), ("issuer", "Issuer")]
        {
            let variable = |name: &str| match name {
                "OIDC_CLIENT_AUTH" => Some("private_key_jwt".to_owned()),
                "OIDC_CLIENT_KEY_FILE" => Some("key.pem".to_owned()),
                "OIDC_CLIENT_ASSERTION_AUDIENCE" => Some(set.to_owned()),
                _ => None,
            };
            let oidc = Oidc::read(&mut Reader::new(&variable, &|_| Ok(CLIENT_KEY.to_owned())));
            let authentication = format!("{:?}", oidc.authentication().unwrap());
            assert!(authentication.contains(&format!("audience: {expected}")), "{authentication}");
        }
    }
}
