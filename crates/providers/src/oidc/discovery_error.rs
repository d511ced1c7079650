use ironleaf_auth::TransportError;
use thiserror::Error;

/// Why the metadata of a provider is not there. The text says what to check.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DiscoveryError {
    /// There is no answer.
    #[error("the metadata of the provider cannot be fetched: {0}")]
    NoAnswer(#[from] TransportError),
    /// The answer has another status than 200.
    #[error("the provider answered {0} where its metadata should be: check the issuer")]
    Status(u16),
    /// The answer is not JSON, or names no issuer.
    #[error("what is at the address of the metadata is not metadata: check the issuer")]
    NotMetadata,
    /// The answer is the metadata of another issuer (OpenID Connect Discovery 1.0, section 4.3).
    #[error("the metadata is of the issuer `{stated}`: set the issuer to exactly this text")]
    OtherIssuer {
        /// The issuer in the metadata.
        stated: String,
    },
    /// An endpoint is missing or not a URL.
    #[error("the metadata has no usable `{0}`")]
    NoEndpoint(&'static str),
    /// An endpoint is not https.
    #[error("`{0}` of the metadata is not https")]
    InsecureEndpoint(&'static str),
}
