/// Why bytes cannot be read as a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// They end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// They continue after the end.
    #[error("there are bytes left over")]
    Trailing,
    /// They contain a value that is not allowed.
    #[error("{0}")]
    Invalid(&'static str),
    /// Their version is newer than this code, or is not read any more.
    #[error("version {0} of the payload is not known")]
    UnknownVersion(u32),
}
