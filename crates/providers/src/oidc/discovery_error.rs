use ironleaf_auth::{SignInError, TransportError};
use thiserror::Error;

/// Why the metadata of a provider is not there. The text says what to check.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DiscoveryError {
    /// There is no answer.
    #[error("the metadata of the provider cannot be fetched: {0}")]
    NoAnswer(#[from] TransportError),
    /// The answer has another status than 200.
    #[error("the provider answered {0} where its metadata should be: check OIDC_ISSUER")]
    Status(u16),
    /// The answer is not JSON, or names no issuer.
    #[error("what is at the address of the metadata is not metadata: check OIDC_ISSUER")]
    NotMetadata,
    /// The answer is the metadata of another issuer (OpenID Connect Discovery 1.0, section 4.3).
    #[error("the metadata is of the issuer `{stated}`: set OIDC_ISSUER to exactly this text")]
    OtherIssuer {
        /// The issuer in the metadata.
        stated: String,
    },
    /// An endpoint is missing or not a URL.
    #[error("the metadata has no usable `{0}`: check OIDC_ISSUER")]
    NoEndpoint(&'static str),
    /// An endpoint is not https.
    #[error("`{0}` of the metadata is not https: check OIDC_ISSUER")]
    InsecureEndpoint(&'static str),
}

impl From<DiscoveryError> for SignInError {
    /// What the metadata of a provider says about itself stays wrong until somebody changes a setting. A status or a page
    /// of somebody else may be that of a proxy while the provider is down.
    fn from(error: DiscoveryError) -> Self {
        match error {
            DiscoveryError::OtherIssuer { .. }
            | DiscoveryError::NoEndpoint(_)
            | DiscoveryError::InsecureEndpoint(_) => Self::Misconfigured(error.to_string()),
            DiscoveryError::NoAnswer(_) | DiscoveryError::Status(_) | DiscoveryError::NotMetadata => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}
