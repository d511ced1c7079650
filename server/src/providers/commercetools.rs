//! The commercetools provider.

use std::sync::Arc;

use ironleaf_auth::{HttpSettings, HttpTransport, Provider, SecretText};
use ironleaf_bff::PublicOrigin;
use ironleaf_providers::{CommercetoolsProvider, CommercetoolsSettings};
use url::{Host, Url};

use super::provider_config::{ProviderConfig, ProviderKind, Surroundings, Way};
use crate::assembly_error::AssemblyError;
use crate::config::{CaFile, Lines, Reader};

pub(super) const KIND: ProviderKind = ProviderKind {
    name: "commercetools",
    prefix: "COMMERCETOOLS_",
    read: |read| Arc::new(Commercetools::read(read)),
};

struct Commercetools {
    /// `COMMERCETOOLS_AUTH_URL`
    auth_url: Option<Url>,
    /// `COMMERCETOOLS_API_URL`, without the project.
    api_url: Option<Url>,
    /// `COMMERCETOOLS_PROJECT`
    project: Option<String>,
    /// `COMMERCETOOLS_CLIENT_ID`
    client_id: Option<String>,
    /// `COMMERCETOOLS_CLIENT_SECRET`
    client_secret: Option<SecretText>,
    /// `COMMERCETOOLS_SCOPES`; empty for those of the client.
    scopes: Vec<String>,
    /// `COMMERCETOOLS_PROXY`; `None` connects directly.
    proxy: Option<Url>,
    /// `COMMERCETOOLS_CA_FILE`
    ca_file: CaFile,
    /// Whether `CORE_API_URL` is set, which is for other providers.
    has_core_api_url: bool,
}

impl Commercetools {
    fn read(read: &mut Reader<'_>) -> Self {
        let config = Self {
            auth_url: service(read, "COMMERCETOOLS_AUTH_URL", "auth"),
            api_url: service(read, "COMMERCETOOLS_API_URL", "api"),
            project: read.optional("COMMERCETOOLS_PROJECT"),
            client_id: read.optional("COMMERCETOOLS_CLIENT_ID"),
            client_secret: read.secret("COMMERCETOOLS_CLIENT_SECRET").map(SecretText::from),
            scopes: read
                .text("COMMERCETOOLS_SCOPES", "")
                .split_ascii_whitespace()
                .map(str::to_owned)
                .collect(),
            proxy: read.proxy("COMMERCETOOLS_PROXY"),
            ca_file: CaFile::read(read, "COMMERCETOOLS_CA_FILE"),
            has_core_api_url: read.optional("CORE_API_URL").is_some(),
        };
        config.check(read);
        config
    }

    fn check(&self, read: &mut Reader<'_>) {
        match &self.project {
            None => read.problem(
                "COMMERCETOOLS_PROJECT is missing: it is the key of the project, which is in most paths of the API",
            ),
            Some(project) if !is_key(project) => read.problem(format!(
                "COMMERCETOOLS_PROJECT is `{project}`: a key has only letters, digits, hyphens and underscores"
            )),
            Some(_) => {}
        }
        self.check_client(read);
        self.check_urls(read);
        if self.scopes.iter().any(|scope| scope.contains(',')) {
            read.problem("COMMERCETOOLS_SCOPES has commas: separate scopes by spaces");
        }
        let of_another = self.project.as_deref().and_then(|project| {
            self.scopes.iter().find(|scope| scope.split_once(':').is_some_and(|(_, of)| of != project))
        });
        if let Some(scope) = of_another {
            read.problem(format!("COMMERCETOOLS_SCOPES has `{scope}`: it is not of COMMERCETOOLS_PROJECT"));
        }
        let is_encrypted = self.auth_url.as_ref().is_some_and(|url| url.scheme() == "https");
        self.ca_file.must_be_of_use(read, is_encrypted, "COMMERCETOOLS_AUTH_URL", "https");
        if let Some(Err(error)) = self.ca_file.pem().map(|_| HttpTransport::new(&self.transport_settings())) {
            read.problem(format!(
                "COMMERCETOOLS_CA_FILE contains no usable certificates in PEM format: {error}"
            ));
        }
    }

    /// A file that cannot be read is reported already.
    fn check_client(&self, read: &mut Reader<'_>) {
        let has_file = read.optional("COMMERCETOOLS_CLIENT_SECRET_FILE").is_some();
        let id = self.client_id.is_none().then_some("COMMERCETOOLS_CLIENT_ID");
        let secret = (self.client_secret.is_none() && !has_file).then_some("COMMERCETOOLS_CLIENT_SECRET");
        let missing: Vec<_> = id.into_iter().chain(secret).collect();
        let verb = match missing.len() {
            0 => return,
            1 => "is",
            _ => "are",
        };
        read.problem(format!(
            "{} {verb} missing: create an API client for this application in the Merchant Center",
            missing.join(" and ")
        ));
    }

    /// A path at the end of either would be in every call.
    fn check_urls(&self, read: &mut Reader<'_>) {
        if let Some(url) = self.auth_url.as_ref().filter(|url| url.path() != "/") {
            read.problem(format!(
                "COMMERCETOOLS_AUTH_URL has the path {}: leave it out, the paths of OAuth are added to the host",
                url.path()
            ));
        }
        let segments = self.api_url.as_ref().and_then(Url::path_segments);
        let project = self.project.as_deref();
        if let Some(project) = segments.and_then(|mut path| path.find(|part| Some(*part) == project)) {
            read.problem(format!(
                "COMMERCETOOLS_API_URL has the project {project} in its path: leave it out, COMMERCETOOLS_PROJECT is added to it"
            ));
        }
    }

    fn transport_settings(&self) -> HttpSettings {
        HttpSettings {
            proxy: self.proxy.clone(),
            root_certificates: self.ca_file.pem().map(<[u8]>::to_vec),
            ..HttpSettings::default()
        }
    }
}

impl ProviderConfig for Commercetools {
    fn describe(&self, lines: &mut Lines) {
        let or_none = |value: Option<&str>| value.unwrap_or("(none)").to_owned();
        lines.add("COMMERCETOOLS_AUTH_URL", &or_none(self.auth_url.as_ref().map(Url::as_str)));
        lines.add("COMMERCETOOLS_API_URL", &or_none(self.api_url.as_ref().map(Url::as_str)));
        lines.add("COMMERCETOOLS_PROJECT", &or_none(self.project.as_deref()));
        lines.add("COMMERCETOOLS_CLIENT_ID", &or_none(self.client_id.as_deref()));
        let secret = if self.client_secret.is_some() { "(hidden)" } else { "(none)" };
        lines.add("COMMERCETOOLS_CLIENT_SECRET", &secret);
        lines.add("COMMERCETOOLS_SCOPES", &self.scopes.join(" "));
        lines.add("COMMERCETOOLS_PROXY", &if self.proxy.is_some() { "(hidden)" } else { "(none)" });
        self.ca_file.describe(lines);
    }

    fn build(&self, surroundings: Surroundings) -> Result<Arc<dyn Provider>, AssemblyError> {
        let parts = (&self.auth_url, &self.api_url, &self.project, &self.client_id, &self.client_secret);
        let (Some(auth_url), Some(api_url), Some(project), Some(client_id), Some(secret)) = parts else {
            return Err(AssemblyError::Provider("a variable of commercetools is missing".to_owned()));
        };
        let (auth_url, api_url) = (auth_url.clone(), api_url.clone());
        let settings = CommercetoolsSettings {
            scopes: self.scopes.clone(),
            leeway: surroundings.leeway,
            refresh_token_max_age: surroundings.refresh_token_max_age,
            ..CommercetoolsSettings::of(auth_url, api_url, project, client_id, secret.clone())
        };
        let Surroundings { transport, clock, .. } = surroundings;
        Ok(Arc::new(CommercetoolsProvider::new(settings, transport, clock)))
    }

    /// While the authorization server is away, valid access tokens still reach the API, and the other way round.
    fn way(&self) -> Option<Way> {
        Some(Way {
            url: self.auth_url.clone(),
            url_variable: "COMMERCETOOLS_AUTH_URL",
            proxy_variable: "COMMERCETOOLS_PROXY",
            transport: self.transport_settings(),
        })
    }

    fn has_roles(&self) -> bool {
        false
    }

    fn has_guests(&self) -> bool {
        true
    }

    fn doubts(&self) -> Vec<String> {
        let unused =
            "CORE_API_URL is set and not used: with PROVIDER=commercetools, pages call COMMERCETOOLS_API_URL";
        self.has_core_api_url.then(|| unused.to_owned()).into_iter().collect()
    }

    fn introduction(&self, _: &PublicOrigin) -> Vec<String> {
        let project = self.project.as_deref().unwrap_or_default();
        let url = self.auth_url.as_ref().map(Url::as_str).unwrap_or_default();
        vec![format!("people sign in at the project {project} of {url}")]
    }
}

/// The base URL of one half of the platform.
fn service(read: &mut Reader<'_>, name: &str, host: &str) -> Option<Url> {
    let example = format!("https://{host}.europe-west1.gcp.commercetools.com");
    if read.optional(name).is_none() {
        read.problem(format!("{name} is missing: PROVIDER=commercetools needs it, such as {example}"));
    }
    let url = read.base_url_such_as(name, &example)?;
    // SECURITY: passwords and tokens go there.
    if url.scheme() != "https" && !is_loopback(&url) {
        read.problem(format!(
            "{name} must be https: over plain http anybody on the network path reads passwords. http is accepted on loopback \
             addresses only"
        ));
    }
    Some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_key(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
