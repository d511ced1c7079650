//! Better Auth with its own sessions.

use std::sync::Arc;

use ironleaf_auth::{HttpSettings, HttpTransport, Provider};
use ironleaf_bff::PublicOrigin;
use ironleaf_providers::{BetterAuthProvider, BetterAuthSettings};
use url::Url;

use super::provider_config::{ProviderConfig, ProviderKind, Surroundings, Way};
use crate::assembly_error::AssemblyError;
use crate::config::{CaFile, Lines, Reader};
use crate::metrics;

pub(super) const KIND: ProviderKind = ProviderKind {
    name: "better-auth",
    prefix: "BETTER_AUTH_",
    read: |read| Arc::new(BetterAuth::read(read)),
};

#[expect(clippy::struct_excessive_bools, reason = "one variable each")]
struct BetterAuth {
    /// `BETTER_AUTH_URL`, with the base path.
    url: Option<Url>,
    /// `BETTER_AUTH_ORIGIN`; `None` is that of the URL.
    origin: Option<String>,
    /// `BETTER_AUTH_ISSUER`; `None` is the origin of the URL.
    issuer: Option<String>,
    /// `BETTER_AUTH_AUDIENCE`; `None` is the origin of the URL.
    audience: Option<String>,
    /// `BETTER_AUTH_COOKIE_PREFIX`
    cookie_prefix: String,
    /// `BETTER_AUTH_REMEMBER_ME`
    remember_me: bool,
    /// `BETTER_AUTH_SIGN_UP`
    sign_up: bool,
    /// `BETTER_AUTH_DELETE_USER`
    delete_user: bool,
    /// `BETTER_AUTH_VERIFY_EMAIL`
    verify_email: bool,
    /// `BETTER_AUTH_CHANGE_EMAIL`
    change_email: bool,
    /// `BETTER_AUTH_RESET_PASSWORD`
    reset_password: bool,
    /// `BETTER_AUTH_PROXY`; `None` connects directly.
    proxy: Option<Url>,
    /// `BETTER_AUTH_CA_FILE`
    ca_file: CaFile,
}

impl BetterAuth {
    fn read(read: &mut Reader<'_>) -> Self {
        let config = Self {
            url: read.base_url_such_as("BETTER_AUTH_URL", "https://auth.example.com/api/auth"),
            origin: read.optional("BETTER_AUTH_ORIGIN"),
            issuer: read.optional("BETTER_AUTH_ISSUER"),
            audience: read.optional("BETTER_AUTH_AUDIENCE"),
            cookie_prefix: read.text("BETTER_AUTH_COOKIE_PREFIX", "better-auth"),
            remember_me: read.parsed("BETTER_AUTH_REMEMBER_ME", "true", "true or false"),
            sign_up: read.parsed("BETTER_AUTH_SIGN_UP", "true", "true or false"),
            delete_user: read.parsed("BETTER_AUTH_DELETE_USER", "false", "true or false"),
            verify_email: read.parsed("BETTER_AUTH_VERIFY_EMAIL", "false", "true or false"),
            change_email: read.parsed("BETTER_AUTH_CHANGE_EMAIL", "false", "true or false"),
            reset_password: read.parsed("BETTER_AUTH_RESET_PASSWORD", "false", "true or false"),
            proxy: read.proxy("BETTER_AUTH_PROXY"),
            ca_file: CaFile::read(read, "BETTER_AUTH_CA_FILE"),
        };
        config.check(read);
        config
    }

    fn check(&self, read: &mut Reader<'_>) {
        if read.optional("BETTER_AUTH_URL").is_none() {
            read.problem(
                "BETTER_AUTH_URL is missing: PROVIDER=better-auth needs the URL of the auth server with its base path, such as \
                 https://auth.example.com/api/auth",
            );
        }
        if let Some(origin) = self.origin.as_deref().filter(|text| !is_origin(text)) {
            read.problem(format!(
                "BETTER_AUTH_ORIGIN is `{origin}`: it must be an origin without a path or a slash at its end, such as \
                 https://auth.example.com"
            ));
        }
        // RFC 6265, section 4.1.1, without what separates the parts of a cookie.
        let is_token =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let prefix = &self.cookie_prefix;
        if !is_token(prefix) || prefix.starts_with("__") || prefix.ends_with('.') {
            read.problem(format!(
                "BETTER_AUTH_COOKIE_PREFIX is `{prefix}`: it is what the names of the cookies begin with, such as better-auth, without \
                 __Secure- and without a dot at its end"
            ));
        }
        let api = read.optional("CORE_API_URL").and_then(|url| Url::parse(&url).ok());
        if self.url.as_ref().zip(api.as_ref()).is_some_and(|(auth, api)| is_same_base(auth, api)) {
            read.problem(
                "CORE_API_URL is BETTER_AUTH_URL: the JWT goes to the one and the session cookie to the other. Leave CORE_API_URL \
                 empty if there is no other API",
            );
        }
        let is_encrypted = self.url.as_ref().is_some_and(|url| url.scheme() == "https");
        self.ca_file.must_be_of_use(read, is_encrypted, "BETTER_AUTH_URL", "https");
        if let Some(Err(error)) = self.ca_file.pem().map(|_| HttpTransport::new(&self.transport_settings())) {
            read.problem(format!(
                "BETTER_AUTH_CA_FILE contains no usable certificates in PEM format: {error}"
            ));
        }
    }

    /// How the auth server is reached.
    fn transport_settings(&self) -> HttpSettings {
        HttpSettings {
            proxy: self.proxy.clone(),
            root_certificates: self.ca_file.pem().map(<[u8]>::to_vec),
            ..HttpSettings::default()
        }
    }

    /// A setting, or the origin of the auth server.
    fn or_origin(&self, setting: Option<&String>) -> String {
        let origin = || self.url.as_ref().map(|url| url.origin().ascii_serialization());
        setting.cloned().or_else(origin).unwrap_or_default()
    }
}

impl ProviderConfig for BetterAuth {
    fn describe(&self, lines: &mut Lines) {
        let url = self.url.as_ref().map_or("(none)", Url::as_str);
        lines.add("BETTER_AUTH_URL", &url);
        lines.add("BETTER_AUTH_ORIGIN", &self.or_origin(self.origin.as_ref()));
        lines.add("BETTER_AUTH_ISSUER", &self.or_origin(self.issuer.as_ref()));
        lines.add("BETTER_AUTH_AUDIENCE", &self.or_origin(self.audience.as_ref()));
        lines.add("BETTER_AUTH_COOKIE_PREFIX", &self.cookie_prefix);
        lines.add("BETTER_AUTH_REMEMBER_ME", &self.remember_me);
        lines.add("BETTER_AUTH_SIGN_UP", &self.sign_up);
        lines.add("BETTER_AUTH_DELETE_USER", &self.delete_user);
        lines.add("BETTER_AUTH_VERIFY_EMAIL", &self.verify_email);
        lines.add("BETTER_AUTH_CHANGE_EMAIL", &self.change_email);
        lines.add("BETTER_AUTH_RESET_PASSWORD", &self.reset_password);
        lines.add("BETTER_AUTH_PROXY", &if self.proxy.is_some() { "(hidden)" } else { "(none)" });
        self.ca_file.describe(lines);
    }

    fn build(&self, surroundings: Surroundings) -> Result<Arc<dyn Provider>, AssemblyError> {
        let missing = || AssemblyError::Provider("BETTER_AUTH_URL is missing".to_owned());
        let page = |path: &str| format!("{}{path}", surroundings.public_origin.as_str()).parse().ok();
        let settings = BetterAuthSettings {
            change_email_page: self.change_email.then(|| page("/account")).flatten(),
            set_password_page: self.reset_password.then(|| page("/set-password")).flatten(),
            api_url: surroundings.core_api_url,
            origin: self.or_origin(self.origin.as_ref()),
            issuer: self.or_origin(self.issuer.as_ref()),
            audience: self.or_origin(self.audience.as_ref()),
            cookie_prefix: self.cookie_prefix.clone(),
            remember_me: self.remember_me,
            sign_up: self.sign_up,
            delete_user: self.delete_user,
            verify_email: self.verify_email,
            leeway: surroundings.leeway,
            ..BetterAuthSettings::at(self.url.clone().ok_or_else(missing)?)
        };
        let provider = BetterAuthProvider::new(settings, surroundings.transport, surroundings.clock);
        Ok(Arc::new(provider.with_key_observer(metrics::count_key_fetch)))
    }

    fn way(&self) -> Option<Way> {
        Some(Way {
            url: self.url.clone(),
            url_variable: "BETTER_AUTH_URL",
            proxy_variable: "BETTER_AUTH_PROXY",
            transport: self.transport_settings(),
        })
    }

    /// SECURITY: the auth server gets the session cookie, and has endpoints that no browser may call with it. One of them
    /// shows the session's own token.
    fn without_token(&self, core_api: Option<&Url>, upstream: &Url) -> Option<String> {
        let auth = self.url.as_ref()?;
        let depth = depth_below(upstream, auth);
        let is_of_auth = depth.is_some() && core_api.and_then(|api| depth_below(upstream, api)) <= depth;
        if is_of_auth || depth_below(auth, upstream).is_some() {
            let why = "the auth server is there, which would get the person's session cookie. Name a path beside that of BETTER_AUTH_URL, \
                       or write token=no";
            return Some(why.to_owned());
        }
        let is_api = core_api.is_some_and(|api| api.origin() == upstream.origin());
        let why = "better-auth gives its tokens to the origin of CORE_API_URL only. Set CORE_API_URL, or write token=no";
        (!is_api).then(|| why.to_owned())
    }

    fn doubts(&self) -> Vec<String> {
        let bare = "BETTER_AUTH_URL has no base path; Better Auth's default is /api/auth";
        let is_bare = self.url.as_ref().is_some_and(|url| url.path() == "/");
        is_bare.then(|| bare.to_owned()).into_iter().collect()
    }

    fn introduction(&self, _: &PublicOrigin) -> Vec<String> {
        let url = self.url.as_ref().map_or("", Url::as_str);
        vec![format!("people sign in at the Better Auth server {url}")]
    }
}

/// How long the path of the base is, if the address is the base or below it.
fn depth_below(url: &Url, base: &Url) -> Option<usize> {
    let prefix = base.path().trim_end_matches('/');
    let below = url.path().strip_prefix(prefix).filter(|_| url.origin() == base.origin())?;
    (below.is_empty() || below.starts_with('/')).then_some(prefix.len())
}

/// Whether no call can be told to be for one and not for the other.
fn is_same_base(one: &Url, other: &Url) -> bool {
    let path = |url: &Url| url.path().trim_end_matches('/').to_owned();
    one.origin() == other.origin() && path(one) == path(other)
}

/// Whether the text is an origin, as browsers write it.
fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == text)
}
