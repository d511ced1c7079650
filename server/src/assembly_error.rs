use ironleaf_auth::TransportError;
use ironleaf_session::KeyRingError;
use thiserror::Error;

/// Why the application could not be built.
#[derive(Debug, Error)]
pub enum AssemblyError {
    /// The data folder cannot be used.
    #[error("DATA_DIR cannot be used: {0}")]
    DataDir(std::io::Error),
    /// The session secrets cannot be used.
    #[error("the session secrets cannot be used: {0}")]
    Secrets(#[from] KeyRingError),
    /// The store cannot be used.
    #[error("{variable} cannot be used: {detail}")]
    Store {
        /// The variable to change.
        variable: &'static str,
        /// The reason.
        detail: String,
    },
    /// No HTTP client can be made.
    #[error("the core API cannot be reached from here: {0}")]
    Transport(#[from] TransportError),
    /// The provider cannot be made from its settings.
    #[error("the provider cannot be used: {0}")]
    Provider(String),
    /// The core API's address is not usable.
    #[error("the core API has no usable address: {0}")]
    CoreApiUrl(#[from] url::ParseError),
}
