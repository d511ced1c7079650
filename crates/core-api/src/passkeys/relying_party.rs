//! The application as authenticators know it (Web Authentication, section 4, Relying Party).

use url::{Host, Url};
use webauthn_rs::{Webauthn, WebauthnBuilder, prelude::WebauthnError};

use crate::config::Config;

/// Why the settings allow no passkeys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelyingPartyError {
    #[error("the origin of the application is not a URL: {0}")]
    Origin(#[from] url::ParseError),
    #[error(
        "the domain of passkeys is neither the host of the application's origin nor a parent domain of it"
    )]
    Domain(#[from] WebauthnError),
    #[error("the domain of passkeys is a whole top-level domain")]
    TopLevel,
}

/// Checks what authenticators sign.
pub(crate) struct RelyingParty(Webauthn);

impl RelyingParty {
    /// `None` for an application without a domain: browsers have no passkeys for IP addresses.
    pub(crate) fn of(config: &Config) -> Result<Option<Self>, RelyingPartyError> {
        let origin = Url::parse(&config.public_origin)?;
        let Some(Host::Domain(host)) = origin.host() else {
            return Ok(None);
        };
        let domain = config.passkey_domain.as_deref().unwrap_or(host);
        // SECURITY: browsers refuse every public suffix. This is the part of it that needs no list.
        if domain != host && !domain.trim_matches('.').contains('.') {
            return Err(RelyingPartyError::TopLevel);
        }
        let builder = WebauthnBuilder::new(domain, &origin)?.rp_name(&config.app_name);
        Ok(Some(Self(builder.build()?)))
    }

    pub(super) fn webauthn(&self) -> &Webauthn {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(origin: &str, domain: Option<&str>) -> Result<Option<RelyingParty>, RelyingPartyError> {
        RelyingParty::of(&Config {
            public_origin: origin.to_owned(),
            passkey_domain: domain.map(str::to_owned),
            ..Config::in_memory()
        })
    }

    #[test]
    fn an_application_with_a_domain_has_passkeys_and_one_with_an_address_has_none() {
        for origin in ["http://localhost:3000", "https://app.example.com", "https://example.com:8443"] {
            assert!(of(origin, None).unwrap().is_some(), "{origin}");
        }
        for origin in ["http://127.0.0.1:3000", "http://[::1]:3000"] {
            assert!(of(origin, None).unwrap().is_none(), "{origin}");
        }
    }

    #[test]
    fn the_domain_is_the_host_or_a_parent_of_it() {
        assert!(of("https://app.example.com", Some("example.com")).unwrap().is_some());
        for domain in ["example.org", "other.example.com", "ample.com", "pp.example.com"] {
            let refused = of("https://app.example.com", Some(domain));
            assert!(matches!(refused, Err(RelyingPartyError::Domain(_))), "{domain}");
        }
        for domain in ["com", "com.", ".com", ""] {
            let refused = of("https://app.example.com", Some(domain));
            assert!(matches!(refused, Err(RelyingPartyError::TopLevel)), "{domain}");
        }
    }
}
